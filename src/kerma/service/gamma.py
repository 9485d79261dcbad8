"""The comparison of two doses by gamma, from plain values."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from kerma import __version__
from kerma.core.arrays import BoolArray
from kerma.core.dose import Dose
from kerma.core.provenance import InputSeries, Provenance
from kerma.core.volume import Volume
from kerma.dosimetry import GammaCriteria, GammaLimits, GammaResult, gamma
from kerma.errors import InputError
from kerma.io import read_dose, read_record, read_volume

__all__ = ["compare_doses"]

_VOLUMES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy")


def compare_doses(  # noqa: PLR0913  (its arguments are its interface)
    reference: Path,
    evaluated: Path,
    *,
    dose_percent: float = 3.0,
    distance_mm: float = 3.0,
    threshold_percent: float = 10.0,
    local: bool = False,
    norm_gy: float | None = None,
    max_gamma: float = 2.0,
    structures: Path | None = None,
    limits: Path | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    threads: int = 1,
) -> GammaResult:
    """Compare two doses by the gamma index.

    Parameters
    ----------
    reference, evaluated
        RT Dose, NIfTI, NRRD, MetaImage or NumPy file. Where only one of them names a
        frame of reference, the other is taken to lie in it.
    dose_percent, distance_mm, threshold_percent
        Criteria.
    local
        The dose criterion is of the reference dose at each point.
    norm_gy
        Normalization dose in place of the maximum of the reference.
    max_gamma
        How far is searched.
    structures
        RT Structure Set, or a label map on the grid of the reference: pass rates
        within each structure.
    limits
        TOML or JSON file of the limits of the pass rate; AAPM TG-218 without it.
    out
        Folder for the report; nothing is written without it.
    overwrite
        Replace an earlier report.
    threads
        How many to use.

    Raises
    ------
    KermaError
        As the steps do; the message is for the user.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    criteria = GammaCriteria(
        dose_percent,
        distance_mm,
        threshold_percent,
        "local" if local else "global",
        norm_gy,
        max_gamma,
    )
    doses, notes = _in_one_frame(_read(reference), _read(evaluated))
    analysis = gamma(
        *doses,
        criteria,
        structures=_masks(structures, doses[0]) if structures else None,
        limits=read_record(limits, GammaLimits) if limits else None,
        threads=threads,
    )
    result = replace(analysis.result, notes=(*analysis.result.notes, *notes))
    asked = {
        **asdict(criteria),
        "structures": structures.name if structures else "",
        "limits": limits.name if limits else "",
    }
    result = result.with_provenance(
        Provenance(
            kerma_version=__version__,
            procedure="gamma",
            parameters=tuple((key, str(value)) for key, value in asked.items()),
            inputs=tuple(_input(dose) for dose in doses),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        )
    )
    if out is not None:
        from kerma.reports.gamma import report_gamma  # figures are slow to load

        report_gamma(replace(analysis, result=result), *doses, out, overwrite=overwrite)
    return result


def _read(file: Path) -> Volume:
    if file.name.lower().endswith(_VOLUMES):
        return read_volume(file, kind="dose")
    return read_dose(file)


def _in_one_frame(
    reference: Volume, evaluated: Volume
) -> tuple[tuple[Volume, Volume], tuple[str, ...]]:
    """Both doses in the frame of reference that one names; notes on both."""
    doses = [reference, evaluated]
    notes = [
        f"{name} dose: {note}"
        for name, dose in zip(("Reference", "Evaluated"), doses, strict=True)
        for note in (dose.notes if isinstance(dose, Dose) else ())
    ]
    frames = [dose.grid.frame_of_reference for dose in doses]
    if frames.count("") == 1:
        unknown = frames.index("")
        grid = replace(doses[unknown].grid, frame_of_reference=frames[1 - unknown])
        doses[unknown] = replace(doses[unknown], grid=grid)
        notes.append(
            f"The {('reference', 'evaluated')[unknown]} dose names no frame of "
            f"reference: taken as that of the other."
        )
    return (doses[0], doses[1]), tuple(notes)


def _masks(file: Path, reference: Volume) -> dict[str, BoolArray]:
    """Voxels of the reference in each structure of a structure set or a label map."""
    if file.name.lower().endswith(_VOLUMES):
        return _labeled(file, reference)
    return _drawn(file, reference)


def _drawn(file: Path, reference: Volume) -> dict[str, BoolArray]:
    """Voxels of which at least half lies in a structure, by name."""
    from kerma.imaging.masks import mask_of
    from kerma.io import read_structures

    drawn = read_structures(file)
    return {
        f"{one.number} {one.name}" if drawn.names.count(one.name) > 1 else one.name: (
            mask_of(one, reference.grid).full() >= 0.5
        )
        for one in drawn
        if one.closed_contours
    }


def _labeled(file: Path, reference: Volume) -> dict[str, BoolArray]:
    """Voxels of each label of a label map on the grid of the reference."""
    from kerma.core.label_map import LabelMap

    labels = read_volume(
        file,
        kind="labels",
        frame_of_reference=reference.grid.frame_of_reference,
    )
    if not isinstance(labels, LabelMap) or not labels.grid.is_same_as(reference.grid):
        raise InputError(
            f"{file.name}: its voxels are not those of the reference dose; resample it "
            f"to that grid, nearest neighbor."
        )
    if not labels.labels:
        raise InputError(f"{file.name}: names no structure.")
    return {label.name: labels.mask(label.number) for label in labels.labels}


def _input(dose: Volume) -> InputSeries:
    if isinstance(dose, Dose):
        return InputSeries(
            dose.series_instance_uid, (dose.sop_instance_uid,), dose.sha256
        )
    return InputSeries("", (), dose.sha256)
