"""From a file to what an index keeps of it; the pixel data stay unread."""

from __future__ import annotations

import io
from dataclasses import dataclass

from kerma.errors import DicomError
from kerma.io.dicom.file import data_set_start, is_deflated
from kerma.io.dicom.gateway import guarded, parse
from kerma.io.dicom.header import (
    UNDEFINED,
    OddHeaderError,
    ShortHeaderError,
    Tag,
    element_at,
    is_explicit,
)
from kerma.io.dicom.source import READ_ERRORS, DeflatedSource, Source, unreadable
from kerma.io.indexing.content import WANTED, instance_of
from kerma.io.indexing.listing import Entry
from kerma.io.indexing.records import Instance, Problem
from kerma.io.indexing.tree import CrowdedError, Node, read_tree

__all__ = ["Look", "look_at"]

_FIRST_READ = 8 * 2**10  # bytes; most headers fit
_LARGEST_HEADER = 64 * 2**20  # a deformation grid may be larger; it is left unread
_NEED_PIXELS = ("CT", "MR", "PT", "RTIMAGE", "SEG")
_DIRECTORY = "DICOMDIR"  # a list of other files, nothing of its own


@dataclass(frozen=True)
class Look:
    """What one look at a file found.

    Parameters
    ----------
    instance
        ``None`` where it is no DICOM object that can be told apart.
    problem
        What is wrong with the file.
    is_lasting
        Whether the next look at the same bytes would find the same.
    """

    instance: Instance | None = None
    problem: Problem | None = None
    is_lasting: bool = True


@dataclass(frozen=True, eq=False)
class _Content:
    """What was read of a file.

    Parameters
    ----------
    node
        What is wanted of its elements.
    head
        The data set before the pixel data.
    wrong
        What is wrong with its end; empty where all is there.
    has_pixels
        Whether there are pixel data.
    """

    node: Node
    head: bytes
    wrong: str = ""
    has_pixels: bool = True


def look_at(entry: Entry) -> Look:
    """Read the header of one file; whatever is wrong with it becomes a problem."""
    try:
        content = _read(entry.source, entry.size)
    except READ_ERRORS as error:
        return _problem(entry, "unreadable", str(unreadable(entry.source, error)))
    except CrowdedError:
        sentence = f"{entry.name}: lists more items than a sound file does; left out."
        return _problem(entry, "damaged", sentence)
    except DicomError as error:
        return _problem(entry, "damaged", str(error))
    return _not_dicom(entry) if content is None else _found(entry, content)


def _found(entry: Entry, content: _Content) -> Look:
    """What the content of a DICOM file is, and whether all of it is there."""
    instance = instance_of(entry.path, entry.size, content.node, content.head)
    if instance is None:
        sentence = (
            f"{entry.name}: is DICOM, but its header is damaged: it names neither a "
            f"{Tag.SOP_CLASS_UID} nor a {Tag.MODALITY}. Export it again."
        )
        return _problem(entry, "damaged", sentence)
    if instance.kind == _DIRECTORY:
        return Look()
    wrong = content.wrong
    if not wrong and not content.has_pixels and instance.kind in _NEED_PIXELS:
        wrong = f"has no {Tag.PIXEL_DATA}"
    if not wrong:
        return Look(instance)
    sentence = f"{entry.name}: {wrong}. Export it again."
    return Look(instance, Problem("error", "truncated", sentence, (entry.path,)))


def _problem(entry: Entry, code: str, sentence: str) -> Look:
    problem = Problem("error", code, sentence, (entry.path,))
    return Look(problem=problem, is_lasting=code != "unreadable")


def _not_dicom(entry: Entry) -> Look:
    """Of files that are no DICOM only those count that look as if they were."""
    name = entry.name.lower()
    if name.startswith("."):
        return Look()
    if name.endswith((".dcm", ".dicom", ".ima")):
        sentence = f"{entry.name}: has the name of a DICOM file but is none."
        problem = Problem("warning", "not DICOM", sentence, (entry.path,))
        return Look(problem=problem)
    if name.endswith(".zip"):
        sentence = f"{entry.name}: archives in a folder are not opened; unpack it."
        problem = Problem("note", "archive", sentence, (entry.path,))
        return Look(problem=problem)
    return Look()


def _read(source: Source, file_size: int) -> _Content | None:
    """Read as much of a file as its header takes; ``None`` if it is no DICOM."""
    size = _FIRST_READ
    while True:
        with source.open() as stream:
            data = stream.read(size)
        meta: dict[int, bytes] = {}
        node = Node(meta)
        try:
            start = data_set_start(source, data, meta)
            if start is None:
                return None
            if is_deflated(meta):
                inflated = DeflatedSource(source, start)
                with inflated.open() as stream:
                    return _read(inflated, len(stream.read()))
            return _walked(data, start, node, file_size)
        except OddHeaderError:
            return _by_pydicom(source)
        except ShortHeaderError:
            if len(data) < size:  # the file ends here: keep what there is
                return _Content(node, data, "ends before its header does")
        if size >= _LARGEST_HEADER:
            return _Content(node, data[:_FIRST_READ])
        size = min(16 * size, _LARGEST_HEADER)


def _walked(data: bytes, start: int, node: Node, file_size: int) -> _Content:
    stop = read_tree(data, start, WANTED, node)
    if stop > len(data) or (stop == len(data) and stop < file_size):
        raise ShortHeaderError
    head = data[start:stop]
    if stop == len(data):
        return _Content(node, head, has_pixels=False)
    _, length, at, _ = element_at(data, stop, explicit=is_explicit(data, stop))
    if length == UNDEFINED or at + length <= file_size:
        return _Content(node, head)
    missing = at + length - file_size
    return _Content(node, head, f"lacks {missing} of {length} bytes of its pixels")


def _by_pydicom(source: Source) -> _Content:
    """What is wanted of a file that only pydicom can take apart, as a big-endian one.

    It is written again as pydicom's own little-endian bytes, and those are walked.

    Raises
    ------
    DicomError
        It is damaged.
    """
    from pydicom import Dataset, dcmwrite

    parsed = parse(source, pixels=False)
    kept, content = Dataset(), io.BytesIO()
    with guarded(source.name):
        for tag in sorted(WANTED):
            if tag in parsed:
                kept.add(parsed[tag])
        dcmwrite(content, kept, implicit_vr=True, little_endian=True)
    data, node = content.getvalue(), Node()
    try:
        read_tree(data, 0, WANTED, node)
    except (OddHeaderError, ShortHeaderError) as error:
        raise DicomError(f"{source.name}: is damaged. Export it again.") from error
    return _Content(node, data)
