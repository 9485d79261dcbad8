"""The profile, applied to one object."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerma.errors import DicomError
from kerma.io.deidentify.elements import (
    TEXTS,
    bytes_of,
    element_label,
    expected_vr,
    items_of,
    text_of,
    vr_of,
)
from kerma.io.deidentify.identifiers import Identifiers
from kerma.io.deidentify.profile import Action, Profile
from kerma.io.deidentify.pseudonyms import Pseudonyms
from kerma.io.deidentify.search import holds
from kerma.io.deidentify.stand_ins import REMOVED, dummy, looks_personal, shifted

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Cleaner", "Tally"]

_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_NAME, _ID, _ROI_NAME = 0x00100010, 0x00100020, 0x30060026
_DECIMALS = re.compile(rb"[0-9+\-.eE \0\\]*")


@dataclass(frozen=True)
class Tally:
    """What was done to one object.

    Parameters
    ----------
    actions
        How often, by element and action.
    found
        Elements that would have been kept, had they not held an identifier.
    uids
        New UID by old one.
    """

    actions: Counter[tuple[str, Action]] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    uids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cleaner:
    """Changes a parsed object as the profile says.

    Parameters
    ----------
    profile
        What is done with which element.
    pseudonyms
        New UIDs.
    identifiers
        What must not be left in what is kept.
    pseudonym
        The patient's new name and ID.
    shift_days
        Added to dates, where they are shifted.
    """

    profile: Profile
    pseudonyms: Pseudonyms
    identifiers: Identifiers
    pseudonym: str
    shift_days: int

    def clean(self, data: Dataset, tally: Tally) -> None:
        """Clean a data set, and those in its sequences, in place.

        Raises
        ------
        DicomError
            A number holds text, so that neither keeping nor removing it is safe.
        """
        for tag in list(data.keys()):
            vr = vr_of(data, tag)
            action = self._put_pseudonym(data, tag) or self._act(data, tag, vr, tally)
            if action is not Action.KEEP:
                tally.actions[element_label(tag), action] += 1

    def _put_pseudonym(self, data: Dataset, tag: int) -> Action | None:
        if tag not in (_NAME, _ID):
            return None
        _put(data, tag, self.pseudonym)
        return Action.DUMMY

    def _act(self, data: Dataset, tag: int, vr: str, tally: Tally) -> Action:
        """Do what the profile says; what was done in the end."""
        action = self.profile.action(tag, vr)
        if action is Action.CLEAN:
            dirty = looks_personal(text_of(data, tag)) or holds(
                data, tag, self.identifiers
            )
            action = self.profile.basic(tag) if dirty else Action.KEEP
        if action is Action.REMOVE:
            del data[tag]
        elif action is Action.EMPTY:
            self._empty(data, tag)
        elif action is Action.DUMMY:
            self._replace(data, tag, vr, tally)
        elif action is Action.SHIFT:
            _put(data, tag, shifted(text_of(data, tag), vr, self.shift_days))
        elif vr == "SQ":
            for item in items_of(data, tag):
                for pixels in _PIXELS:
                    item.pop(pixels, None)  # only icons have pixels, and they go
                self.clean(item, tally)
            action = Action.KEEP  # what was done inside is counted there
        elif action is Action.UID:
            action = self._map_uids(data, tag, tally)
        else:
            action = self._examine(data, tag, vr, tally)
        return action

    def _empty(self, data: Dataset, tag: int) -> None:
        if tag == _ROI_NAME:
            # Empty names could not be told apart; the standard allows a dummy here.
            _put(data, tag, self._roi_name(data))
        else:
            _put(data, tag, [] if expected_vr(tag) == "SQ" else None)

    def _roi_name(self, data: Dataset) -> str:
        name = f"ROI-{data.get('ROINumber', '')}"
        return self._text() if self.identifiers.found_in(name) else name

    def _replace(self, data: Dataset, tag: int, vr: str, tally: Tally) -> None:
        """Put a dummy where there is a value; in sequences, in each item."""
        if vr == "SQ":
            for item in items_of(data, tag):
                self._scrub(item, tally)
        elif expected_vr(tag) == "UI":
            self._map_uids(data, tag, tally)
        elif data.get_item(tag).value:  # a value of length zero says nothing already
            new = expected_vr(tag)
            size = len(bytes_of(data, tag))
            _put(data, tag, dummy(new, size + size % 2, self._text()))

    def _scrub(self, data: Dataset, tally: Tally) -> None:
        """Leave of an item its structure, numbers and coded terms."""
        for tag in list(data.keys()):
            vr = vr_of(data, tag)
            if self.profile.action(tag, vr) is Action.REMOVE:
                del data[tag]
            elif vr == "UI":
                self._map_uids(data, tag, tally)
            elif vr == "SQ" or (vr in TEXTS and vr != "CS"):
                self._replace(data, tag, vr, tally)
            else:
                self._examine(data, tag, vr, tally)

    def _text(self) -> str:
        return "X" if self.identifiers.found_in(REMOVED) else REMOVED

    def _map_uids(self, data: Dataset, tag: int, tally: Tally) -> Action:
        old = [part.strip(" \0") for part in text_of(data, tag).split("\\")]
        new = [self.pseudonyms.uid(uid) if uid else "" for uid in old]
        if new == old:
            return Action.KEEP
        tally.uids.update((o, n) for o, n in zip(old, new, strict=True) if o != n)
        _put(data, tag, new)
        return Action.UID

    def _examine(self, data: Dataset, tag: int, vr: str, tally: Tally) -> Action:
        """Keep an element if nothing identifying is in it."""
        if tag in _PIXELS:
            return Action.KEEP
        if vr in ("DS", "IS"):
            # Not decoded: contours are large, and what is not decoded stays as it is.
            if not _DECIMALS.fullmatch(bytes_of(data, tag)):
                raise DicomError(
                    f"{element_label(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X}) "
                    f"holds text where numbers belong. Correct or remove it first."
                )
            return Action.KEEP
        if not holds(data, tag, self.identifiers):
            return Action.KEEP
        tally.found[element_label(tag)] += 1
        return self._take_out(data, tag, vr)

    def _take_out(self, data: Dataset, tag: int, vr: str) -> Action:
        if tag == _ROI_NAME:
            _put(data, tag, self._roi_name(data))
            return Action.DUMMY
        if vr not in TEXTS or expected_vr(tag) != vr:
            del data[tag]
            return Action.REMOVE
        if vr == "CS":
            _put(data, tag, None)
            return Action.EMPTY
        _put(data, tag, dummy(vr, 0, self._text()))
        return Action.DUMMY


def _put(data: Dataset, tag: int, value: Any) -> None:
    from pydicom import DataElement

    data[tag] = DataElement(tag, expected_vr(tag), value)
