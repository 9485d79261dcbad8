"""Headers of text, as NRRD and MetaImage have: fields, numbers, names of labels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kerma.core.label_map import Label
from kerma.errors import InputError
from kerma.io.dicom.header import plain

__all__ = ["LARGEST_HEADER", "Fields", "label_fields", "read_labels"]

LARGEST_HEADER = 16 * 2**20  # bytes; room for 65535 labels
_SEGMENT = re.compile(r"Segment([0-9]{1,5})_(Name|LabelValue|Color)")


@dataclass(frozen=True)
class Fields:
    """The fields of a text header.

    Parameters
    ----------
    texts
        What stands behind each field.
    """

    texts: Mapping[str, str]

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def text(self, *keys: str, otherwise: str = "") -> str:
        """Text of the first of several fields of one meaning."""
        return next((self.texts[key] for key in keys if key in self.texts), otherwise)

    def numbers(self, *keys: str, amount: int) -> tuple[float, ...]:
        """So many finite numbers; keys as for `text`.

        Raises
        ------
        InputError
            There are more or fewer, or other words.
        """
        text = self.text(*keys)
        try:
            found = tuple(float(word) for word in text.split())
        except ValueError:
            found = ()
        if len(found) != amount or not all(map(math.isfinite, found)):
            raise InputError(
                f"its field {keys[0]!r} needs {amount} numbers; got {plain(text)!r}."
            )
        return found

    def lengths(self, key: str, *, amount: int) -> list[int]:
        """Numbers of voxels, so many.

        Raises
        ------
        InputError
            There are more or fewer, or they are not whole.
        """
        found = self.numbers(key, amount=amount)
        if not all(number.is_integer() for number in found):
            raise InputError(f"its field {key!r} needs whole numbers; got {found}.")
        return [int(number) for number in found]

    def whole(self, *keys: str, otherwise: int) -> int:
        """A whole number; keys as for `text`.

        Raises
        ------
        InputError
            It is none.
        """
        text = self.text(*keys, otherwise=str(otherwise))
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise InputError(
                f"its field {keys[0]!r} needs a whole number; got {plain(text)!r}."
            )
        return int(text)

    def is_true(self, *keys: str) -> bool:
        """Whether a field says True, T or 1; keys as for `text`."""
        return self.text(*keys).lower() in ("true", "t", "1")


def label_fields(labels: Sequence[Label]) -> dict[str, str]:
    """Fields that name the labels, as 3D Slicer writes those of its segments."""
    fields = {}
    for n, label in enumerate(labels):
        fields[f"Segment{n}_ID"] = f"Segment_{label.number}"
        fields[f"Segment{n}_Name"] = label.name
        fields[f"Segment{n}_LabelValue"] = str(label.number)
        fields[f"Segment{n}_Layer"] = "0"
        if label.color is not None:
            color = " ".join(repr(part / 255) for part in label.color)
            fields[f"Segment{n}_Color"] = color
    return fields


def read_labels(fields: Fields) -> tuple[Label, ...]:
    """Labels that the fields name, as `label_fields` and 3D Slicer write them.

    Raises
    ------
    InputError
        A segment has no number, a number out of range, or two have the same.
    """
    found = [_SEGMENT.fullmatch(key) for key in fields.texts]
    numbers = sorted({int(match[1]) for match in found if match})
    return tuple(_label(fields, f"Segment{n}_") for n in numbers)


def _label(fields: Fields, prefix: str) -> Label:
    if f"{prefix}LabelValue" not in fields:
        raise InputError(
            f"its field '{prefix}LabelValue' is missing, so the voxels of that segment "
            f"are not known; store it again with a recent 3D Slicer."
        )
    number = fields.whole(f"{prefix}LabelValue", otherwise=0)
    name = plain(fields.text(f"{prefix}Name"))
    return Label(number, name, _color(fields, f"{prefix}Color"))


def _color(fields: Fields, key: str) -> tuple[int, int, int] | None:
    """Color 0 to 255 from fractions; ``None`` where there is none that makes sense."""
    if key not in fields:
        return None
    fractions = fields.numbers(key, amount=3)
    if not all(0 <= fraction <= 1 for fraction in fractions):
        return None
    red, green, blue = (round(255 * fraction) for fraction in fractions)
    return red, green, blue
