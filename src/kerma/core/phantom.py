"""Calibration phantoms: what is known of them before they are scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom_parts import HoleSquare, Mark, Neighbor, Ramp, UniformPart
from kerma.errors import InputError

__all__ = ["Insert", "Material", "Outline", "Phantom"]

_ROUNDING = 0.03  # by which the mass fractions of a printed table may miss one
_DENSEST = 23.0  # g/cm3, osmium


@dataclass(frozen=True)
class Material:
    """One tissue substitute.

    Parameters
    ----------
    name
        Name on the phantom's certificate.
    hu_by_kv
        Expected CT number, HU, at one or more tube voltages in kV. It serves to
        recognize the insert, never as its measured value.
    source
        Where these numbers are from.
    red
        Electron density relative to water; ``None`` where no value is published,
        which keeps the material off the curve.
    red_uncertainty
        Standard uncertainty of `red` from one delivered insert to another.
    seed_name
        Short name of this material in tables of the first HU-RED scripts.
    density_g_cm3, density_uncertainty_g_cm3
        Mass density and its standard uncertainty from one delivered insert to
        another, g/cm3.
    composition
        Mass fraction of each element by its symbol; empty where it is not published.
        Printed tables are rounded: a sum that misses one by up to 3 % is brought to
        one.
    spr, spr_uncertainty
        Measured stopping power of protons relative to water, and its standard
        uncertainty.

    Raises
    ------
    InputError
        A value that no material has; the message names it.
    """

    name: str
    hu_by_kv: Mapping[int, float]
    source: str
    red: float | None = None
    red_uncertainty: float = 0.0
    seed_name: str = ""
    density_g_cm3: float | None = None
    density_uncertainty_g_cm3: float = 0.0
    composition: Mapping[str, float] = field(default_factory=dict)
    spr: float | None = None
    spr_uncertainty: float = 0.0

    def __post_init__(self) -> None:
        if not self.hu_by_kv:
            raise InputError(f"{self.name}: give its expected HU at one kV at least.")
        for value, most, words in (
            (self.red, 20.0, "a relative electron density"),
            (self.density_g_cm3, _DENSEST, "a mass density in g/cm3"),
            (self.spr, 20.0, "a relative stopping power"),
        ):
            if value is not None and not 0 <= value <= most:
                raise InputError(
                    f"{self.name}: {words} lies between 0 and {most:g}; got {value}."
                )
        uncertainties = (
            self.red_uncertainty,
            self.density_uncertainty_g_cm3,
            self.spr_uncertainty,
        )
        if not all(value >= 0 for value in uncertainties):
            raise InputError(
                f"{self.name}: an uncertainty is not negative; got "
                f"{min(uncertainties)}."
            )
        object.__setattr__(self, "composition", self._normalized())

    def _normalized(self) -> dict[str, float]:
        """The mass fractions, brought to a sum of one."""
        parts = self.composition.values()
        total = sum(parts)
        if parts and not (min(parts) >= 0 and abs(total - 1) <= _ROUNDING):
            raise InputError(
                f"{self.name}: mass fractions are not negative and add up to 1; these "
                f"add up to {total:.4g}, the least is {min(parts):g}."
            )
        if abs(total - 1) <= 1e-9:  # as it reads back
            return dict(self.composition)
        return {symbol: part / total for symbol, part in self.composition.items()}

    def hu_at(self, kv: float | None) -> float:
        """Expected CT number, HU, at a tube voltage.

        Between the voltages given it is interpolated, beyond them the nearest
        counts; an unknown voltage is taken as 120 kV.
        """
        voltages = sorted(self.hu_by_kv)
        values = [self.hu_by_kv[voltage] for voltage in voltages]
        return float(np.interp(120.0 if kv is None else kv, voltages, values))


@dataclass(frozen=True)
class Outline:
    """Outer contour of a phantom across its axis: an ellipse or a rectangle.

    Parameters
    ----------
    shape
        "ellipse" or "rectangle".
    width_mm, height_mm
        Full size to the sides and up and down.
    """

    shape: Literal["ellipse", "rectangle"]
    width_mm: float
    height_mm: float

    def __post_init__(self) -> None:
        if min(self.width_mm, self.height_mm) <= 0:
            raise InputError(
                f"An outline needs a positive size; got {self.width_mm} x "
                f"{self.height_mm} mm."
            )

    def radius_at(self, angle: FloatArray) -> FloatArray:
        """Distance in mm from the middle to the contour in directions in radians."""
        across = np.abs(np.cos(angle)) / (self.width_mm / 2)
        down = np.abs(np.sin(angle)) / (self.height_mm / 2)
        if self.shape == "rectangle":
            return 1 / np.maximum(across, down)
        return 1 / np.hypot(across, down)


@dataclass(frozen=True)
class Insert:
    """One rod, at a polar position about the phantom's axis.

    Parameters
    ----------
    name
        Name of this position, unique in the phantom.
    material
        Key of the material that the maker puts there.
    radius_mm, angle_deg
        Place of its center at roll zero, seen from the patient's feet: 0 is the
        patient's left (image right), 90 is down (posterior).
    diameter_mm
        Diameter of the rod.
    slack_mm
        How far the true center may lie from this place.
    optional_materials
        Keys of other materials that a user may have put there.
    """

    name: str
    material: str
    radius_mm: float
    angle_deg: float
    diameter_mm: float
    slack_mm: float = 0.3
    optional_materials: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.diameter_mm > 0 and min(self.radius_mm, self.slack_mm) >= 0):
            raise InputError(
                f"Insert {self.name!r} needs a positive diameter, and a radius and a "
                f"slack that are not negative; got {self.diameter_mm}, "
                f"{self.radius_mm} and {self.slack_mm} mm."
            )

    @property
    def center_mm(self) -> tuple[float, float]:
        """(x, y) of its center from the phantom's axis at roll zero, mm, LPS."""
        angle = np.deg2rad(self.angle_deg)
        x, y = self.radius_mm * np.cos(angle), self.radius_mm * np.sin(angle)
        return float(x), float(y)


