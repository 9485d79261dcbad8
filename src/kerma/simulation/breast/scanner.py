"""A virtual breast CT."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import correlate1d
from scipy.optimize import brentq

from kerma.core.arrays import BoolArray, FloatArray, HUArray, Vec3
from kerma.errors import InputError

__all__ = ["VirtualBreastCT"]

_LOWEST_HU, _HIGHEST_HU = -1024, 3000
_NOISE_STREAM = 1
_SD_PER_FWHM = 1 / (2 * np.sqrt(2 * np.log(2)))
_GRAIN = 0.55  # SD of the filter that white noise has passed, voxels
_LARGEST_SPACING_MM = 2.0
_CYLINDER_GAP_MM, _CYLINDER_MM = 3.0, 4.0  # from the field's edge; its thickness


@dataclass(frozen=True)
class VirtualBreastCT:
    r"""A breast CT scanner and its protocol.

    By default a soft 0.3 mm image of an AB-CT nu:view. Its images are in the frame of
    the breast: slices from chest wall to nipple, rows from head to feet, columns from
    the patient's right to the left.

    Parameters
    ----------
    spacing_mm
        Distance between voxel centers along ``(k, j, i)``, mm.
    psf_fwhm_mm
        Full width at half maximum of the Gaussian point spread function, mm; voxels
        average over their volume on top.
    noise_hu
        Standard deviation, HU. The noise is white noise after a Gaussian filter of 0.55
        voxels.
    cupping_hu
        Shading :math:`c (r^2/R^2 - 1/2)` of the body, R the radius of the field;
        positive is dark in the middle. HU.
    gain, offset_hu
        A CT number h of the body reads ``gain * h + offset_hu``. Air stays at -1000, as
        scanners are calibrated on it.
    field_mm
        Diameter of the field of view, outside of which -1024 is written; by default
        what the breast needs.
    cylinder
        Whether the cylinder that holds the breast is in the image: a ring of 4 mm
        thickness, 3 mm within the field.

    Raises
    ------
    InputError
        A number is not finite, negative where it cannot be, or a spacing or the field
        not positive.
    """

    spacing_mm: Vec3 = (0.3, 0.3, 0.3)
    psf_fwhm_mm: float = 0.45
    noise_hu: float = 30.0
    cupping_hu: float = 0.0
    gain: float = 1.0
    offset_hu: float = 0.0
    field_mm: float | None = None
    cylinder: bool = False

    def __post_init__(self) -> None:
        numbers = (
            *self.spacing_mm, self.psf_fwhm_mm, self.noise_hu, self.cupping_hu,
            self.gain, self.offset_hu, self.field_mm or 1.0,
        )  # fmt: skip
        if not np.isfinite(numbers).all():
            raise InputError(f"A breast CT needs finite numbers; got {self}.")
        if not all(0 < step <= _LARGEST_SPACING_MM for step in self.spacing_mm):
            raise InputError(
                f"The voxels of a breast CT measure up to {_LARGEST_SPACING_MM:g} mm; "
                f"got {self.spacing_mm}."
            )
        if min(self.psf_fwhm_mm, self.noise_hu) < 0:
            raise InputError(
                f"Blur and noise are not negative; got {self.psf_fwhm_mm:g} mm and "
                f"{self.noise_hu:g} HU."
            )
        if self.gain <= 0:
            raise InputError(f"The gain of an HU scale is positive; got {self.gain:g}.")
        if self.field_mm is not None and self.field_mm <= 0:
            raise InputError(
                f"The field of view needs a positive diameter; got {self.field_mm:g} mm."
            )

    def cylinder_at(self, radius_mm: FloatArray, *, field_mm: float) -> BoolArray:
        """Whether points so far from the middle of a field lie in the cylinder."""
        outer = field_mm / 2 - _CYLINDER_GAP_MM
        within = (radius_mm <= outer) & (radius_mm > outer - _CYLINDER_MM)
        return np.asarray(within & self.cylinder)

    def image_of(
        self, hu: FloatArray, body: FloatArray, *, field_mm: float, seed: int
    ) -> HUArray:
        """The image that the scanner writes.

        Parameters
        ----------
        hu
            (nk, nj, ni) float32 mean CT number in each voxel on the scanner's scale, HU.
        body
            (nk, nj, ni) share of the body in each voxel, which is what is shaded.
        field_mm
            Diameter of the field, about the middle of the slices, mm.
        seed
            Of the noise, not negative.

        Returns
        -------
        array
            (nk, nj, ni) int16, clipped to -1024 and 3000 HU.
        """
        image = self._blurred(hu)
        radius = self.radius_mm((hu.shape[1], hu.shape[2]))
        if self.cupping_hu:
            shape = (radius / (field_mm / 2)) ** 2 - 0.5
            image += np.float32(self.cupping_hu) * shape.astype(np.float32) * body
        if self.noise_hu:
            image += self._noise(image.shape, seed)
        image[:, radius > field_mm / 2] = _LOWEST_HU
        np.rint(image, out=image)
        return np.clip(image, _LOWEST_HU, _HIGHEST_HU, out=image).astype(np.int16)

    def radius_mm(self, shape: tuple[int, int]) -> FloatArray:
        """(nj, ni) distance of the voxel centers of a slice from its middle, mm."""
        y, x = (
            (np.arange(count) - (count - 1) / 2) * step
            for count, step in zip(shape, self.spacing_mm[1:], strict=True)
        )
        return np.hypot(y[:, None], x)

    def _blurred(self, hu: FloatArray) -> FloatArray:
        image = hu.astype(np.float32)
        for axis, step in enumerate(self.spacing_mm):
            kernel = _gaussian(self.psf_fwhm_mm * _SD_PER_FWHM / step)
            # The patient goes on behind the first slice: air there would be an edge.
            correlate1d(image, kernel, axis=axis, mode="nearest", output=image)
        return image

    def _noise(self, shape: tuple[int, ...], seed: int) -> FloatArray:
        generator = np.random.default_rng([seed, _NOISE_STREAM])
        noise = generator.standard_normal(shape, dtype=np.float32)
        kernel = _bell(_GRAIN)
        for axis in range(3):
            # Wrapped around, so that the border is as noisy as all else.
            correlate1d(noise, kernel, axis=axis, mode="wrap", output=noise)
        kept = float(np.sum(kernel**2)) ** 1.5
        noise *= np.float32(self.noise_hu / kept)
        return noise


def _bell(sigma: float) -> FloatArray:
    """Samples of a bell curve, of sum 1."""
    reach = int(np.ceil(5 * sigma)) + 2
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum())


def _gaussian(sigma: float) -> FloatArray:
    """Weights of a bell curve whose variance on the lattice is that asked for, voxels.

    Samples of the curve itself would blur too little where it is narrow: those of
    a standard deviation of 0.3 voxels have one of 0.09.
    """
    if sigma == 0:
        return np.ones(1)
    wide = brentq(lambda s: _variance(_bell(s)) - sigma**2, 0.03, 2 * sigma + 1)
    return _bell(wide)


def _variance(weights: FloatArray) -> float:
    reach = weights.size // 2
    return float(np.sum(weights * np.arange(-reach, reach + 1) ** 2))
