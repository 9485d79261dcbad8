"""Small drawn breasts with muscle, implants, ribs and clips at known places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.tissues import Tissue

Shape = Callable[[FloatArray, FloatArray, FloatArray], BoolArray]
"""Where a part lies, of (z, y, x) mm: depth from the cut, to feet, to the left."""

HU = MappingProxyType(
    {
        Tissue.AIR: -1000.0,
        Tissue.FAT: -255.0,
        Tissue.GLAND: -41.0,
        Tissue.SKIN: 0.0,
        Tissue.MUSCLE: 10.0,
        Tissue.BONE: 350.0,
        Tissue.IMPLANT: 165.0,
    }
)
_RADIUS = 42.0  # of the breast at the cut, mm
_LENGTH = 50.0  # from cut to nipple, mm
_SKIN = 1.5


def ellipsoid(center: Vec3, radii: Vec3) -> Shape:
    return lambda z, y, x: np.asarray(
        ((z - center[0]) / radii[0]) ** 2
        + ((y - center[1]) / radii[1]) ** 2
        + ((x - center[2]) / radii[2]) ** 2
        < 1
    )


def breast(depth: float = 0.0) -> Shape:
    """The half ellipsoid, `depth` mm under its surface; not under the cut."""
    return ellipsoid((0, 0, 0), (_LENGTH - depth, _RADIUS - depth, _RADIUS - depth))


def layer(thickness: float) -> Shape:
    return lambda z, y, x: z < thickness + 0 * (x + y)


def wedge(thickest: float) -> Shape:
    """From nothing at the middle to its thickest at the patient's left."""
    return lambda z, y, x: z < thickest * x / _RADIUS + 0 * y


def crescent(thickness: float) -> Shape:
    """A U open toward the feet, so that its center of mass lies outside it."""
    return lambda z, y, x: (
        (z < thickness) & (np.hypot(y + 5, x) > 16) & ((y < 0) | (np.abs(x) > 22))
    )


def glands(fraction: float, seed: int = 5) -> Shape:
    """Lumps of gland, some 10 mm wide, filling this part of the breast under its fat."""
    rng = np.random.default_rng(seed)
    waves = rng.normal(0, 1 / 4.5, (16, 3))
    phases = rng.uniform(0, 2 * np.pi, 16)

    def shape(z: FloatArray, y: FloatArray, x: FloatArray) -> BoolArray:
        texture = sum(
            np.exp(1j * (wz * z + phase)).astype(np.complex64)
            * (np.exp(1j * wy * y) * np.exp(1j * wx * x)).astype(np.complex64)
            for (wz, wy, wx), phase in zip(waves, phases, strict=True)
        ).real
        under = breast(6)(z, y, x)
        return np.asarray((texture > np.quantile(texture[under], 1 - fraction)) & under)

    return shape


@dataclass(frozen=True)
class Scanner:
    """How the drawn breast is seen."""

    spacing: Vec3 = (0.75, 0.75, 0.75)
    noise_hu: float = 30.0
    offset_hu: float = 0.0
    gain: float = 1.0

    def hu_of(self, hu: float) -> float:
        return hu if hu < -900 else hu * self.gain + self.offset_hu

    @property
    def scale(self) -> HUScale:
        return HUScale(self.hu_of(HU[Tissue.FAT]), self.hu_of(HU[Tissue.GLAND]))


@dataclass(frozen=True, eq=False)
class Scene:
    """A breast of fat in its skin, with parts laid over each other in order."""

    parts: tuple[tuple[Tissue, Shape], ...] = ()
    scanner: Scanner = Scanner()
    hu: Mapping[Tissue, float] = field(default_factory=lambda: HU)
    seed: int = 1

    @cached_property
    def truth(self) -> FloatArray:
        """(nk, nj, ni) uint8 tissue numbers."""
        z, y, x = self._axes
        labels = np.where(breast()(z, y, x), np.uint8(Tissue.SKIN), np.uint8(0))
        inner = breast(_SKIN)(z, y, x)
        labels[inner] = Tissue.FAT
        for tissue, shape in self.parts:
            labels[shape(z, y, x) & inner] = tissue
        return labels

    @cached_property
    def image(self) -> BreastImage:
        from scipy.ndimage import gaussian_filter

        seen = self.scanner
        table = np.zeros(256, np.float32)
        for tissue, hu in {**HU, **self.hu}.items():
            table[tissue] = seen.hu_of(hu)
        hu = table[self.truth]
        # Blurred with FWHM 0.45 mm; the body goes on behind the cut.
        blur = [0.45 / 2.3548 / step for step in seen.spacing]
        hu = gaussian_filter(hu, blur, mode="nearest")
        noise = np.random.default_rng(self.seed).standard_normal(hu.shape, np.float32)
        noise = gaussian_filter(noise, 0.55)
        hu += noise * (seen.noise_hu / noise.std())
        return BreastImage(np.clip(hu, -1024, 3000).astype(np.int16), seen.spacing)

    @property
    def inside(self) -> BoolArray:
        """The breast without its skin."""
        return np.asarray((self.truth != Tissue.AIR) & (self.truth != Tissue.SKIN))

    @property
    def skin(self) -> BoolArray:
        return np.asarray(self.truth == Tissue.SKIN)

    def of(self, tissue: Tissue) -> BoolArray:
        return np.asarray(self.truth == tissue)

    @property
    def _axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        dk, dj, di = self.scanner.spacing
        z = np.arange(0.0, _LENGTH + 3, dk)
        y = np.arange(-_RADIUS - 3, _RADIUS + 3, dj)
        x = np.arange(-_RADIUS - 3, _RADIUS + 3, di)
        return z[:, None, None], y[:, None], x


def dice(one: BoolArray, other: BoolArray) -> float:
    return float(2 * np.sum(one & other) / (one.sum() + other.sum()))
