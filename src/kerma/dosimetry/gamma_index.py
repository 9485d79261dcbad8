"""The gamma index: dose difference and distance to agreement in one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.dose import Dose, DoseUnits
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.dosimetry.gamma_criteria import GammaCriteria, GammaLimits, tg218
from kerma.dosimetry.gamma_result import (
    GammaResult,
    StructureGamma,
    histogram_of,
    statistics,
)
from kerma.dosimetry.gamma_search import check_geometry, gamma_map, prepare
from kerma.errors import InputError, ScopeError
from kerma.kernels.gamma_pieces import PASS_LIMIT

__all__ = ["GammaAnalysis", "gamma", "gamma_of_profiles"]

_AT_THRESHOLD = 1 - 1e-6  # a dose at the threshold is a point, rounding aside


@dataclass(frozen=True, eq=False)
class GammaAnalysis:
    """Result of a gamma analysis, and its map.

    Parameters
    ----------
    result
        The numbers.
    map
        float32 gamma on the grid of the reference; NaN where there is no point, and
        where one is not evaluable. Where it was only asked which points pass, those
        that do have a gamma that is not the lowest, and the others inf.
    """

    result: GammaResult
    map: Volume


@overload
def gamma(
    reference: Volume,
    evaluated: Volume,
    criteria: GammaCriteria = ...,
    *,
    structures: Mapping[str, BoolArray] | None = ...,
    limits: GammaLimits | None = ...,
    pass_fail: bool = ...,
    threads: int = ...,
) -> GammaAnalysis: ...
@overload
def gamma(
    reference: Volume,
    evaluated: Volume,
    criteria: Sequence[GammaCriteria],
    *,
    structures: Mapping[str, BoolArray] | None = ...,
    limits: GammaLimits | None = ...,
    pass_fail: bool = ...,
    threads: int = ...,
) -> tuple[GammaAnalysis, ...]: ...
def gamma(
    reference: Volume,
    evaluated: Volume,
    criteria: GammaCriteria | Sequence[GammaCriteria] = GammaCriteria(),  # noqa: B008  (frozen)
    *,
    structures: Mapping[str, BoolArray] | None = None,
    limits: GammaLimits | None = None,
    pass_fail: bool = False,
    threads: int = 1,
) -> GammaAnalysis | tuple[GammaAnalysis, ...]:
    r"""Compare two doses by the gamma index.

    .. math:: \gamma(r) = \min_{x} \sqrt{\frac{|x - r|^2}{\Delta d^2} +
        \frac{(D_e(x) - D_r(r))^2}{\Delta D^2}}

    The minimum is over every place :math:`x` of the evaluated dose, which is linear
    between its voxels along each axis, and not over samples of it. The value found is
    above the minimum by at most 0.001, and whether it is at most 1 is decided. A gamma
    up to 1.00001 counts as 1, since doses are rounded.

    Parameters
    ----------
    reference
        The dose whose voxels are the points.
    evaluated
        The dose that is searched, on any grid that is not sheared; it is not
        resampled. Along an axis with one voxel nothing is searched: points within half
        its thickness lie on it, others have no evaluated dose there.
    criteria
        One set, or several: each of them gives an analysis.
    structures
        Masks (nk, nj, ni) on the grid of the reference, by name, for rows of their own.
    limits
        Limits of the pass rate; by default those of AAPM TG-218.
    pass_fail
        Only find out which points pass, which is quicker.
    threads
        How many to use; the result does not depend on it.

    Returns
    -------
    GammaAnalysis
        Or a tuple of them, for several criteria.

    Raises
    ------
    GeometryError
        The frames of reference differ, or the evaluated grid is sheared.
    ScopeError
        One dose is relative, the other in Gy.
    InputError
        There is no dose to normalize to, or no point, or a mask has another shape.

    References
    ----------
    D. A. Low, W. B. Harms, S. Mutic, J. A. Purdy, Med Phys 1998;25:656.
    M. Wendling et al., Med Phys 2007;34:1647 (the dose between voxels).
    """
    _check(reference, evaluated, structures or {}, threads)
    several = (criteria,) if isinstance(criteria, GammaCriteria) else tuple(criteria)
    if not several:
        raise InputError("Give at least one set of criteria for gamma.")
    finite = np.isfinite(reference.array)
    norms = [_norm(reference, one, finite) for one in several]
    pointed = [
        _points(reference, one, norm, finite)
        for one, norm in zip(several, norms, strict=True)
    ]
    reach = max((one.max_gamma or np.inf) * one.distance_mm for one in several)
    searched = prepare(
        reference.grid,
        pointed[0] if len(pointed) == 1 else np.logical_or.reduce(pointed),
        evaluated,
        reach_mm=reach,
        distance_mm=max(one.distance_mm for one in several),
        threads=threads,
    )
    analyses = []
    for one, norm, points in zip(several, norms, pointed, strict=True):
        array = gamma_map(
            reference,
            searched,
            one,
            norm_gy=norm,
            points=points,
            pass_fail=pass_fail,
            threads=threads,
        )
        result = _result(
            array[searched.box],
            points[searched.box],
            {name: mask[searched.box] for name, mask in (structures or {}).items()},
            criteria=one,
            norm_gy=norm,
            missing=finite.size - int(np.count_nonzero(finite)),
            limits=limits or tg218(),
            pass_fail=pass_fail,
        )
        analyses.append(GammaAnalysis(result, Volume(array, reference.grid)))
    return analyses[0] if isinstance(criteria, GammaCriteria) else tuple(analyses)


def gamma_of_profiles(
    reference: tuple[FloatArray, FloatArray],
    evaluated: tuple[FloatArray, FloatArray],
    criteria: GammaCriteria = GammaCriteria(),  # noqa: B008  (frozen)
    *,
    limits: GammaLimits | None = None,
) -> GammaAnalysis:
    """Compare two profiles by the gamma index, in one dimension.

    Parameters
    ----------
    reference, evaluated
        Positions (n,) in mm, ascending or descending and at any distances, and dose
        (n,) in Gy.
    criteria, limits
        As for `gamma`.

    Returns
    -------
    GammaAnalysis
        Its map has the shape (n, 1, 1), in the order of the reference.

    Raises
    ------
    InputError
        As for `gamma`, and for positions that neither rise nor fall.
    """
    return gamma(_profile(*reference), _profile(*evaluated), criteria, limits=limits)


def _profile(positions_mm: FloatArray, dose: FloatArray) -> Volume:
    """A profile as a column of voxels."""
    positions = np.asarray(positions_mm, dtype=np.float64)
    dose = np.asarray(dose)
    if positions.ndim != 1 or positions.shape != dose.shape or positions.size == 0:
        raise InputError(
            f"A profile has as many positions as doses; got arrays of shape "
            f"{positions.shape} and {dose.shape}."
        )
    offsets = np.abs(positions - positions[0])
    turns = np.diff(np.sign(np.diff(positions)))
    if not np.isfinite(positions).all() or turns.any() or (np.diff(offsets) <= 0).any():
        raise InputError(
            "The positions of a profile must rise or fall all along it; sort them, and "
            "drop those that are there twice."
        )
    downward = positions.size > 1 and positions[1] < positions[0]
    grid = Grid(
        shape=(positions.size, 1, 1),
        origin=(0.0, 0.0, float(positions[0])),
        spacing=(
            float(np.median(np.diff(offsets))) if positions.size > 1 else 1.0,
            1.0,
            1.0,
        ),
        axes=((0.0, 0.0, -1.0 if downward else 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
        frame_of_reference="",
        offsets=tuple(offsets.tolist()),
    )
    return Volume(dose[:, np.newaxis, np.newaxis].copy(), grid)


def _check(
    reference: Volume,
    evaluated: Volume,
    structures: Mapping[str, BoolArray],
    threads: int,
) -> None:
    check_geometry(reference.grid, evaluated.grid)
    units = [v.units if isinstance(v, Dose) else None for v in (reference, evaluated)]
    if {DoseUnits.GY, DoseUnits.RELATIVE} <= set(units):
        raise ScopeError(
            "One dose is relative and the other in Gy (Dose Units (3004,0002)); scale "
            "the relative one by its prescription first."
        )
    if threads < 1:
        raise InputError(f"At least one thread is needed; got {threads}.")
    for name, mask in structures.items():
        if mask.shape != reference.grid.shape:
            raise InputError(
                f"The mask of {name!r} has the shape {mask.shape}, the reference dose "
                f"{reference.grid.shape}; make it on the grid of the reference."
            )


def _norm(reference: Volume, criteria: GammaCriteria, finite: BoolArray) -> float:
    """The dose that is 100 %."""
    if criteria.norm_gy is not None:
        return criteria.norm_gy
    dose = reference.array if finite.all() else reference.array[finite]
    highest = float(dose.max()) if dose.size else 0.0
    if highest <= 0:
        raise InputError(
            f"The highest reference dose is {highest:g} Gy, which cannot be 100 %. Is "
            f"this the reference? Else give the normalization dose."
        )
    return highest


def _points(
    reference: Volume, criteria: GammaCriteria, norm_gy: float, finite: BoolArray
) -> BoolArray:
    """Which voxels are points: those from the threshold up."""
    dose = reference.array
    threshold = criteria.threshold_percent / 100 * norm_gy
    points: BoolArray = (dose >= threshold * _AT_THRESHOLD) & finite
    if criteria.normalization == "local":
        points &= dose > 0  # a share of no dose is no criterion
    if not points.any():
        raise InputError(
            f"No reference dose reaches {threshold:.4g} Gy ("
            f"{criteria.threshold_percent:g} % of {norm_gy:.4g} Gy), so there is "
            f"nothing to compare; lower the threshold or the normalization dose."
        )
    return points


def _result(
    array: FloatArray,
    points: BoolArray,
    structures: Mapping[str, BoolArray],
    *,
    criteria: GammaCriteria,
    norm_gy: float,
    missing: int,
    limits: GammaLimits,
    pass_fail: bool,
) -> GammaResult:
    values = array[points]
    rows = []
    for name, mask in structures.items():
        inside = array[points & mask]
        row = statistics(inside, passes=inside <= PASS_LIMIT, pass_fail=pass_fail)
        rows.append(StructureGamma(name=name, **vars(row)))
    notes = []
    if not limits.is_made_for(criteria):
        notes.append(f"The limits of {limits.name} were made for other criteria.")
    if missing:
        notes.append(f"{missing} voxels of the reference have no dose.")
    return GammaResult(
        **vars(statistics(values, passes=values <= PASS_LIMIT, pass_fail=pass_fail)),
        criteria=criteria,
        norm_gy=norm_gy,
        threshold_gy=criteria.threshold_percent / 100 * norm_gy,
        missing_reference=missing,
        histogram=() if pass_fail else histogram_of(values, slack=PASS_LIMIT - 1),
        structures=tuple(rows),
        limits=limits,
        notes=tuple(notes),
    )
