"""Doses of different fractionation made comparable by the linear-quadratic model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose, DoseType
from kerma.dosimetry.histograms import DVH
from kerma.errors import InputError, ScopeError

__all__ = ["bed", "bed_gy", "eqd2", "eqd2_dvh", "eqd2_gy"]


def bed_gy(gy: FloatArray, *, fractions: float, alpha_beta_gy: float) -> FloatArray:
    r"""Biologically effective dose, Gy, of a total dose given in equal fractions.

    .. math:: \mathrm{BED} = D \left(1 + \frac{D/n}{\alpha/\beta}\right)

    Parameters
    ----------
    gy
        (...) total physical dose, Gy.
    fractions
        Number of fractions n; each place has its own dose per fraction D/n.
    alpha_beta_gy
        Of the tissue and endpoint, Gy.

    References
    ----------
    Fowler, Br J Radiol 1989;62:679.
    """
    _check(fractions, alpha_beta_gy)
    gy = np.asarray(gy, dtype=np.float64)
    return gy * (1 + gy / fractions / alpha_beta_gy)


def eqd2_gy(gy: FloatArray, *, fractions: float, alpha_beta_gy: float) -> FloatArray:
    r"""Total dose in fractions of 2 Gy with the same effect, Gy.

    .. math:: \mathrm{EQD2} = D \frac{D/n + \alpha/\beta}{2 + \alpha/\beta}

    Parameters and reference are those of `bed_gy`.
    """
    effective = bed_gy(gy, fractions=fractions, alpha_beta_gy=alpha_beta_gy)
    return effective / (1 + 2 / alpha_beta_gy)


def bed(dose: Dose, *, fractions: float, alpha_beta_gy: float) -> Dose:
    """Biologically effective dose, voxel by voxel; see `bed_gy`.

    Raises
    ------
    InputError
        The fractions or alpha/beta make no sense.
    ScopeError
        The dose is relative, or not a physical one.
    """
    return _converted(dose, "BED", bed_gy, fractions, alpha_beta_gy)


def eqd2(dose: Dose, *, fractions: float, alpha_beta_gy: float) -> Dose:
    """Equivalent dose in fractions of 2 Gy, voxel by voxel; as `bed`."""
    return _converted(dose, "EQD2", eqd2_gy, fractions, alpha_beta_gy)


def eqd2_dvh(histogram: DVH, *, fractions: float, alpha_beta_gy: float) -> DVH:
    """Histogram of the EQD2 of a structure with an alpha/beta of its own.

    The conversion rises with the dose, so that it moves the edges of the bins and
    leaves their volumes: no second sampling is needed.

    Raises
    ------
    InputError
        As for `bed`, or a dose below zero.
    """
    if histogram.minimum_gy < 0:
        raise InputError("A dose below 0 Gy has no EQD2.")
    edges = eqd2_gy(
        histogram.edges_gy, fractions=fractions, alpha_beta_gy=alpha_beta_gy
    )
    middles = (histogram.edges_gy[1:] + histogram.edges_gy[:-1]) / 2
    doses = eqd2_gy(middles, fractions=fractions, alpha_beta_gy=alpha_beta_gy)
    mean = float(histogram.bins_cc @ doses / histogram.volume_cc)
    note = f"EQD2 of {fractions:g} fractions, alpha/beta {alpha_beta_gy:g} Gy."
    return replace(
        histogram, edges_gy=edges, mean_gy=mean, notes=(*histogram.notes, note)
    )


def _converted(
    dose: Dose,
    name: str,
    convert: Callable[..., FloatArray],
    fractions: float,
    alpha_beta_gy: float,
) -> Dose:
    if dose.dose_type is not DoseType.PHYSICAL:
        raise ScopeError(
            f"Only a physical dose can be made a {name}; this one is {dose.dose_type}."
        )
    array = convert(dose.gy, fractions=fractions, alpha_beta_gy=alpha_beta_gy)
    note = f"{name} of {fractions:g} fractions, alpha/beta {alpha_beta_gy:g} Gy."
    return replace(
        dose,
        array=array.astype(np.float32),
        dose_type=DoseType.EFFECTIVE,
        sop_instance_uid="",
        series_instance_uid="",
        dvhs=(),
        notes=(*dose.notes, note),
    )


def _check(fractions: float, alpha_beta_gy: float) -> None:
    # NaN fails the comparisons.
    if not (fractions > 0 and alpha_beta_gy > 0):
        raise InputError(
            f"Fractions and alpha/beta are positive; got {fractions} and "
            f"{alpha_beta_gy} Gy."
        )
