"""The HU scale of a scan, its glands and its glandularity, read together."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.core.arrays import BoolArray
from kerma.workflows.breast_ct.anatomy import Anatomy
from kerma.workflows.breast_ct.calibration import ScaleFit, calibrate_scale
from kerma.workflows.breast_ct.devices import DevicePrior
from kerma.workflows.breast_ct.glands import Glands, find_glands
from kerma.workflows.breast_ct.glandularity import (
    Glandularity,
    gland_fraction,
    measure_glandularity,
)
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.leakage import without_leakage
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.shading import corrected, find_shading

__all__ = ["GlandReading", "read_glands"]


@dataclass(frozen=True, eq=False)
class GlandReading:
    """What was read of fat and gland.

    Parameters
    ----------
    fit
        The HU scale.
    glands
        Which voxels are gland.
    glandularity
        How much of the breast it is.
    shading_hu
        Largest correction of shading, HU; ``None`` where none was asked for.
    """

    fit: ScaleFit
    glands: Glands
    glandularity: Glandularity
    shading_hu: float | None


def read_glands(
    image: BreastImage,
    anatomy: Anatomy,
    prior: DevicePrior,
    rough: HUScale,
    *,
    shading: bool = False,
) -> GlandReading:
    """Measure the HU scale on the scan's own fat and gland, then tell them apart.

    Parameters
    ----------
    image
        The scan.
    anatomy
        Everything else in it.
    prior
        What is known of the device.
    rough
        A first scale.
    shading
        Whether shading is corrected before.

    Raises
    ------
    InputError
        Neither fat nor gland is left.
    """
    tissue = anatomy.tissue
    shading_hu = None
    if shading:
        image, shading_hu = _without_shading(image, anatomy.body.mask, tissue, rough)
    fit = calibrate_scale(image, tissue, prior, rough)
    clean = without_leakage(image, tissue)
    fraction = gland_fraction(clean, tissue, fit)
    glands = find_glands(clean, tissue, fit.scale, fraction, noise_hu=fit.noise_hu)
    glandularity = measure_glandularity(
        image, clean, tissue, glands, fit,
        skin=anatomy.skin.mask, muscle=anatomy.muscle.mask,
    )  # fmt: skip
    return GlandReading(fit, glands, glandularity, shading_hu)


def _without_shading(
    image: BreastImage, body: BoolArray, tissue: BoolArray, rough: HUScale
) -> tuple[BreastImage, float]:
    found = find_shading(image, tissue, rough)
    return corrected(image, found, body), found.largest_hu
