"""What a de-identified object says about itself (PS3.15, E.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.io.deidentify.profile import Action, Option, Profile, table_edition

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["BASIC_CODE", "MARKS", "mark", "marks_text"]

BASIC_CODE = "113100"
_BASIC_MEANING = "Basic Application Confidentiality Profile"
_INFORMATION = {
    Action.KEEP: "UNMODIFIED",
    Action.SHIFT: "MODIFIED",
    Action.EMPTY: "REMOVED",
}
MARKS = frozenset(
    {
        "PatientName",
        "PatientID",
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
    }
)
"""Elements that are written here at the top, and so hold nothing of the original."""


def mark(data: Dataset, profile: Profile, pseudonym: str) -> None:
    """Put the pseudonym, and say that and how the object was de-identified."""
    data.PatientName = pseudonym
    data.PatientID = pseudonym
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = _method()
    codes = [(BASIC_CODE, _BASIC_MEANING)]
    codes += [(o.code, o.meaning) for o in Option if o in profile.options]
    data.DeidentificationMethodCodeSequence = [_code(*code) for code in codes]
    data.LongitudinalTemporalInformationModified = _INFORMATION[profile.times]


def marks_text() -> str:
    """All that is written here, in lower case: words in it are not the original's."""
    meanings = [_BASIC_MEANING, *(option.meaning for option in Option)]
    return " ".join(["kerma", *_method(), *meanings, *_INFORMATION.values()]).casefold()


def _method() -> list[str]:
    from kerma import __version__

    return [f"Kerma {__version__}", f"DICOM PS3.15 {table_edition()}, table E.1-1"]


def _code(value: str, meaning: str) -> Dataset:
    from pydicom import Dataset

    code = Dataset()
    code.CodeValue = value
    code.CodingSchemeDesignator = "DCM"
    code.CodeMeaning = meaning
    return code
