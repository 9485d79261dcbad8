"""The blur of skin and muscle that leaks into the tissue beside them."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import BoolArray
from kerma.workflows.breast_ct.calm_voxels import without_rim
from kerma.workflows.breast_ct.image import BreastImage

__all__ = ["without_leakage"]


def without_leakage(image: BreastImage, tissue: BoolArray) -> BreastImage:
    """The scan with the rim of fat and gland read from the tissue behind it.

    Within 0.6 mm (one voxel at least) of skin, muscle or implant the blur of the image
    mixes their CT numbers into fat: a shell of seeming gland. There each voxel is given
    the mean of its known neighbors, layer after layer from the inside. A sliver with
    nothing behind it keeps its own CT numbers.

    Parameters
    ----------
    image
        The scan.
    tissue
        (nk, nj, ni) voxels of fat and gland.
    """
    from kerma.kernels.tissue_map import fill_rim

    inner = without_rim(tissue, image.spacing)
    states = tissue.astype(np.uint8) * np.uint8(2) - inner.view(np.uint8)
    hu = image.hu.copy()
    fill_rim(hu, states)
    hu.flags.writeable = False
    return BreastImage(hu, image.spacing)
