"""A first look at all files: which patient each is about, and what would name them.

One file may name what another only alludes to, as a structure called after the
physician who is named in the plan alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from kerma.errors import DicomError
from kerma.io.deidentify.elements import text_of
from kerma.io.deidentify.identifiers import Identifiers, collect
from kerma.io.deidentify.profile import Profile
from kerma.io.deidentify.screening import document_refusal, pixel_refusal
from kerma.io.dicom.damage import refuse_cut
from kerma.io.dicom.file import read_header
from kerma.io.dicom.gateway import guarded, parse
from kerma.io.dicom.source import Source

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["NumberedFile", "Survey", "survey"]


@dataclass(frozen=True)
class NumberedFile:
    """A file known by its number, as its name may be that of a patient."""

    source: Source
    number: int

    @property
    def name(self) -> str:
        """What stands in messages."""
        return f"File {self.number}"

    def open(self) -> IO[bytes]:
        """Open the file."""
        return self.source.open()


@dataclass(frozen=True)
class Survey:
    """What was seen.

    Parameters
    ----------
    accepted
        Files to process.
    refusals
        Why others are not, by number.
    skipped
        How many are no DICOM.
    """

    accepted: tuple[NumberedFile, ...]
    refusals: Mapping[int, str]
    skipped: int
    _patients: Mapping[str, str] = field(repr=False)
    _identifiers: Mapping[str, Identifiers] = field(repr=False)

    def patient(self, data: Dataset) -> str:
        """The identity on which the pseudonym of an object rests: its Patient ID.

        Without one, the ID that others of the study have; else name and birth date;
        else the study.
        """
        own, study = _identity(data)
        return own or self._patients.get(study, study)

    def identifiers(self, data: Dataset) -> Identifiers:
        """What must not be left in an object: of its patient, in all files."""
        return self._identifiers[self.patient(data)]


def survey(
    files: Sequence[Source], profile: Profile, *, allow_burned_in: bool
) -> Survey:
    """Look at every file once.

    Parameters
    ----------
    files
        In the order of their numbers.
    profile
        What is kept identifies nobody further.
    allow_burned_in
        Accept images whose pixels may hold text or show a face.
    """
    refusals: dict[int, str] = {}
    accepted, seen = [], []
    skipped = 0
    for number, source in enumerate(files, start=1):
        file = NumberedFile(source, number)
        try:
            data = _header(file)
            if data is None:
                skipped += 1
                continue
            with guarded(file.name):
                reason = _refusal(data, allow_burned_in=allow_burned_in)
                seen.append((*_identity(data), collect(data, profile)))
        except DicomError as error:
            refusals[number] = str(error).removeprefix(f"{file.name}: ")
            continue
        if reason:
            refusals[number] = f"is {reason}."
        else:
            accepted.append(file)
    return Survey(tuple(accepted), refusals, skipped, *_pooled(seen))


def _header(file: NumberedFile) -> Dataset | None:
    if read_header(file) is None:
        return None
    refuse_cut(file)  # written anew, what is left of a cut file would look whole
    return parse(file, pixels=False)


def _refusal(data: Dataset, *, allow_burned_in: bool) -> str:
    return document_refusal(data) or ("" if allow_burned_in else pixel_refusal(data))


def _pooled(
    seen: Sequence[tuple[str, str, Identifiers]],
) -> tuple[dict[str, str], dict[str, Identifiers]]:
    """Patient of each study, and identifiers of each patient."""
    patients = {study: own for own, study, _ in seen if own and study}
    pool: dict[str, Identifiers] = {}
    for own, study, identifiers in seen:
        patient = own or patients.get(study, study)
        pool[patient] = pool.get(patient, Identifiers()) | identifiers
    return patients, pool


def _identity(data: Dataset) -> tuple[str, str]:
    """Patient ID, else name and birth date, empty without; and the study."""
    tags = {"id": 0x00100020, "name": 0x00100010, "birth": 0x00100030}
    texts = {
        key: text_of(data, tag).strip(" \0") if tag in data else ""
        for key, tag in tags.items()
    }
    named = f"{texts['name']}|{texts['birth']}" if texts["name"] else ""
    study = 0x0020000D
    uid = text_of(data, study).strip(" \0") if study in data else ""
    return texts["id"] or named, f"study {uid}"
