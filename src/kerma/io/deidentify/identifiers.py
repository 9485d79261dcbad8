"""Who a file is about: the words and numbers by which a person could be found."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerma.io.deidentify.elements import text_of, walk
from kerma.io.deidentify.profile import Option, Profile

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Identifiers", "collect", "folded"]

_NUMBERS = {  # elements that identify, and the option by which they would be kept
    "PatientID": None,
    "OtherPatientIDs": None,
    "PatientAddress": None,
    "PatientTelephoneNumbers": None,
    "AccessionNumber": None,
    "AdmissionID": None,
    "MedicalRecordLocator": None,
    "InsurancePlanIdentification": None,
    "ServiceEpisodeID": None,
    "StudyID": None,
    "RequestedProcedureID": None,
    "FillerOrderNumberImagingServiceRequest": None,
    "PlacerOrderNumberImagingServiceRequest": None,
    "InstitutionName": Option.INSTITUTION,
    "InstitutionAddress": Option.INSTITUTION,
    "DeviceSerialNumber": Option.DEVICE,
}
_SHORTEST = 3
_SURE_WORD = 4  # letters; shorter names are parts of ordinary words too
_SURE_NUMBER = 5
_SURE_DIGITS = 4  # of an identifier; fewer are on every page
_GERMANIC = str.maketrans(
    {letter: f"{base}e" for letter, base in zip("äöüø", "aouo", strict=True)}
    | {"å": "aa", "æ": "ae", "œ": "oe"}
)
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Identifiers:
    """What must not be found in a de-identified file.

    Parameters
    ----------
    words
        Parts of persons' names, folded.
    numbers
        Identifiers and forms of the birth date, folded, letters and digits only.
    short_dates
        The birth date in six digits; meant only where these stand alone.
    """

    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    short_dates: frozenset[str] = frozenset()

    def __or__(self, other: Identifiers) -> Identifiers:
        """Those of both."""
        return Identifiers(
            self.words | other.words,
            self.numbers | other.numbers,
            self.short_dates | other.short_dates,
        )

    def found_in(self, text: str) -> bool:
        """Whether a text holds one of them, whatever its case and diacritics.

        Names of four letters and more, and numbers of five characters and more, are
        found inside other words too; shorter ones only as words of their own, as Ann
        is part of planned.
        """
        return any(self._found_in(form) for form in folded(_HUMP.sub(" ", text))) or (
            any(self._found_in(form) for form in folded(text))
        )

    def _found_in(self, form: str) -> bool:
        words, runs = set(_WORD.findall(form)), set(_RUN.findall(form))
        squeezed = "".join(_RUN.findall(form))
        return (
            not words.isdisjoint(self.words)
            or not runs.isdisjoint(self.numbers | self.short_dates)
            or any(word in form for word in self.words if _is_sure(word))
            or any(
                number in squeezed
                for number in self.numbers
                if len(number) >= _SURE_NUMBER
            )
        )


def _is_sure(word: str) -> bool:
    return len(word) >= (_SURE_WORD if word.isascii() else _SHORTEST - 1)


def folded(text: str) -> tuple[str, ...]:
    """Forms of a text without case and diacritics: ö as o, and as oe."""
    lower = text.casefold()
    return tuple({_plain(lower), _plain(lower.translate(_GERMANIC))})


def _plain(text: str) -> str:
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if not unicodedata.combining(c))


def collect(data: Dataset, profile: Profile) -> Identifiers:
    """Names and numbers of an object, at any depth; of physicians and staff too."""
    words: set[str] = set()
    numbers: set[str] = set()
    short_dates: set[str] = set()
    keys = _tags(profile)
    for holder, tag, vr in walk(data):
        if vr == "PN":
            name = text_of(holder, tag)
            words |= _words(name)
            numbers |= _numbers("\\".join(re.split(r"[\^=\s]", name)), with_digits=True)
        elif tag == _BIRTH_DATE:
            long, short = _forms_of_date(text_of(holder, tag))
            numbers |= long
            short_dates |= short
        elif tag in keys:
            numbers |= _numbers(text_of(holder, tag))
    return Identifiers(frozenset(words), frozenset(numbers), frozenset(short_dates))


_BIRTH_DATE = 0x00100030


def _tags(profile: Profile) -> frozenset[int]:
    from pydicom.datadict import tag_for_keyword

    kept = profile.options
    wanted = [key for key, option in _NUMBERS.items() if option not in kept]
    return frozenset(tag_for_keyword(key) or 0 for key in wanted)


def _words(name: str) -> set[str]:
    words = {word for form in folded(name) for word in _WORD.findall(form)}
    return {word for word in words if len(word) >= _SHORTEST or not word.isascii()}


def _numbers(text: str, *, with_digits: bool = False) -> set[str]:
    """Values without punctuation, and the digits in them alone and in their runs.

    On request only values that have a digit.
    """
    values = [form for value in text.split("\\") for form in folded(value)]
    squeezed = {"".join(_RUN.findall(value)) for value in values}
    digits = {"".join(filter(str.isdecimal, value)) for value in squeezed}
    runs = {run for value in values for run in re.findall(r"\d+", value)}
    if with_digits:
        squeezed = {value for value in squeezed if any(map(str.isdecimal, value))}
    return {number for number in squeezed if len(number) >= _SHORTEST} | {
        number for number in digits | runs if len(number) >= _SURE_DIGITS
    }


def _forms_of_date(date: str) -> tuple[set[str], set[str]]:
    """A date in each order of its parts, with the century and without."""
    digits = "".join(c for c in date if c.isdigit())[:8]
    if len(digits) < 8:
        return set(), set()
    year, month, day = digits[:4], digits[4:6], digits[6:]
    orders = ((year, month, day), (day, month, year), (month, day, year))
    short = {"".join(part[-2:] for part in order) for order in orders}
    return {"".join(order) for order in orders}, short
