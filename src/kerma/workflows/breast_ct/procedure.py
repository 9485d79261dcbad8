"""The procedure: from a breast CT to its tissues and glandularity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.workflows.breast_ct.anatomy import find_anatomy
from kerma.workflows.breast_ct.body import find_body
from kerma.workflows.breast_ct.checks import Findings, check
from kerma.workflows.breast_ct.crop import Crop
from kerma.workflows.breast_ct.gland_reading import read_glands
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.labeling import label
from kerma.workflows.breast_ct.orientation import turned
from kerma.workflows.breast_ct.scale import rough_scale
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.settings import Settings
from kerma.workflows.breast_ct.stopwatch import Stopwatch
from kerma.workflows.breast_ct.summarizing import summarize

__all__ = ["segment"]

_LEAST_VOXELS = 3  # of which one can lie between two others


def segment(
    ct: CT,
    settings: Settings | None = None,
    *,
    name: str = "breast",
    laterality: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> SegmentedBreast:
    """Find the tissues of a breast CT, and how much of it is gland.

    Parameters
    ----------
    ct
        The scan, in any orientation.
    settings
        How it is analyzed; by default as shipped.
    name
        Of the scan, in tables and files.
    laterality
        "L" or "R"; by default what the scan itself says.
    progress
        Told the name of each step.

    Raises
    ------
    InputError
        There is no breast to be seen, too few slices, or voxels are not numbers.
    GeometryError
        The slices are uneven, sheared or oblique.
    """
    settings = settings or Settings.shipped()
    _check_extent(ct)
    laterality = laterality or ct.acquisition.laterality
    watch = Stopwatch(progress)
    upright = turned(_in_whole_hu(ct))
    scan = BreastImage(upright.array, upright.grid.spacing)
    with watch.step("Body"):
        rough = rough_scale(scan)
        whole = find_body(scan, rough)
    crop = Crop.around(whole)
    image, body = crop.of_image(scan), crop.of_body(whole)
    anatomy = find_anatomy(image, body, rough, watch)
    with watch.step("Glands"):
        reading = read_glands(
            image, anatomy, settings.device, rough, shading=settings.shading
        )
    numbers = label(anatomy, reading.glands.mask)
    found = Findings(image, anatomy, reading, numbers)
    result = summarize(
        found, crop.of_grid(upright.grid), settings,
        name=name, laterality=laterality, acquisition=ct.acquisition,
        flags=(*upright.flags, *check(found, settings.limits)),
    )  # fmt: skip
    return SegmentedBreast(
        ct=ct,
        turned=upright,
        numbers=crop.placed(numbers),
        gland_percent=crop.placed(reading.glands.percent),
        cylinder=whole.cylinder,
        skin=crop.placed_skin(anatomy.skin),
        result=result,
        seconds=watch.seconds,
    )


def _check_extent(ct: CT) -> None:
    """Refuse what is no volume.

    Raises
    ------
    InputError
        It is a single image, or hardly more.
    """
    if min(ct.hu.shape) < _LEAST_VOXELS:
        shape = " x ".join(map(str, ct.hu.shape))
        raise InputError(
            f"The scan has {shape} voxels; a breast needs at least {_LEAST_VOXELS} along "
            f"each axis. Are slices missing?"
        )


def _in_whole_hu(ct: CT) -> CT:
    """The scan in int16, which halves the memory; a third of a HU is no noise.

    Raises
    ------
    InputError
        Voxels are not numbers.
    """
    if ct.hu.dtype == np.int16:
        return ct
    wrong = np.count_nonzero(~np.isfinite(ct.hu))
    if wrong:
        raise InputError(
            f"{wrong} of {ct.hu.size} voxels are not numbers (NaN or infinite); export "
            f"the scan again."
        )
    limits = np.iinfo(np.int16)
    hu = np.clip(np.rint(ct.hu), limits.min, limits.max).astype(np.int16)
    return replace(ct, array=hu)
