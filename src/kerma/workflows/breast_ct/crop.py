"""The part of a scan that holds the body, to work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kerma.core.grid import Grid
from kerma.workflows.breast_ct.body import Body
from kerma.workflows.breast_ct.field import Field
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.skin import Skin

__all__ = ["Crop"]

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Crop:
    """A box of a scan.

    Parameters
    ----------
    bounds
        The box.
    shape
        (nk, nj, ni) of the whole scan.
    """

    bounds: tuple[slice, slice, slice]
    shape: tuple[int, int, int]

    @classmethod
    def around(cls, body: Body) -> Crop:
        """The box around a body."""
        nk, nj, ni = body.mask.shape
        return cls(body.bounds, (nk, nj, ni))

    @property
    def corner(self) -> tuple[int, int, int]:
        """Index ``(k, j, i)`` of the first voxel of the box."""
        k, j, i = (side.start for side in self.bounds)
        return k, j, i

    def of_image(self, image: BreastImage) -> BreastImage:
        """The scan in the box."""
        return BreastImage(image.hu[self.bounds].copy(), image.spacing)

    def of_grid(self, grid: Grid) -> Grid:
        """Where the voxels of the box lie."""
        nk, nj, ni = (side.stop - side.start for side in self.bounds)
        x, y, z = grid.to_patient(np.array(self.corner, np.float64)).tolist()
        return replace(grid, shape=(nk, nj, ni), origin=(x, y, z))

    def of_body(self, body: Body) -> Body:
        """The body in the box."""
        section = self.bounds[1:]
        _, j, i = self.corner
        center = body.field.center
        field = Field(
            np.ascontiguousarray(body.field.mask[section]),
            None if center is None else (center[0] - j, center[1] - i),
            body.field.radius_mm,
        )
        return replace(
            body,
            mask=np.ascontiguousarray(body.mask[self.bounds]),
            cylinder=np.ascontiguousarray(body.cylinder[section]),
            field=field,
        )

    def placed_skin(self, skin: Skin) -> Skin:
        """The skin in indices of the whole scan."""
        nipple = skin.nipple
        if nipple is not None:
            k, j, i = (
                place + first for place, first in zip(nipple, self.corner, strict=True)
            )
            nipple = (k, j, i)
        return replace(
            skin,
            mask=self.placed(skin.mask),
            positions=skin.positions + np.array(self.corner),
            nipple=nipple,
        )

    def placed(self, array: NDArray[T]) -> NDArray[T]:
        """An array of the box on the whole scan, zero around it."""
        whole = np.zeros(self.shape, array.dtype)
        whole[self.bounds] = array
        return whole
