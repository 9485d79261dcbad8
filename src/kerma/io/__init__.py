"""Every byte in or out."""

from kerma.io.ct_reader import read_ct
from kerma.io.ct_writer import write_ct
from kerma.io.files import make_folder, write_file
from kerma.io.records import read_record, read_text

__all__ = [
    "make_folder",
    "read_ct",
    "read_record",
    "read_text",
    "write_ct",
    "write_file",
]
