"""Virtual CT scanners."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.volume import Acquisition
from kerma.errors import GeometryError, InputError

__all__ = ["Artifacts", "Couch", "HUScale", "Noise", "Scanner", "slice_stack"]

Couch = Literal["none", "flat", "touching", "curved", "box"]

# Where the image's columns run to (down in the room) and where its slices look,
# by the two parts of the patient position.
_DOWN: dict[str, Vec3] = {
    "S": (0.0, 1.0, 0.0),
    "P": (0.0, -1.0, 0.0),
    "DR": (-1.0, 0.0, 0.0),
    "DL": (1.0, 0.0, 0.0),
}
_NORMAL: dict[str, Vec3] = {"HF": (0.0, 0.0, 1.0), "FF": (0.0, 0.0, -1.0)}


def slice_stack(
    count: int, spacing_mm: float, *, center_mm: float = 0.0
) -> tuple[float, ...]:
    """Positions of evenly spaced slices about a center, mm."""
    offsets = (np.arange(count) - (count - 1) / 2) * spacing_mm
    return tuple(float(position) for position in center_mm + offsets)


@dataclass(frozen=True)
class Noise:
    """Noise of a scan.

    Parameters
    ----------
    sd_hu
        Standard deviation in a slice, HU.
    correlation_px
        Grain: standard deviation of the Gaussian filter that white noise has
        passed, pixels. The standard deviation stays `sd_hu`.
    slice_correlation
        Correlation of neighboring slices, 0 to 0.5.
    """

    sd_hu: float = 0.0
    correlation_px: float = 0.0
    slice_correlation: float = 0.0

    def __post_init__(self) -> None:
        if min(self.sd_hu, self.correlation_px) < 0:
            raise InputError(f"Noise is not negative; got {self}.")
        if not 0 <= self.slice_correlation <= 0.5:
            raise InputError(
                f"The correlation of neighboring slices lies between 0 and 0.5; got "
                f"{self.slice_correlation}."
            )


@dataclass(frozen=True)
class Artifacts:
    """What a scan shows that is not in the phantom.

    Parameters
    ----------
    cupping_hu
        Shading :math:`c (r^2/R^2 - m)` of the body, R half its larger size and m
        such that its mean over the cross-section is zero; positive is dark in the
        middle. HU.
    gradient_hu
        Shading of the body that rises linearly by this much over 100 mm towards
        the patient's left and towards posterior, HU.
    rings_hu
        Standard deviation of concentric rings in the body, HU.
    couch
        What the phantom lies on: nothing; a flat couch 10 mm below or touching; a
        curved one; an open wooden box that it touches with its base.
    rim_hu
        Brightness of the body where the field of view cuts it off, HU.
    """

    cupping_hu: float = 0.0
    gradient_hu: tuple[float, float] = (0.0, 0.0)
    rings_hu: float = 0.0
    couch: Couch = "none"
    rim_hu: float = 0.0


@dataclass(frozen=True)
class HUScale:
    """How a scanner writes CT numbers down.

    Parameters
    ----------
    gain, offset_hu
        A CT number h is written as ``gain * h + offset_hu``.
    lowest_hu, highest_hu
        Limits of the scale, as of 12 bits.
    padding_hu
        Written outside the circle that was reconstructed; ``None`` for a scanner
        that reconstructs the corners too.
    """

    gain: float = 1.0
    offset_hu: float = 0.0
    lowest_hu: int = -1024
    highest_hu: int = 3071
    padding_hu: int | None = None

    def of(self, hu: float) -> float:
        """What is written for a true CT number, HU."""
        written = self.gain * hu + self.offset_hu
        return float(np.clip(written, self.lowest_hu, self.highest_hu))


@dataclass(frozen=True)
class Scanner:
    """A virtual CT scanner and its protocol.

    Parameters
    ----------
    matrix
        Rows and columns.
    pixel_mm
        Distance between rows and between columns, mm.
    slice_positions_mm
        z of the middle of each slice, ascending; they need not be even.
    slice_thickness_mm
        Thickness that each slice averages over, mm.
    field_center_mm
        (x, y) of the middle of the image.
    patient_position
        HFS, FFS, HFP, FFP or a decubitus position (HFDR, ...). It turns the image,
        not the phantom: positions stay true in patient coordinates.
    psf_mm
        Standard deviation of the Gaussian point spread function, mm.
    overshoot
        Edge enhancement a of the kernel, whose point spread function is
        ``(1 + a) G(psf_mm) - a G(2 psf_mm)``.
    kv
        Tube voltage, kV; materials have their CT number at it.
    noise, artifacts, scale
        What else the scanner does to the image.
    labels
        Names of the scanner, its kernel, the date; what is stated above is filled
        in.
    """

    matrix: tuple[int, int] = (512, 512)
    pixel_mm: tuple[float, float] = (0.6, 0.6)
    slice_positions_mm: tuple[float, ...] = slice_stack(33, 2.5)
    slice_thickness_mm: float = 2.5
    field_center_mm: tuple[float, float] = (0.0, 0.0)
    patient_position: str = "HFS"
    psf_mm: float = 0.7
    overshoot: float = 0.0
    kv: float = 120.0
    noise: Noise = field(default_factory=Noise)
    artifacts: Artifacts = field(default_factory=Artifacts)
    scale: HUScale = field(default_factory=HUScale)
    labels: Acquisition = field(
        default_factory=lambda: Acquisition(
            manufacturer="Kerma", model="Virtual scanner", kernel="Gaussian"
        )
    )

    def __post_init__(self) -> None:
        sizes = (*self.pixel_mm, self.slice_thickness_mm, self.psf_mm)
        if min(sizes) <= 0:
            raise GeometryError(
                f"Pixels, slices and blur need a positive size; got {self.pixel_mm}, "
                f"{self.slice_thickness_mm} and {self.psf_mm} mm."
            )
        if not self.slice_positions_mm or np.any(np.diff(self.slice_positions_mm) <= 0):
            raise GeometryError(
                f"Slice positions must ascend; got {self.slice_positions_mm}."
            )
        known = [head + side for head in _NORMAL for side in _DOWN]
        if self.patient_position not in known:
            raise GeometryError(
                f"There is no patient position {self.patient_position!r}; there are "
                f"{', '.join(known)}."
            )

    @property
    def field_radius_mm(self) -> float:
        """Radius of the largest circle in the image, mm."""
        heights = (self.matrix[0] * self.pixel_mm[0], self.matrix[1] * self.pixel_mm[1])
        return min(heights) / 2

    @property
    def blur(self) -> tuple[tuple[float, float], ...]:
        """Weight and standard deviation in mm of each Gaussian of the blur.

        The aperture of a pixel of dr by dc mm is taken into the Gaussian by its
        variance, dr dc / 12.
        """
        aperture = self.pixel_mm[0] * self.pixel_mm[1] / 12
        narrow = float(np.sqrt(self.psf_mm**2 + aperture))
        if self.overshoot == 0:
            return ((1.0, narrow),)
        wide = float(np.sqrt(4 * self.psf_mm**2 + aperture))
        return ((1 + self.overshoot, narrow), (-self.overshoot, wide))

    @property
    def axes(self) -> tuple[Vec3, Vec3, Vec3]:
        """Unit vectors along slices, rows' order and columns' order, (k, j, i)."""
        normal = np.array(_NORMAL[self.patient_position[:2]])
        down = np.array(_DOWN[self.patient_position[2:]])
        return _vector(normal), _vector(down), _vector(np.cross(down, normal))

    def grid(self, frame_of_reference: str) -> Grid:
        """Where the voxels of its images lie; slices follow their normal."""
        axes = self.axes
        corner = np.array([*self.field_center_mm, 0.0])
        for count, step, axis in zip(self.matrix, self.pixel_mm, axes[1:], strict=True):
            corner -= (count - 1) / 2 * step * np.array(axis)
        along = np.sort(np.array(self.slice_positions_mm) * axes[0][2])
        corner[2] = along[0] * axes[0][2]
        offsets = along - along[0]
        return Grid(
            shape=(along.size, *self.matrix),
            origin=_vector(corner),
            spacing=(self._slice_spacing(offsets), *self.pixel_mm),
            axes=axes,
            frame_of_reference=frame_of_reference,
            offsets=None if _is_even(offsets) else tuple(offsets.tolist()),
        )

    def _slice_spacing(self, offsets: FloatArray) -> float:
        if offsets.size == 1:
            return self.slice_thickness_mm
        return float(np.median(np.diff(offsets)))

    @property
    def acquisition(self) -> Acquisition:
        """What the scanner would write into its files."""
        return replace(
            self.labels,
            kv=self.kv,
            slice_thickness_mm=self.slice_thickness_mm,
            patient_position=self.patient_position,
            rescale_type="HU",
        )


def _is_even(offsets: FloatArray) -> bool:
    steps = np.diff(offsets)
    return bool(steps.size == 0 or np.ptp(steps) < 1e-6)


def _vector(values: FloatArray) -> Vec3:
    x, y, z = (float(value) + 0.0 for value in values)  # + 0.0 turns -0.0 into 0.0
    return x, y, z
