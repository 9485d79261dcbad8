"""Whether a CT is fit to plan on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerma.core.volume import CT
from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.result import Finding
from kerma.workflows.plan_check.wording import error, listed, note, warning

__all__ = ["check_ct"]

_WHOLE = 0.05  # of the usual distance: nearer to a multiple, slices are missing


def check_ct(ct: CT, limits: Limits) -> Iterator[Finding]:
    """Slices missing or uneven, tilt, spacing; and what was odd on reading."""
    yield from _slices(ct)
    yield from _tilt(ct)
    spacing = ct.grid.spacing[0]
    sentence = f"The CT slices are {spacing:.4g} mm apart."
    if ct.grid.shape[0] == 1:
        yield warning(
            "single slice",
            "The CT has a single slice.",
            "Export the whole series; nothing can be said of volumes.",
        )
    elif spacing > limits.slice_mm:
        yield warning(
            "coarse CT", sentence, "Small structures and margins are not resolved."
        )
    elif spacing > limits.fine_mm:
        yield note("coarse CT", sentence)
    for sentence in ct.notes:
        if not sentence.startswith("The slices are unevenly spaced"):
            yield note("CT as read", sentence)


def _slices(ct: CT) -> Iterator[Finding]:
    if ct.grid.is_even:
        return
    places = _heights(ct)
    gaps = np.diff(places)
    usual = float(np.median(gaps))
    odd = np.flatnonzero(np.abs(gaps - usual) > max(0.01, 0.01 * usual))
    count = gaps / usual
    whole = (np.rint(count) >= 2) & (np.abs(count - np.rint(count)) <= _WHOLE)
    missing = [k for k in odd if whole[k]]
    uneven = [k for k in odd if not whole[k]]
    if missing:
        number = int(sum(np.rint(count[k]) - 1 for k in missing))
        where = listed(f"{places[k]:.4g} and {places[k + 1]:.4g} mm" for k in missing)
        yield error(
            "missing slices",
            f"{number} CT slice(s) are missing: between {where} along the stack (usual "
            f"distance {usual:.4g} mm).",
            "Export the series again. Who takes the distance as even misplaces every "
            "slice beyond the gap.",
        )
    if uneven:
        where = listed(f"{gaps[k]:.4g} mm at {places[k]:.4g} mm" for k in uneven)
        yield warning(
            "uneven slices",
            f"The CT slices are unevenly spaced: usually {usual:.4g} mm, but {where}.",
            "Use only what takes each slice at its own position.",
        )


def _heights(ct: CT) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(nk,) place of each slice along the normal, mm; z for an axial scan."""
    index = np.zeros((ct.grid.shape[0], 3))
    index[:, 0] = np.arange(ct.grid.shape[0])
    heights: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        ct.grid.to_patient(index) @ ct.grid.normal
    )
    return heights


def _tilt(ct: CT) -> Iterator[Finding]:
    if ct.grid.is_sheared:
        along = float(np.clip(np.dot(ct.grid.axes[0], ct.grid.normal), -1, 1))
        yield warning(
            "tilted gantry",
            f"The CT was made with a gantry tilted by {np.degrees(np.arccos(along)):.1f} "
            f"degrees: its slices are stacked obliquely.",
            "Scan again without tilt, or resample; many programs ignore it and misplace "
            "the slices.",
        )
