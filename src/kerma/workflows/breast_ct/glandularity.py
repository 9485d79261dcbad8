"""How much of a breast is gland, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np

from kerma.core.arrays import BoolArray, Vec3
from kerma.errors import InputError
from kerma.imaging.mask_morphology import dilated
from kerma.workflows.breast_ct.calibration import ScaleFit
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.glands import Glands
from kerma.workflows.breast_ct.image import BreastImage

__all__ = ["Estimate", "Glandularity", "gland_fraction", "measure_glandularity"]

_COVERAGE = 1.96  # normal distribution, 95 %
_GLAND_DENSITY, _ADIPOSE_DENSITY = 1.04, 0.93  # g/cm³, G R Hammerstein et al.,
# Radiology 130 (1979) 485
_SKIN_MM, _MUSCLE_MM = 0.15, 1.0  # how far the borders of skin and muscle may be off
_RECTANGULAR = sqrt(3)  # half width over standard deviation
_AGREE = 0.03


@dataclass(frozen=True)
class Estimate:
    """A fraction and its 95 % interval.

    Parameters
    ----------
    value
        Not cut to 0 and 1: noise and scale may carry it a little beyond.
    standard_uncertainty
        Of the value.

    Raises
    ------
    InputError
        Not finite, or a negative uncertainty.
    """

    value: float
    standard_uncertainty: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.value) and 0 <= self.standard_uncertainty < np.inf):
            raise InputError(
                f"A fraction and its uncertainty are finite; got {self.value:g} ± "
                f"{self.standard_uncertainty:g}."
            )

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval, 0 at least."""
        return max(0.0, self.value - _COVERAGE * self.standard_uncertainty)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval, 1 at most."""
        return min(1.0, self.value + _COVERAGE * self.standard_uncertainty)

    def mapped(self, function: Callable[[float], float]) -> Estimate:
        """Estimate of a smooth function of the fraction, to first order."""
        step = 1e-4
        slope = (function(self.value + step) - function(self.value - step)) / (2 * step)
        return Estimate(function(self.value), abs(slope) * self.standard_uncertainty)


@dataclass(frozen=True)
class Glandularity:
    """Fractions of gland in a breast; skin, muscle, bone, fold and implant excluded.

    Parameters
    ----------
    vgf
        Volume of gland over that of fat and gland, by mean CT number, without the blur
        of skin and muscle: the headline.
    vgf_with_skin
        Volume of gland over that of fat, gland and skin.
    mass
        Mass of gland over that of fat and gland, as tables of glandular dose ask for.
    hu_g
        Mean CT number of all fat and gland between those of fat and gland, as the first
        breast CT scripts have it: the blur of skin and muscle counts as gland.
    seg_g
        Gland's share of the voxels.
    partial
        The same by how much of each voxel is gland.
    u_scale, u_skin, u_muscle
        Parts of the standard uncertainty: of the HU scale, and of the borders of skin
        and muscle.
    flags
        What is odd about it.
    """

    vgf: Estimate
    vgf_with_skin: Estimate
    mass: Estimate
    hu_g: Estimate
    seg_g: Estimate
    partial: Estimate
    u_scale: float
    u_skin: float
    u_muscle: float
    flags: tuple[Flag, ...] = ()


def gland_fraction(image: BreastImage, tissue: BoolArray, fit: ScaleFit) -> float:
    """Where the mean CT number of the tissue lies between fat and gland.

    Raises
    ------
    InputError
        There is no tissue.
    """
    voxels = int(np.count_nonzero(tissue))
    if not voxels:
        raise InputError("Neither fat nor gland is left of the breast.")
    mean = float(image.hu.sum(where=tissue, dtype=np.float64)) / voxels
    return (mean - fit.fat_hu) / (fit.gland_hu - fit.fat_hu)


def measure_glandularity(
    image: BreastImage,
    clean: BreastImage,
    tissue: BoolArray,
    glands: Glands,
    fit: ScaleFit,
    *,
    skin: BoolArray,
    muscle: BoolArray,
) -> Glandularity:
    r"""Fractions of gland with 95 % intervals.

    .. math::

        u_G^2 = \frac{((1 - G)\, u_f)^2 + (G\, u_g)^2}{(g - f)^2}
                + u_{\mathrm{skin}}^2 + u_{\mathrm{muscle}}^2

    with the CT numbers f of fat and g of gland. The borders of skin and muscle are
    moved by 0.15 mm and 1 mm; what that changes is taken as the half width of a
    rectangular distribution.

    Parameters
    ----------
    image, clean
        The scan, and the scan without leakage.
    tissue, skin, muscle
        (nk, nj, ni) masks.
    glands
        What of the tissue is gland.
    fit
        The scan's HU scale.
    """
    fraction = gland_fraction(clean, tissue, fit)
    count = int(np.count_nonzero(tissue))
    u_scale = _u_scale(fraction, fit)
    u_skin = _u_skin(clean, tissue, skin, fit)
    u_muscle = _u_muscle(clean, tissue, muscle, fit)
    u = hypot(u_scale, u_skin, u_muscle)
    vgf = Estimate(fraction, u)
    share = count / (count + int(np.count_nonzero(skin)))
    hu_g = Estimate(gland_fraction(image, tissue, fit), u)
    return Glandularity(
        vgf=vgf,
        vgf_with_skin=vgf.mapped(lambda value: share * value),
        mass=vgf.mapped(mass_fraction),
        hu_g=hu_g,
        seg_g=Estimate(glands.segmented_fraction, u),
        partial=Estimate(glands.partial_fraction, u),
        u_scale=u_scale,
        u_skin=u_skin,
        u_muscle=u_muscle,
        flags=_flags(hu_g.value, glands),
    )


def mass_fraction(volume_fraction: float) -> float:
    """Mass of gland over that of fat and gland, from the fraction by volume."""
    gland = _GLAND_DENSITY * volume_fraction
    return gland / (gland + _ADIPOSE_DENSITY * (1 - volume_fraction))


def _u_scale(fraction: float, fit: ScaleFit) -> float:
    of_fat = (1 - fraction) * fit.u_fat_hu
    of_gland = fraction * fit.u_gland_hu
    return hypot(of_fat, of_gland) / (fit.gland_hu - fit.fat_hu)


def _u_skin(
    clean: BreastImage, tissue: BoolArray, skin: BoolArray, fit: ScaleFit
) -> float:
    """Change with the outermost voxels of the tissue gone, as if 0.15 mm were."""
    if not skin.any():
        return 0.0
    beside = _neighbors(skin) & tissue
    voxel_mm = float(np.prod(clean.spacing)) ** (1 / 3)
    return _u_border(clean, tissue, tissue & ~beside, fit) * _SKIN_MM / voxel_mm


def _u_muscle(
    clean: BreastImage, tissue: BoolArray, muscle: BoolArray, fit: ScaleFit
) -> float:
    """Larger change with 1 mm of tissue given to muscle, and the other way about."""
    if not muscle.any():
        return 0.0
    thick = _within(muscle, clean.spacing, _MUSCLE_MM)
    thin = muscle & ~_within(tissue, clean.spacing, _MUSCLE_MM)
    return max(
        _u_border(clean, tissue, tissue & ~thick, fit),
        _u_border(clean, tissue, tissue | (muscle & ~thin), fit),
    )


def _u_border(
    clean: BreastImage, tissue: BoolArray, other: BoolArray, fit: ScaleFit
) -> float:
    """Standard uncertainty if the tissue might as well be another."""
    if not other.any():
        return 0.0
    change = gland_fraction(clean, other, fit) - gland_fraction(clean, tissue, fit)
    return abs(change) / _RECTANGULAR


def _within(mask: BoolArray, spacing: Vec3, radius_mm: float) -> BoolArray:
    """A mask grown by a radius, worked out in its own slices only."""
    held = np.flatnonzero(mask.any(axis=(1, 2)))
    margin = int(np.ceil(radius_mm / spacing[0]))
    part = slice(max(0, int(held[0]) - margin), int(held[-1]) + margin + 1)
    grown = np.zeros_like(mask)
    grown[part] = dilated(mask[part], spacing, radius_mm)
    return grown


def _neighbors(mask: BoolArray) -> BoolArray:
    """Voxels that share a face with a mask, and the mask."""
    grown = mask.copy()
    for axis in range(3):
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        grown[tuple(ahead)] |= mask[tuple(behind)]
        grown[tuple(behind)] |= mask[tuple(ahead)]
    return grown


def _flags(hu_g: float, glands: Glands) -> tuple[Flag, ...]:
    values = {
        "mean CT number": hu_g,
        "voxels": glands.segmented_fraction,
        "partial voxels": glands.partial_fraction,
    }
    if max(values.values()) - min(values.values()) <= _AGREE:
        return ()
    told = ", ".join(f"{100 * value:.1f} % by {way}" for way, value in values.items())
    sentence = f"The ways to measure glandularity disagree: {told}; look at the gland."
    return (Flag("glandularity_disagrees", Severity.LOOK, sentence),)