@dataclass(frozen=True)
class Phantom:
    """A phantom and the rods in it.

    Parameters
    ----------
    name
        Short name, used on the command line.
    title
        Full name with its module.
    source
        Where the geometry is from.
    geometry_verified
        Whether the geometry was checked against a scan or a drawing of the maker.
    outline
        Outer contour of the scanned object.
    background_hu
        CT number between the inserts, at 120 kV.
    length_mm
        Length of the inserts along the axis; their middle is the module's middle.
    materials
        Materials by key.
    inserts
        The rods.
    caveat
        What a user must know before trusting it.
    seed_name
        Name of this phantom in the first HU-RED scripts.
    module_diameter_mm
        Diameter of the part that carries the inserts; ``None`` where it fills the
        outline.
    housing_hu
        CT number around that part, at 120 kV.
    marks, neighbors
        Other things that a scan shows.
    region_fraction
        Part of each insert's radius that is to be read; ``None`` for the largest that
        spares the blurred edge.
    ramps, hole_square, uniform_part
        What it has to measure slices, lengths and uniformity by.
    """

    name: str
    title: str
    source: str
    geometry_verified: bool
    outline: Outline
    background_hu: float
    length_mm: float
    materials: Mapping[str, Material]
    inserts: tuple[Insert, ...]
    caveat: str = ""
    seed_name: str = ""
    module_diameter_mm: float | None = None
    housing_hu: float | None = None
    marks: tuple[Mark, ...] = ()
    neighbors: tuple[Neighbor, ...] = ()
    region_fraction: float | None = None
    ramps: tuple[Ramp, ...] = ()
    hole_square: HoleSquare | None = None
    uniform_part: UniformPart | None = None

    def __post_init__(self) -> None:
        names = [insert.name for insert in self.inserts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"{self.name}: two inserts have the name {twice[0]!r}.")
        if len(names) < 3:
            raise InputError(
                f"{self.name}: three inserts are needed to know how a phantom is "
                f"turned; it has {len(names)}."
            )
        for insert in self.inserts:
            for key in (insert.material, *insert.optional_materials):
                if key not in self.materials:
                    raise InputError(
                        f"{self.name}: insert {insert.name!r} is of {key!r}, but the "
                        f"materials are {', '.join(self.materials)}."
                    )
        if self.length_mm <= 0:
            raise InputError(
                f"{self.name}: length_mm must be positive; got {self.length_mm}."
            )
        if self.region_fraction is not None and not 0.1 <= self.region_fraction <= 1:
            raise InputError(
                f"{self.name}: the region must cover between 0.1 and 1 of an insert's "
                f"radius; got {self.region_fraction}."
            )
        part = self.uniform_part
        if part is not None and part.neighbor not in [n.name for n in self.neighbors]:
            raise InputError(
                f"{self.name}: its uniform part {part.neighbor!r} is none of its "
                f"neighbors."
            )

    def material_of(self, insert: Insert) -> Material:
        """The material that the maker puts at an insert."""
        return self.materials[insert.material]
