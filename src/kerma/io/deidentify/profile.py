"""What is done with which element: the profile of PS3.15, annex E, and its options."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import lru_cache
from importlib import resources

from kerma.errors import InputError

__all__ = [
    "Action",
    "Option",
    "Profile",
    "choose_options",
    "table_edition",
    "without_terms",
]


class Action(StrEnum):
    """What happens to an element."""

    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "replaced by a dummy"
    UID = "given new UIDs"
    SHIFT = "shifted in time"
    CLEAN = "kept if clean"
    KEEP = "kept"


class Option(Enum):
    """An option of the profile that is offered: its name, code and meaning (CID 7050)."""

    CLEAN_DESCRIPTORS = ("clean-descriptors", "113105", "Clean Descriptors Option")
    FULL_DATES = (
        "full-dates",
        "113106",
        "Retain Longitudinal Temporal Information Full Dates Option",
    )
    MODIFIED_DATES = (
        "modified-dates",
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    )
    PATIENT_CHARACTERISTICS = (
        "patient-characteristics",
        "113108",
        "Retain Patient Characteristics Option",
    )
    DEVICE = ("device", "113109", "Retain Device Identity Option")
    UIDS = ("uids", "113110", "Retain UIDs Option")
    INSTITUTION = ("institution", "113112", "Retain Institution Identity Option")

    def __init__(self, title: str, code: str, meaning: str) -> None:
        self.title = title
        self.code = code
        self.meaning = meaning


_NOT_OFFERED = {
    "113101": "the pixels are left as they are; text in them is not found",
    "113102": "the pixels are left as they are; a face is not made unrecognizable",
    "113103": "overlays and curves are removed instead",
    "113104": "structured reports are refused instead",
    "113111": "private elements are all removed instead",
}
_COLUMNS = {
    Option.CLEAN_DESCRIPTORS: "descriptors",
    Option.PATIENT_CHARACTERISTICS: "patient",
    Option.DEVICE: "device",
    Option.UIDS: "uids",
    Option.INSTITUTION: "institution",
}
_BASIC = {
    # Where the standard leaves the choice to the type of the attribute in the object,
    # that one is taken which is valid for every type it may have.
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.UID,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "X/Z/U*": Action.UID,
}
_TIMES = ("DA", "DT", "TM")
_SHORT_TEXT = ("AE", "AS", "CS", "LO", "SH")  # short enough to be judged by its words


@dataclass(frozen=True)
class Profile:
    """The basic profile with the chosen options.

    Parameters
    ----------
    options
        See `choose_options`.
    """

    options: frozenset[Option]
    _columns: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        columns = {_COLUMNS[option] for option in self.options if option in _COLUMNS}
        object.__setattr__(self, "_columns", frozenset(columns))

    @property
    def times(self) -> Action:
        """What happens to dates and times that an option may keep."""
        if Option.FULL_DATES in self.options:
            return Action.KEEP
        if Option.MODIFIED_DATES in self.options:
            return Action.SHIFT
        return Action.EMPTY

    def action(self, tag: int, vr: str) -> Action:
        """What happens to an element of this value representation."""
        if not _is_known(tag):
            return Action.REMOVE
        codes = _table().get(tag)
        return self._unlisted(vr) if codes is None else self._listed(codes, vr)

    def basic(self, tag: int) -> Action:
        """What would happen without options; also where something cannot be cleaned."""
        codes = _table().get(tag)
        return Action.EMPTY if codes is None else _BASIC[codes["basic"]]

    def _listed(self, codes: Mapping[str, str], vr: str) -> Action:
        chosen = {codes[column] for column in self._columns & codes.keys()}
        if "dates" in codes and vr in _TIMES and self.times is not Action.EMPTY:
            # Another option may keep this too, but then it would undo the shift.
            return self.times
        if "C" in chosen and vr in _SHORT_TEXT:
            return Action.CLEAN
        return Action.KEEP if chosen == {"K"} else _BASIC[codes["basic"]]

    def _unlisted(self, vr: str) -> Action:
        """What the table does not name is kept, if it says neither who nor when."""
        if vr == "UI":
            return Action.KEEP if Option.UIDS in self.options else Action.UID
        if vr in _TIMES:
            return self.times
        return Action.EMPTY if vr == "PN" else Action.KEEP


def choose_options(names: Iterable[str | Option]) -> frozenset[Option]:
    """Options by name ("device") or code ("113109").

    Raises
    ------
    InputError
        There is no such option, it is not offered, or two contradict each other.
    """
    chosen = frozenset(_option(name) for name in names)
    if {Option.FULL_DATES, Option.MODIFIED_DATES} <= chosen:
        raise InputError("Dates are kept in full or shifted, not both: choose one.")
    return chosen


def _option(name: str | Option) -> Option:
    if isinstance(name, Option):
        return name
    for option in Option:
        if name in (option.title, option.code):
            return option
    if name in _NOT_OFFERED:
        raise InputError(f"Option {name} is not offered: {_NOT_OFFERED[name]}.")
    offered = ", ".join(f"{option.title} ({option.code})" for option in Option)
    raise InputError(f"There is no option {name!r}; there are {offered}.")


def _is_known(tag: int) -> bool:
    """Whether PS3.6 lists an element that belongs in a data set.

    Private elements, group lengths, command and file elements, curves and overlays
    are not among them, nor is what a later edition may add.
    """
    from pydicom.datadict import dictionary_has_tag

    group = tag >> 16
    return group > 0x0007 and dictionary_has_tag(tag)


@lru_cache(maxsize=1)
def _content() -> dict[str, dict[str, dict[str, str]]]:
    file = resources.files("kerma.io") / "data" / "confidentiality.toml"
    content: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
        file.read_text(encoding="utf-8")
    )
    return content


@lru_cache(maxsize=1)
def _table() -> dict[int, dict[str, str]]:
    return {int(tag, 16): codes for tag, codes in _content()["elements"].items()}


@lru_cache(maxsize=1)
def _terms() -> frozenset[str]:
    return frozenset(str(_content()["terms"]["words"]).split())


def table_edition() -> str:
    """Edition of the standard that the table was taken from."""
    return str(_content()["edition"])


def without_terms(text: str) -> str:
    """A coded text without the words of the standard in it."""
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return " ".join(word for word in words if word not in _terms())
