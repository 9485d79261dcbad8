"""Edit written DICOM files element by element, to make odd and broken ones on purpose."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerma.core.edit import Action, Edit, EditValue
from kerma.errors import InputError
from kerma.io.dicom.gateway import guarded
from kerma.io.pixel_edits import PIXEL_EDITS

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["apply_edits"]

_STEP = re.compile(r"(\w+)(?:\[(\d+|\*)\])?")


def apply_edits(folder: Path, edits: Iterable[Edit]) -> None:
    """Change the files of a folder, one edit after the other.

    Nothing is checked: the files may be unreadable afterwards, which is what this is
    for. Only use it on files that were made for it.

    Raises
    ------
    InputError
        No file has the name that an edit asks for, or the element is not in it.
    DicomError
        An edit does not fit the file.
    """
    for edit in edits:
        files = sorted(folder.glob(edit.files))
        if not files:
            raise InputError(f"{folder.name}: there is no {edit.files} to edit.")
        if edit.action in _FILE_EDITS:
            _FILE_EDITS[edit.action](files, folder, edit.value)
        else:
            for file in files:
                _edit_file(file, edit)


def _edit_file(file: Path, edit: Edit) -> None:
    from pydicom import config, dcmread

    with guarded(file.name), config.disable_value_validation():
        data = dcmread(file)
        if edit.action is Action.ENCODE:
            _encode(data, str(edit.value))
        elif edit.action in PIXEL_EDITS:
            PIXEL_EDITS[edit.action](data, edit.value)
        else:
            found = list(_targets(data, edit.element))
            if not found:
                raise InputError(f"{file.name}: has no {edit.element} to edit.")
            for item, keyword in found:
                _ELEMENT_EDITS[edit.action](item, keyword, edit)
        data.save_as(file, enforce_file_format=True)


def _targets(data: Dataset, path: str) -> Iterator[tuple[Dataset, str]]:
    """Every item that holds the element, and its keyword."""
    step, _, rest = path.partition(".")
    match = _STEP.fullmatch(step)
    if match is None:
        raise InputError(f"{path!r} is no path of DICOM keywords.")
    keyword, number = match.groups()
    if not rest:
        yield data, keyword
        return
    items = list(data.get(keyword) or [])
    for item in items if number == "*" else items[int(number or 0) :][:1]:
        yield from _targets(item, rest)


def _set(item: Dataset, keyword: str, edit: Edit) -> None:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = tag_for_keyword(keyword)
    if tag is None:
        raise InputError(f"There is no DICOM element {keyword!r}.")
    value: Any = list(edit.value) if isinstance(edit.value, tuple) else edit.value
    item.add_new(tag, edit.vr or dictionary_VR(tag), value)


def _numbers(item: Dataset, keyword: str) -> list[float]:
    value = item[keyword].value
    return [float(v) for v in (value if item[keyword].VM > 1 else [value])]


def _put_numbers(item: Dataset, keyword: str, numbers: Iterable[float]) -> None:
    """Numbers as VR DS takes them; whole ones stay whole for IS and US."""
    whole = item[keyword].VR in ("IS", "US", "SS", "UL", "SL")
    item[keyword].value = [
        int(n) if whole else float(f"{round(n, 6):.10g}") for n in numbers
    ]


def _add(item: Dataset, keyword: str, edit: Edit) -> None:
    numbers = _numbers(item, keyword)
    steps = np.resize(np.atleast_1d(np.array(edit.value, float)), len(numbers))
    _put_numbers(item, keyword, np.add(numbers, steps).tolist())


def _scale(item: Dataset, keyword: str, edit: Edit) -> None:
    if item[keyword].VR == "DS" and item[keyword].VM == 1:  # keeps all its digits
        item[keyword].value = f"{float(item[keyword].value) * _number(edit):.9e}"
        return
    _put_numbers(item, keyword, (n * _number(edit) for n in _numbers(item, keyword)))


def _number(edit: Edit) -> float:
    return float(edit.value)  # type: ignore[arg-type]  # the edits are data of our own


def _append(item: Dataset, keyword: str, edit: Edit) -> None:
    more = np.atleast_1d(np.array(edit.value, float)).tolist()
    _put_numbers(item, keyword, [*_numbers(item, keyword), *more])


def _remove(item: Dataset, keyword: str, _: Edit) -> None:
    del item[keyword]


def _reverse(item: Dataset, keyword: str, _: Edit) -> None:
    item[keyword].value = list(item[keyword].value)[::-1]


def _repeat(item: Dataset, keyword: str, _: Edit) -> None:
    from copy import deepcopy

    sequence = item[keyword].value
    sequence.append(deepcopy(sequence[-1]))


def _denser(item: Dataset, keyword: str, edit: Edit) -> None:
    """Points between those of a closed contour, so that its shape stays."""
    points = np.reshape(_numbers(item, keyword), (-1, 3))
    share = np.arange(int(_number(edit))) / _number(edit)
    steps = np.roll(points, -1, axis=0) - points
    denser = points[:, None] + share[:, None] * steps[:, None]
    item.NumberOfContourPoints = denser.size // 3
    _put_numbers(item, keyword, denser.ravel().tolist())


def _encode(data: Dataset, syntax: str) -> None:
    """Another byte order or VR coding; the pixels are swapped along with it."""
    from pydicom.uid import UID, ExplicitVRBigEndian

    if syntax == ExplicitVRBigEndian and "PixelData" in data:
        words = np.frombuffer(data.PixelData, f"<u{data.BitsAllocated // 8}")
        data.PixelData = words.byteswap().tobytes()
        data["PixelData"].VR = "OW"
    data.file_meta.TransferSyntaxUID = UID(syntax)
    for part in ("_read_implicit", "_read_little"):  # of how it was read no trace
        if hasattr(data, part):
            setattr(data, part, None)


def _delete(files: list[Path], _: Path, __: EditValue) -> None:
    for file in files:
        file.unlink()


def _copy(files: list[Path], folder: Path, value: EditValue) -> None:
    shutil.copy(files[0], folder / str(value))


def _cut(files: list[Path], _: Path, value: EditValue) -> None:
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * float(str(value)))])


def _shuffle(files: list[Path], _: Path, __: EditValue) -> None:
    """Names that run against the order of the files."""
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, reversed(contents), strict=True):
        file.write_bytes(content)


_FILE_EDITS: dict[Action, Callable[[list[Path], Path, EditValue], None]] = {
    Action.DELETE: _delete,
    Action.COPY: _copy,
    Action.CUT: _cut,
    Action.SHUFFLE: _shuffle,
}
_ELEMENT_EDITS: dict[Action, Callable[[Dataset, str, Edit], None]] = {
    Action.SET: _set,
    Action.REMOVE: _remove,
    Action.ADD: _add,
    Action.SCALE: _scale,
    Action.APPEND: _append,
    Action.REVERSE: _reverse,
    Action.REPEAT: _repeat,
    Action.DENSER: _denser,
}
