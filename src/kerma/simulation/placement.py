"""How a phantom lies on the couch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.errors import GeometryError

__all__ = ["PhantomPlacement"]


@dataclass(frozen=True)
class PhantomPlacement:
    """Where a phantom lies and how it is turned.

    Phantom coordinates ``(p, q, w)`` are those of its description: p to the side,
    q down, w along the axis, from the middle of the module, in mm. They become
    patient coordinates (LPS) by the scale, the mirroring, the roll, the tilt and
    the yaw, in this order, and a shift to `center_mm`.

    Parameters
    ----------
    center_mm
        (x, y, z) of the middle of the module.
    roll_deg
        Turn about the axis; positive from the patient's left to posterior.
    tilt_deg
        Turn about the patient's left-right axis; positive from posterior to
        superior, so that the axis leans towards anterior.
    yaw_deg
        Turn about the patient's front-back axis; positive from superior to left,
        so that the axis leans towards the left.
    mirrored
        Whether it lies with its other end first: half a turn about q, by which
        its rods run the other way round and its neighbors change sides.
    scale
        Size across the axis relative to the description.

    Raises
    ------
    GeometryError
        A scale that is not positive, or an axis more than 30° out of line, for
        which the closed forms of the partial volume no longer hold.
    """

    center_mm: Vec3 = (0.0, 0.0, 0.0)
    roll_deg: float = 0.0
    tilt_deg: float = 0.0
    yaw_deg: float = 0.0
    mirrored: bool = False
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise GeometryError(f"A phantom has a positive size; got {self.scale}.")
        if max(abs(self.tilt_deg), abs(self.yaw_deg)) > 30:
            raise GeometryError(
                f"A phantom can be simulated up to 30° out of line; got a tilt of "
                f"{self.tilt_deg}° and a yaw of {self.yaw_deg}°. To turn it end for "
                f"end, use mirrored."
            )

    @cached_property
    def rotation(self) -> FloatArray:
        """(3, 3) rotation from phantom to patient coordinates, mirroring included."""
        roll, tilt, yaw = np.deg2rad([self.roll_deg, self.tilt_deg, self.yaw_deg])
        about_z = [
            [np.cos(roll), -np.sin(roll), 0],
            [np.sin(roll), np.cos(roll), 0],
            [0, 0, 1],
        ]
        about_x = [
            [1, 0, 0],
            [0, np.cos(tilt), -np.sin(tilt)],
            [0, np.sin(tilt), np.cos(tilt)],
        ]
        about_y = [
            [np.cos(yaw), 0, np.sin(yaw)],
            [0, 1, 0],
            [-np.sin(yaw), 0, np.cos(yaw)],
        ]
        end_for_end = np.diag([-1.0, 1.0, -1.0]) if self.mirrored else np.eye(3)
        turned = np.array(about_y) @ np.array(about_x) @ np.array(about_z) @ end_for_end
        turned.flags.writeable = False
        return turned

    def to_patient(self, point: FloatArray) -> FloatArray:
        """Positions (..., 3) in mm, LPS, of phantom coordinates (..., 3)."""
        scaled = np.asarray(point, dtype=np.float64) * [self.scale, self.scale, 1.0]
        return scaled @ self.rotation.T + self.center_mm

    def to_phantom(self, position: FloatArray) -> FloatArray:
        """Phantom coordinates (..., 3) of positions (..., 3) in mm, LPS."""
        relative = np.asarray(position, dtype=np.float64) - self.center_mm
        return relative @ self.rotation / [self.scale, self.scale, 1.0]
