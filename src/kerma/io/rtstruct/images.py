"""Which image of a CT each contour was drawn on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.structures import Contour
from kerma.core.uids import is_uid
from kerma.core.volume import CT
from kerma.errors import InputError

__all__ = ["ImagePlanes"]


@dataclass(frozen=True, eq=False)
class ImagePlanes:
    """The planes of the images of a CT.

    Parameters
    ----------
    normal
        (3,) unit normal of the images.
    heights
        (n,) distance of each image from the origin along the normal, mm, ascending.
    borders
        (n + 1,) where the layer of one image ends and that of the next begins: half
        way between, and beyond the ends as far as within, mm.
    uids
        SOP Instance UIDs.
    """

    normal: FloatArray
    heights: FloatArray
    borders: FloatArray
    uids: tuple[str, ...]

    @classmethod
    def of(cls, ct: CT) -> ImagePlanes:
        """The planes of a CT.

        Raises
        ------
        InputError
            Its images have no UIDs by which they could be referred to.
        """
        uids, count = ct.sop_instance_uids, ct.grid.shape[0]
        if len(uids) != count or not all(map(is_uid, (ct.series_instance_uid, *uids))):
            raise InputError(
                "The CT has no UID for its series and each of its images, so structures "
                "cannot refer to it. Write it with write_ct, and read it again."
            )
        corners = np.zeros((count, 3))
        corners[:, 0] = np.arange(count)
        heights = ct.grid.to_patient(corners) @ ct.grid.normal
        order = np.argsort(heights)
        heights = heights[order]
        gaps = np.diff(heights) if count > 1 else np.array([ct.grid.spacing[0]])
        between = heights[:-1] + gaps / 2 if count > 1 else np.zeros(0)
        first, last = heights[0] - gaps[0] / 2, heights[-1] + gaps[-1] / 2
        return cls(
            ct.grid.normal,
            heights,
            np.concatenate([[first], between, [last]]),
            tuple(uids[k] for k in order),
        )

    def image_of(self, contour: Contour) -> str:
        """UID of the image in whose layer all of a contour lies; empty if there is none.

        A contour that crosses the images was drawn on none of them.
        """
        heights = contour.points @ self.normal
        layer = int(np.searchsorted(self.borders, heights.mean(), side="right")) - 1
        layer = min(max(layer, 0), len(self.uids) - 1)
        low, high = self.borders[layer], self.borders[layer + 1]
        inside = low <= heights.min() and heights.max() <= high
        return self.uids[layer] if inside else ""
