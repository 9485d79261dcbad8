"""Dose-volume histograms and constraints, from plain values."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kerma import __version__
from kerma.core.dose import Dose
from kerma.core.provenance import Provenance
from kerma.core.structures import Structure, StructureSet
from kerma.dosimetry.constraints import (
    ConstraintList,
    check_constraints,
    parse_constraints,
)
from kerma.dosimetry.dvh_result import DVHResult, StructureDose
from kerma.dosimetry.histograms import DVH, Outside, dvh
from kerma.dosimetry.sampling import Sampling
from kerma.errors import InputError
from kerma.imaging.masks import Between
from kerma.imaging.slabs import EndCap
from kerma.io import read_dose, read_record, read_structures, read_text

__all__ = ["dose_volume_histograms"]

_END_CAPS: dict[str, EndCap] = {"half": "half", "none": "none"}


def dose_volume_histograms(  # noqa: PLR0913  (its arguments are its interface)
    dose: Path,
    structures: Path,
    *,
    structure: Sequence[str] = (),
    constraints: Path | None = None,
    prescription_gy: float | None = None,
    end_cap: str = "half",
    between: Between = "slab",
    outside: Outside = "exclude",
    spacing_mm: float | None = None,
    out: Path | None = None,
    overwrite: bool = False,
) -> DVHResult:
    """Dose to the structures of a plan, held against constraints.

    Parameters
    ----------
    dose, structures
        RT Dose and RT Structure Set files.
    structure
        Names of the structures; all if none are given. Those of the constraints are
        always among them.
    constraints
        Text file of lines ``Structure: constraint``, or a TOML or JSON file.
    prescription_gy
        Dose to which percentages of dose refer; that of the constraints without it.
    end_cap, between, spacing_mm
        How contours are understood and sampled; see `Sampling`. An end cap is "half",
        "none" or a number of mm.
    outside
        What becomes of the part of a structure outside the dose grid.
    out
        Folder for the report; nothing is written without it.
    overwrite
        Replace an earlier report.

    Raises
    ------
    KermaError
        As the steps do; the message is for the user.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    sampling = Sampling(_end_cap(end_cap), between, spacing_mm=spacing_mm)
    wanted = _constraints(constraints)
    planned, drawn = read_dose(dose), read_structures(structures)
    chosen = _chosen(drawn, structure, wanted)
    histograms, rows = _computed(planned, chosen, sampling, outside, strict=structure)
    prescription = prescription_gy or (wanted.prescription_gy if wanted else None)
    checks = check_constraints(
        wanted.constraints if wanted else (),
        histograms,
        prescription_gy=prescription,
        without={row.name: row.notes[0] for row in rows if row.volume_cc is None},
    )
    result = DVHResult(
        structures=rows,
        constraints=checks,
        prescription_gy=prescription,
        end_cap=sampling.end_cap,
        between=sampling.between,
        notes=(*planned.notes, *drawn.notes),
        provenance=Provenance(
            kerma_version=__version__,
            procedure="dvh",
            parameters=(
                ("end_cap", end_cap),
                ("between", between),
                ("outside", outside),
                ("spacing_mm", str(spacing_mm)),
                ("constraints", constraints.name if constraints else ""),
                ("dose_uid", planned.sop_instance_uid),
                ("structure_set_uid", drawn.sop_instance_uid),
            ),
            inputs=(),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        ),
    )
    if out is not None:
        if not histograms:
            raise InputError("No structure has a histogram, so there is no report.")
        from kerma.reports.dvh import report_dvhs  # figures are slow to load

        colors = {s.number: s.color for s in drawn}
        report_dvhs(result, histograms, out, colors=colors, overwrite=overwrite)
    return result


def _end_cap(text: str) -> EndCap:
    if text in _END_CAPS:
        return _END_CAPS[text]
    try:
        return float(text)
    except ValueError:
        raise InputError(
            f"An end cap is 'half', 'none' or a number of mm; got {text!r}."
        ) from None


def _constraints(file: Path | None) -> ConstraintList | None:
    """The constraints of a file; its errors name it."""
    if file is None:
        return None
    if file.suffix.lower() in (".toml", ".json"):
        return read_record(file, ConstraintList)
    try:
        return parse_constraints(read_text(file))
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith(str(file)) else f"{file}: {text}"
        ) from error


def _chosen(
    drawn: StructureSet, names: Sequence[str], wanted: ConstraintList | None
) -> tuple[Structure, ...]:
    """The structures asked for, in the order of the set."""
    if not names:
        return tuple(drawn)
    numbers = {drawn[name].number for name in names}
    needed = {c.structure.casefold() for c in wanted.constraints} if wanted else set()
    return tuple(s for s in drawn if s.number in numbers or s.name.casefold() in needed)


def _computed(
    dose: Dose,
    structures: Sequence[Structure],
    sampling: Sampling,
    outside: Outside,
    *,
    strict: Sequence[str],
) -> tuple[tuple[DVH, ...], tuple[StructureDose, ...]]:
    """Histograms, and a row for each structure; one asked for by name must have one."""
    histograms, rows = [], []
    for structure in structures:
        try:
            histogram = dvh(dose, structure, sampling, outside=outside)
        except InputError as error:
            if structure.name in strict:
                raise
            rows.append(StructureDose.without(structure, str(error)))
        else:
            histograms.append(histogram)
            rows.append(StructureDose.of(histogram))
    return tuple(histograms), tuple(rows)
