"""Where CT, dose and structures of an overlay come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kerma.core.dose import Dose
from kerma.core.structures import StructureSet
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io import index, read_ct, read_dose, read_structures, read_volume
from kerma.service.indexed import read_found
from kerma.service.procedures import Progress

__all__ = ["Sources", "read_sources"]

_RESEARCH = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy")


@dataclass(frozen=True)
class Sources:
    """Where the data are.

    Parameters
    ----------
    ct
        Folder, zip archive or file of the CT; or, without a dose, a folder or archive
        that holds everything.
    dose, structures
        Files.
    series_uid
        Which CT series, where there are several.
    """

    ct: Path
    dose: Path | None = None
    structures: Path | None = None
    series_uid: str | None = None


def read_sources(
    sources: Sources, report: Progress
) -> tuple[CT, Dose, StructureSet | None, tuple[str, ...]]:
    """Read CT, dose and structures; and say what was odd.

    Raises
    ------
    InputError
        A source cannot be read, or several sets could be meant.
    """
    notes: list[str] = []
    if sources.dose is None:
        ct, dose, structures = _found_in(sources, report)
    else:
        ct = _read_ct(sources, report)
        dose = _read_dose(sources.dose, ct, notes)
        structures = read_structures(sources.structures) if sources.structures else None
    notes += [*ct.notes, *dose.notes, *(structures.notes if structures else ())]
    return ct, dose, structures, tuple(dict.fromkeys(notes))


def _read_ct(sources: Sources, report: Progress) -> CT:
    if not _is_research(sources.ct):
        return read_ct(
            sources.ct,
            series_uid=sources.series_uid,
            progress=lambda done: report("Reading", done),
        )
    ct = read_volume(sources.ct, kind="ct")
    if not isinstance(ct, CT):
        raise InputError(f"{sources.ct.name}: does not hold a CT.")
    return ct


def _read_dose(file: Path, ct: CT, notes: list[str]) -> Dose:
    if not _is_research(file):
        return read_dose(file)
    frame = ct.grid.frame_of_reference
    dose = read_volume(file, kind="dose", frame_of_reference=frame)
    if not isinstance(dose, Dose):
        raise InputError(f"{file.name}: does not hold a dose.")
    if frame:
        notes.append(
            "The file of the dose names no frame of reference: taken as the CT's."
        )
    return dose


def _is_research(file: Path) -> bool:
    return file.is_file() and file.name.lower().endswith(_RESEARCH)


def _found_in(
    sources: Sources, report: Progress
) -> tuple[CT, Dose, StructureSet | None]:
    """The only set of CT, dose and, if there are, structures in a folder or archive."""
    found = index(sources.ct, progress=lambda done: report("Looking", done))
    name = found.name
    sets = [
        one
        for one in found.plan_sets(incomplete=True)
        if one.images is not None and one.images.kind == "CT" and one.doses
        if sources.series_uid in (None, one.images.series_instance_uid)
    ]
    if len(sets) != 1 or sets[0].images is None:
        count = f"{len(sets)} sets" if sets else "no set"
        raise InputError(
            f"{name}: holds {count} of CT and dose that belong together; give the CT "
            f"and the file of the dose."
        )
    chosen, images = sets[0], sets[0].images
    doses = chosen.doses
    if len(doses) > 1:
        doses = tuple(one for one in doses if one.dose_summation == "PLAN")
    if len(doses) != 1:
        raise InputError(
            f"{name}: the plan has {len(chosen.doses)} doses, and it cannot be told "
            f"which to draw; give the CT and the file of the dose."
        )
    report("Reading", 0.0)
    ct = read_ct(
        sources.ct if found.root is None else found.files(images),
        series_uid=images.series_instance_uid,
        progress=lambda done: report("Reading", done),
    )
    dose = read_found(read_dose, found, sources.ct, doses[0])
    structures = None
    if sources.structures is not None:
        structures = read_structures(sources.structures)
    elif chosen.structures is not None:
        structures = read_found(read_structures, found, sources.ct, chosen.structures)
    return ct, dose, structures
