"""The phantom's own coordinates in the scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.imaging.axial import AxialStack, axial_stack

if TYPE_CHECKING:
    from kerma.workflows.ct_calibration.result import Calibration, InsertReading

__all__ = ["PhantomFrame", "frame_of"]


@dataclass(frozen=True, eq=False)
class PhantomFrame:
    """A scan in which a phantom was found.

    Phantom coordinates are (p, q, w): p and q across the axis as the model has them,
    w along it from the middle of the module.

    Parameters
    ----------
    stack
        The scan.
    phantom, readings
        The model, and what was read at its inserts.
    center
        (x, y, z) of the module's middle, mm LPS.
    slope
        (2,) drift of x and y along the axis, mm per mm.
    roll_deg, scale, mirrored
        How the model is turned, its size over the nominal one, and whether it is
        seen from its other end.
    slices
        (n,) slices of the stack in the central half of the module.
    """

    stack: AxialStack
    phantom: Phantom
    readings: tuple[InsertReading, ...]
    center: FloatArray
    slope: FloatArray
    roll_deg: float
    scale: float
    mirrored: bool
    slices: IntArray

    def center_at(self, k: int) -> FloatArray:
        """(2,) x and y of the axis in a slice, mm."""
        up = self.stack.z[k] - self.center[2]
        return np.asarray(self.center[:2] + self.slope * up)

    def across(self, points: FloatArray) -> FloatArray:
        """Offsets (..., 2) from the axis in the scan of model places (..., 2), mm."""
        p, q = points[..., 0], points[..., 1]
        p = -p if self.mirrored else p
        turned = (p + 1j * q) * np.exp(1j * np.deg2rad(self.roll_deg)) * self.scale
        return np.stack([turned.real, turned.imag], axis=-1)

    @property
    def along(self) -> FloatArray:
        """(nk,) model coordinate w of the axis in each slice, mm."""
        up = self.stack.z - self.center[2]
        return -up if self.mirrored else up

    def spread(self, slices: IntArray, most: int) -> IntArray:
        """At most so many of the slices, evenly taken."""
        step = max(1, -(-slices.size // most))
        return slices[(slices.size - 1) % step // 2 :: step]

    def cut_to(self, slices: IntArray) -> AxialStack:
        """The scan with these slices alone, which sampling need not copy whole."""
        stack = self.stack
        return replace(
            stack,
            hu=stack.hu[slices],
            x0=stack.x0[slices],
            y0=stack.y0[slices],
            z=stack.z[slices],
            slice_indices=stack.slice_indices[slices],
        )

    def is_free(self, clearance_mm: float) -> Callable[[FloatArray], bool]:
        """A test whether an offset (2,) from the axis is clear of all that is drilled.

        Inserts, marks and ramps all count, each with its own size and this clearance.
        """
        phantom = self.phantom
        inserts = [
            (i.radius_mm, i.angle_deg, i.diameter_mm / 2 + i.slack_mm)
            for i in phantom.inserts
        ]
        marks = [(m.radius_mm, m.angle_deg, m.diameter_mm / 2) for m in phantom.marks]
        polar = np.array([*inserts, *marks])
        angle = np.deg2rad(polar[:, 1])
        places = polar[:, :1] * np.column_stack([np.cos(angle), np.sin(angle)])
        obstacles = self.across(places)
        reach = polar[:, 2] + clearance_mm
        rings = [ramp.radius_mm for ramp in phantom.ramps]

        def free(offset: FloatArray) -> bool:
            apart = np.hypot(*(obstacles - offset).T)
            distance = float(np.hypot(*offset))
            off_ramps = all(abs(distance - ring) > clearance_mm for ring in rings)
            return bool(np.all(apart > reach)) and off_ramps

        return free


def frame_of(ct: CT, calibration: Calibration, phantom: Phantom) -> PhantomFrame:
    """Lay the coordinates of a recognized phantom into its scan.

    Raises
    ------
    GeometryError
        The slices are not axial.
    InputError
        The calibration is of another scan, or of another phantom.
    """
    stack, pose = axial_stack(ct), calibration.pose
    if phantom.name != calibration.recognition.phantom:
        raise InputError(
            f"The calibration found {calibration.recognition.phantom}, but the image "
            f"checks were given {phantom.name}; give the phantom that was recognized."
        )
    if max(pose.slice_indices) >= ct.grid.shape[0] or min(pose.slice_indices) < 0:
        raise InputError(
            f"Slices {min(pose.slice_indices)} to {max(pose.slice_indices)} were "
            f"calibrated, but this CT has {ct.grid.shape[0]}. Is it the scan that was "
            f"calibrated?"
        )
    yaw = 0.0 if pose.yaw_deg is None else pose.yaw_deg
    tilt = 0.0 if pose.tilt_deg is None else pose.tilt_deg
    return PhantomFrame(
        stack=stack,
        phantom=phantom,
        readings=calibration.readings,
        center=np.array(pose.center_mm),
        slope=np.array([np.tan(np.deg2rad(yaw)), -np.tan(np.deg2rad(tilt))]),
        roll_deg=pose.roll_deg,
        scale=pose.scale,
        mirrored=pose.mirrored,
        slices=np.flatnonzero(np.isin(stack.slice_indices, pose.slice_indices)),
    )
