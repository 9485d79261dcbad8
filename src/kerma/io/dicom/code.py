"""Coded concepts in a data set (PS3.3, 8.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.core.code import Code
from kerma.errors import InputError
from kerma.io.dicom.item import Item

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept

__all__ = ["coded_concept", "read_code"]

_LONGEST = 64  # characters of a meaning (VR LO)


def read_code(item: Item, keyword: str) -> Code | None:
    """The concept in a code sequence; ``None`` where it is missing or incomplete."""
    for concept in item.items(keyword):
        value = (
            concept.text("CodeValue")
            or concept.text("LongCodeValue")
            or concept.text("URNCodeValue")
        )
        scheme = concept.text("CodingSchemeDesignator")
        if not scheme and concept.has("URNCodeValue"):
            scheme = "URN"  # such a value names its scheme itself
        if value and scheme:
            return Code(value, scheme, concept.text("CodeMeaning"))
    return None


def coded_concept(code: Code) -> CodedConcept:
    """The concept as highdicom writes it; without a meaning, its value stands for it.

    Raises
    ------
    InputError
        Its meaning is longer than DICOM allows.
    """
    from highdicom.sr import CodedConcept

    if len(code.meaning) > _LONGEST:
        raise InputError(
            f"The meaning of the code {code.value} ({code.scheme}) has "
            f"{len(code.meaning)} characters; DICOM allows {_LONGEST}."
        )
    return CodedConcept(code.value, code.scheme, code.meaning or code.value)
