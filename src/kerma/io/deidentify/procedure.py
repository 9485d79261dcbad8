"""De-identification of a set of files, step by step."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.errors import DicomError, InputError
from kerma.io.deidentify.cleaner import Cleaner, Tally
from kerma.io.deidentify.mapping import check_mapping, write_mapping
from kerma.io.deidentify.marking import BASIC_CODE, mark
from kerma.io.deidentify.profile import (
    Action,
    Option,
    Profile,
    choose_options,
    table_edition,
)
from kerma.io.deidentify.pseudonyms import Pseudonyms, is_registered, read_key
from kerma.io.deidentify.report import (
    DeidentificationReport,
    ElementCount,
    Refusal,
    WrittenFile,
)
from kerma.io.deidentify.screening import cautions
from kerma.io.deidentify.survey import NumberedFile, Survey, survey
from kerma.io.deidentify.verification import remains
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.gateway import guarded, parse
from kerma.io.dicom.item import Item
from kerma.io.dicom.source import base_name, open_sources
from kerma.io.files import make_folder, write_file

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["deidentify"]


@dataclass(frozen=True)
class _Ledger:
    """What was done to the files so far."""

    written: list[WrittenFile] = field(default_factory=list)
    refusals: dict[int, str] = field(default_factory=dict)
    actions: Counter[tuple[str, Action]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    uids: dict[str, str] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)


def deidentify(
    source: Path | str | Sequence[Path | str],
    out: Path,
    *,
    key: bytes | Path,
    options: Iterable[str | Option] = (),
    mapping: Path | None = None,
    allow_burned_in: bool = False,
    progress: Callable[[float], None] | None = None,
) -> DeidentificationReport:
    """De-identify DICOM files by the basic profile of PS3.15, annex E.

    References between the files keep working, as each UID is replaced by the same new
    one everywhere. Pixels are not touched. One bad file does not stop the others.

    Parameters
    ----------
    source
        A file, a folder, which is searched to its depth, a zip archive, or a list.
    out
        Folder for the new files: patient / modality and series / instance, all by
        their new names. Nothing in it is overwritten.
    key
        Secret of 16 bytes or more, or the file that holds it; a missing file is made.
        The same key gives the same pseudonyms, UIDs and shifts of dates.
    options
        Of the profile, by name or code; see `Option`.
    mapping
        File for the table of old and new identities; secret, and not in `out`.
    allow_burned_in
        Write images, too, whose pixels may hold text or show a face. They are not
        changed.
    progress
        Called with the fraction done.

    Returns
    -------
    DeidentificationReport
        Which files were written, which not and why; nothing that identifies.

    Raises
    ------
    InputError
        The source holds no DICOM, an option does not exist, or the key or the mapping
        cannot be used.
    """
    profile = Profile(choose_options(options))
    secret = key if isinstance(key, bytes) else read_key(key, out)
    pseudonyms = Pseudonyms(secret)
    check_mapping(mapping, out)
    ledger = _Ledger()
    with open_sources(source) as files:
        seen = survey(files, profile, allow_burned_in=allow_burned_in)
        ledger.refusals.update(seen.refusals)
        if seen.skipped == len(files):
            name = base_name(source) if isinstance(source, Path | str) else "The list"
            raise InputError(f"{name}: holds no DICOM files.")
        for done, file in enumerate(seen.accepted):
            if progress is not None:
                progress(done / len(seen.accepted))
            try:
                _deidentify_file(file, seen, out, profile, pseudonyms, ledger)
            except DicomError as error:
                reason = str(error).removeprefix(f"{file.name}: ")
                ledger.refusals[file.number] = reason
        names = [file.name for file in files]
    if mapping is not None:
        new = {file.number: file.path for file in ledger.written}
        rows = [(name, new.get(k, "")) for k, name in enumerate(names, start=1)]
        write_mapping(mapping, rows, ledger.patients, ledger.uids)
    return _report(ledger, profile, seen.skipped)


def _deidentify_file(
    file: NumberedFile,
    seen: Survey,
    out: Path,
    profile: Profile,
    pseudonyms: Pseudonyms,
    ledger: _Ledger,
) -> None:
    """Clean, mark, verify and write one file.

    Raises
    ------
    DicomError
        It cannot be read or written as DICOM, or an identifier was left in it.
    """
    data, tally = parse(file), Tally()
    refuse_damage(Item(data, file.name))
    with guarded(file.name):
        patient = seen.patient(data)
        identifiers = seen.identifiers(data)
        pseudonym = pseudonyms.patient(patient)
        shift = pseudonyms.shift_days(patient)
        notes = cautions(data)
        cleaner = Cleaner(profile, pseudonyms, identifiers, pseudonym, shift)
        cleaner.clean(data, tally)
        mark(data, profile, pseudonym)
        content = _file_bytes(data)
        anew = parse(_Bytes(file.name, content))
        left = remains(anew, content, identifiers, tally.uids, profile)
    if left:
        raise DicomError(
            f"{file.name}: an identifier was left in {', '.join(left)}, so it was not "
            f"written."
        )
    path = _place(data)
    if (out / path).exists():
        raise DicomError(f"{file.name}: {path} is there already; it was left alone.")
    make_folder((out / path).parent)
    write_file(out / path, content)
    ledger.written.append(WrittenFile(file.number, str(path), tuple(tally.found)))
    ledger.actions.update(tally.actions)
    ledger.notes.update(notes)
    ledger.uids.update(tally.uids)
    ledger.patients[patient] = pseudonym


@dataclass(frozen=True)
class _Bytes:
    """A file that is not written yet."""

    name: str
    content: bytes

    def open(self) -> io.BytesIO:
        """The bytes, to read."""
        return io.BytesIO(self.content)


def _file_bytes(data: Dataset) -> bytes:
    """The file in the transfer syntax it had, with a preamble and file meta of its own."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(_transfer_syntax(data))
    data.file_meta = meta
    data.preamble = bytes(128)  # that of the original may hold anything
    content = io.BytesIO()
    dcmwrite(content, data, enforce_file_format=True)
    return content.getvalue()


