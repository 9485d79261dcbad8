"""Changes to written files, as data: how a good file is turned into an odd one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

__all__ = ["Action", "Edit", "EditValue"]

EditValue: TypeAlias = str | float | int | bytes | tuple[str | float | int, ...] | None


class Action(StrEnum):
    """What is done to files, to an element, or to their pixels.

    Of the files: `DELETE` them; `COPY` to the name in `value`; `CUT` after that fraction
    of their bytes; `SHUFFLE` their names into reverse order; `ENCODE` in the transfer
    syntax of that UID.

    Of the element: `SET`, with its `vr` if that is not the usual one; `REMOVE`; `ADD` the
    numbers of `value` to its own, again and again; `SCALE` by a number; `APPEND` numbers;
    `REVERSE` the items of a sequence; `REPEAT` its last item; `DENSER`: that many points
    for each point of a contour.

    Of the pixels: `RESCALE` to the slope and intercept in `value`, unsigned where it has
    a third number, so that the CT numbers stay; `PAD` that many columns on either side
    with a second number; `BACKWARD`: frames of a dose from last to first; `ABSOLUTE`:
    frame offsets that hold z; `DROP` frames of these numbers; `TRIM` all
    frames after that fraction.
    """

    DELETE = "delete"
    COPY = "copy"
    CUT = "cut"
    SHUFFLE = "shuffle"
    ENCODE = "encode"
    SET = "set"
    REMOVE = "remove"
    ADD = "add"
    SCALE = "scale"
    APPEND = "append"
    REVERSE = "reverse"
    REPEAT = "repeat"
    DENSER = "denser"
    RESCALE = "rescale"
    PAD = "pad"
    BACKWARD = "backward"
    ABSOLUTE = "absolute"
    DROP = "drop"
    TRIM = "trim"


@dataclass(frozen=True)
class Edit:
    """One change.

    Parameters
    ----------
    files
        Pattern of paths from the folder of the set, as "ct/*.dcm".
    action
        What is done.
    element
        DICOM keyword, led by those of the sequences that it is in:
        "BeamSequence[0].BeamName"; [*] means every item.
    value
        What the action needs.
    vr
        Value representation of an element that is set, if it is not the usual one.
    """

    files: str
    action: Action
    element: str = ""
    value: EditValue = None
    vr: str = ""
