"""A file that was cut off is not taken for a whole one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from kerma.errors import DicomError
from kerma.io.dicom.damage import refuse_cut
from kerma.io.dicom.source import DiskFile


def nested(*, undefined: bool) -> Dataset:
    """A report of three nodes, one in another, and a word after them."""
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.67"
    data.SOPInstanceUID = "1.2.3"
    node = data
    for _ in range(3):
        child = Dataset()
        child.ValueType = "TEXT"
        child.TextValue = "odd"
        child.is_undefined_length_sequence_item = undefined
        node.ContentSequence = [child]
        node["ContentSequence"].is_undefined_length = undefined
        node = child
    return data


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_wherever_a_file_is_cut_it_is_noticed(
    syntax: str, tmp_path: Path, encode: Callable[..., bytes], *, undefined: bool
) -> None:
    whole = encode(nested(undefined=undefined), syntax)
    file = tmp_path / "object.dcm"
    file.write_bytes(whole)
    refuse_cut(DiskFile(str(file)))
    nodes_begin = whole.index(b"\x40\x00\x30\xa7")  # Content Sequence (0040,A730)
    for end in range(nodes_begin + 1, len(whole)):
        file.write_bytes(whole[:end])
        with pytest.raises(DicomError, match=r"object\.dcm: is cut off or damaged"):
            refuse_cut(DiskFile(str(file)))


@pytest.mark.parametrize(
    "syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_a_file_that_is_laid_out_otherwise_is_let_through(
    syntax: str, tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    file = tmp_path / "object.dcm"
    file.write_bytes(encode(nested(undefined=False), syntax))
    refuse_cut(DiskFile(str(file)))
    file.write_bytes(b"no DICOM")
    refuse_cut(DiskFile(str(file)))
