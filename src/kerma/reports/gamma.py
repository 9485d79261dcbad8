"""The report of a gamma analysis."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerma.core.dose import Dose, DoseUnits
from kerma.core.volume import Volume
from kerma.dosimetry.gamma_index import GammaAnalysis
from kerma.io.files import all_or_none, write_file
from kerma.reports.figures_gamma import plot_gamma
from kerma.reports.page import png_of

__all__ = ["report_gamma"]

_PNG_DPI = 200


def report_gamma(
    analysis: GammaAnalysis,
    reference: Volume,
    evaluated: Volume,
    folder: Path,
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write a gamma analysis: JSON, a figure, and the map for other programs.

    The map is ``gamma_map.nii.gz``, with NaN where there is no gamma, or
    ``gamma_map.npy`` where the slices are uneven, which NIfTI cannot say. For a
    reference that names its plan it is ``gamma_map.dcm`` too: an RT Dose with relative units,
    0 where there is no gamma.

    Parameters
    ----------
    analysis, reference, evaluated
        The analysis and the doses it is of.
    folder
        Where the files go; made if it does not exist.
    overwrite
        Replace an earlier report.

    Returns
    -------
    tuple
        The files.

    Raises
    ------
    InputError
        A file is there already, or the folder cannot be written.
    """
    from kerma.io import write_dose, write_volume

    is_even = reference.grid.is_even
    maps = ["gamma_map.nii.gz"] if is_even else ["gamma_map.npy", "gamma_map.json"]
    names = ["gamma.json", "gamma.png", *maps]
    # An RT Dose has to name the plan that it is of.
    is_dicom = isinstance(reference, Dose) and bool(reference.plan_uid)
    if is_dicom:
        names.append("gamma_map.dcm")
    with all_or_none(folder, names, overwrite=overwrite) as temporary:
        write_file(temporary / "gamma.json", analysis.result.to_json().encode("utf-8"))
        figure = plot_gamma(analysis, reference, evaluated)
        write_file(temporary / "gamma.png", png_of(figure, dpi=_PNG_DPI))
        write_volume(analysis.map, temporary / maps[0])
        if is_dicom:
            seed = f"gamma {reference.sha256} {evaluated.sha256} {analysis.result.criteria}"
            write_dose(
                _as_dose(analysis, reference), temporary / names[-1], uid_seed=seed
            )
    return tuple(folder / name for name in names)


def _as_dose(analysis: GammaAnalysis, reference: Volume) -> Dose:
    """Gamma as a relative dose, in the study of the reference."""
    largest = analysis.result.criteria.max_gamma
    gamma = np.nan_to_num(
        np.asarray(analysis.map.array, np.float32), nan=0.0, posinf=largest
    )
    described = f"Gamma {analysis.result.criteria}"
    if not isinstance(reference, Dose):
        return Dose(gamma, reference.grid, units=DoseUnits.RELATIVE, comment=described)
    return Dose(
        gamma,
        reference.grid,
        units=DoseUnits.RELATIVE,
        plan_uid=reference.plan_uid,
        study=reference.study,
        description="Gamma",
        comment=described,
    )