def _transfer_syntax(data: Dataset) -> str:
    """The declared one; where none or another than it is, the one it is in."""
    from pydicom.uid import (
        ExplicitVRBigEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
    )

    is_implicit, is_little = data.original_encoding
    if is_implicit:
        return str(ImplicitVRLittleEndian)
    declared = data.file_meta.get("TransferSyntaxUID")
    if declared is not None and declared != ImplicitVRLittleEndian:
        if not is_registered(str(declared)):
            raise DicomError(
                "Transfer Syntax UID (0002,0010) is none of the standard, so the file "
                "cannot be read for certain. Export it again."
            )
        return str(declared)
    return str(ExplicitVRLittleEndian if is_little else ExplicitVRBigEndian)


def _place(data: Dataset) -> Path:
    """Patient / modality and series / instance, by their new names."""
    modality = str(data.get("Modality") or "")
    kind = modality if re.fullmatch(r"[A-Z0-9]{2,16}", modality) else "OTHER"
    series = str(data.get("SeriesInstanceUID") or "") or "none"
    return Path(
        str(data.PatientID),
        f"{kind}-{_name(series)}",
        f"{_name(data.SOPInstanceUID)}.dcm",
    )


def _name(uid: str) -> str:
    """A UID as a file name: kept ones may be anything."""
    return re.sub(r"[^0-9A-Za-z.]", "_", str(uid))[:64]


def _report(ledger: _Ledger, profile: Profile, skipped: int) -> DeidentificationReport:
    counts = sorted(ledger.actions.items())
    return DeidentificationReport(
        edition=table_edition(),
        options=(BASIC_CODE, *sorted(option.code for option in profile.options)),
        patients=len(ledger.patients),
        written=tuple(ledger.written),
        refused=tuple(
            Refusal(number, reason)
            for number, reason in sorted(ledger.refusals.items())
        ),
        skipped=skipped,
        elements=tuple(
            ElementCount(element, action, count) for (element, action), count in counts
        ),
        notes=tuple(f"{count} files: {note}" for note, count in ledger.notes.items()),
    )
