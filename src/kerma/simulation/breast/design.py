"""How a simulated breast is built."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal, get_args

import numpy as np

from kerma.errors import InputError
from kerma.simulation.breast.materials import BreastHU

__all__ = ["BreastDesign", "Fold", "Implant", "Muscle"]

Laterality = Literal["left", "right"]
MuscleShape = Literal["wedge", "layer", "U"]
Filling = Literal["silicone", "saline"]
Place = Literal["retroglandular", "submuscular"]

_MOST_THINGS = 100


def _check_lengths(record: object, *names: str) -> None:
    for name in names:
        length = getattr(record, name)
        if not 0 < length < np.inf:
            raise InputError(f"{name} has to be positive; got {length:g} mm.")


def _check_choice(name: str, value: str, choices: object) -> None:
    if value not in get_args(choices):
        raise InputError(
            f"There is no {name} {value!r}; there are {', '.join(get_args(choices))}."
        )


@dataclass(frozen=True)
class Muscle:
    """The pectoralis major where the chest wall was cut.

    Parameters
    ----------
    shape
        "wedge", thickest on the upper outer side and thinning out towards the lower
        inner one; "layer", a flat lens over most of the cut; or "U", a crescent open to the lower inner side,
        whose center of mass lies outside of it.
    thickness_mm
        Where it is thickest.
    """

    shape: MuscleShape = "wedge"
    thickness_mm: float = 12.0

    def __post_init__(self) -> None:
        _check_choice("muscle", self.shape, MuscleShape)
        _check_lengths(self, "thickness_mm")


@dataclass(frozen=True)
class Fold:
    """A fold of the abdominal wall below the breast: an arc of a tube, cut in half.

    Parameters
    ----------
    radius_mm
        Of the tube.
    gap_mm
        From its skin to that of the breast; negative where they press on each other,
        zero being a touch in a line.
    half_angle_deg
        Half of the arc about the breast's axis.
    """

    radius_mm: float = 10.0
    gap_mm: float = 4.0
    half_angle_deg: float = 50.0

    def __post_init__(self) -> None:
        _check_lengths(self, "radius_mm")
        if not -self.radius_mm < self.gap_mm < np.inf:
            raise InputError(
                f"The gap to a fold has to be larger than -{self.radius_mm:g} mm; got "
                f"{self.gap_mm:g} mm."
            )
        if not 0 < self.half_angle_deg < 90:
            raise InputError(
                f"Half the arc of a fold lies between 0 and 90 degrees; got "
                f"{self.half_angle_deg:g}."
            )


@dataclass(frozen=True)
class Implant:
    """An oblate ellipsoid on the breast's axis, 0.6 times as thick as wide.

    Parameters
    ----------
    volume_ml
        Its volume.
    filling
        "silicone" or "saline".
    place
        "retroglandular", before the muscle, or "submuscular", with a coat of muscle.
    back_mm
        From the cut at the chest wall to its back; negative where it is cut too.
    """

    volume_ml: float
    filling: Filling = "silicone"
    place: Place = "retroglandular"
    back_mm: float = 3.0

    def __post_init__(self) -> None:
        _check_choice("filling", self.filling, Filling)
        _check_choice("place", self.place, Place)
        _check_lengths(self, "volume_ml")
        if not -self.thickness_mm < self.back_mm < np.inf:
            raise InputError(
                f"An implant whose back lies at {self.back_mm:g} mm is not in the scan."
            )

    @property
    def radius_mm(self) -> float:
        """Half of its width, mm."""
        return float(np.cbrt(self.volume_ml * 1000 / (0.6 * 4 / 3 * np.pi)))

    @property
    def thickness_mm(self) -> float:
        """From back to front, mm."""
        return 1.2 * self.radius_mm


@dataclass(frozen=True)
class BreastDesign:
    r"""A pendant breast.

    It is a disc of `slab_mm` that carries half an ellipsoid, of which the axis sags; so
    it has a volume of :math:`\pi R^2 (s + \frac{2}{3}(L - s))`, nipple apart.

    Parameters
    ----------
    laterality
        "left" or "right"; a right breast is the mirror image of a left one.
    diameter_mm, length_mm
        At the chest wall; and from there to the base of the nipple.
    slab_mm
        Thickness of the disc.
    sag_mm
        How much nearer to the feet the nipple lies than the middle of the chest wall.
    off_center_mm
        (y, x) of the axis in the field of view, towards the feet and outwards; the
        field does not grow with it.
    skin_mm, skin_rise
        Thickness of the skin, and the share by which it is thicker on the side of the
        feet and thinner on that of the head.
    areola_mm
        Thickness of the skin about the nipple.
    nipple_mm
        Height of the nipple; 0 for an inverted one.
    gland_fraction
        Volume of gland (ligaments, vessels and calcifications with it) in that of gland
        and fat.
    grain_mm
        Size of the lobules: standard deviation of the filter of the gland's texture.
    ligament_fraction
        Share of ligaments in what is no gland.
    subcutaneous_mm, retromammary_mm
        Depth of the fat below the skin, and before the muscle or the cut; 0 where gland
        reaches both.
    muscle, fold, implant
        What else there is.
    rib
        Whether the cut goes through a rib, behind the muscle.
    clips, vessels, calcifications
        How many.
    hu
        True CT numbers.

    Raises
    ------
    InputError
        A number outside what makes a breast.
    """

    laterality: Laterality = "left"
    diameter_mm: float = 100.0
    length_mm: float = 52.0
    slab_mm: float = 10.0
    sag_mm: float = 5.0
    off_center_mm: tuple[float, float] = (0.0, 0.0)
    skin_mm: float = 1.5
    skin_rise: float = 0.1
    areola_mm: float = 2.2
    nipple_mm: float = 5.0
    gland_fraction: float = 0.35
    grain_mm: float = 2.5
    ligament_fraction: float = 0.015
    subcutaneous_mm: float = 4.0
    retromammary_mm: float = 3.0
    muscle: Muscle | None = field(default_factory=Muscle)
    fold: Fold | None = None
    implant: Implant | None = None
    rib: bool = False
    clips: int = 0
    vessels: int = 3
    calcifications: int = 0
    hu: BreastHU = field(default_factory=BreastHU)

    def __post_init__(self) -> None:
        _check_choice("laterality", self.laterality, Laterality)
        numbers = [getattr(self, f.name) for f in fields(self) if f.type == "float"]
        if not np.isfinite([*numbers, *self.off_center_mm]).all():
            raise InputError(f"A breast needs finite numbers; got {self}.")
        _check_lengths(
            self, "diameter_mm", "length_mm", "slab_mm", "skin_mm", "areola_mm",
            "grain_mm",
        )  # fmt: skip
        self._check_shape()
        self._check_contents()

    def _check_shape(self) -> None:
        if not self.slab_mm < self.length_mm:
            raise InputError(
                f"A breast is longer than its slab of {self.slab_mm:g} mm; got "
                f"{self.length_mm:g} mm."
            )
        thickest = max(self.skin_mm * (1 + abs(self.skin_rise)), self.areola_mm)
        if abs(self.skin_rise) >= 1 or thickest > self.diameter_mm / 8:
            raise InputError(
                f"Skin of up to {thickest:g} mm, rising by {self.skin_rise:g}, does not "
                f"fit a breast of {self.diameter_mm:g} mm."
            )
        heights = (self.nipple_mm, self.subcutaneous_mm, self.retromammary_mm)
        if min(heights) < 0:
            raise InputError(
                f"Nipple and layers of fat are not negative; got {heights}."
            )

    def _check_contents(self) -> None:
        if not 0 <= self.ligament_fraction < 0.1:
            raise InputError(
                f"Ligaments take up to 0.1 of what is no gland; got "
                f"{self.ligament_fraction:g}."
            )
        if not self.ligament_fraction < self.gland_fraction < 1:
            raise InputError(
                f"The fraction of gland lies between that of the ligaments, "
                f"{self.ligament_fraction:g}, and 1; got {self.gland_fraction:g}."
            )
        counts = (self.clips, self.vessels, self.calcifications)
        if not all(0 <= count <= _MOST_THINGS for count in counts):
            raise InputError(
                f"A breast has up to {_MOST_THINGS} clips, vessels and calcifications "
                f"each; got {counts}."
            )

    @property
    def radius_mm(self) -> float:
        """Half of its diameter at the chest wall, mm."""
        return self.diameter_mm / 2
