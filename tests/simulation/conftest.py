"""A small phantom with answers that fit on one line."""

from __future__ import annotations

import pytest

from kerma.core.phantom import Insert, Material, Outline, Phantom
from kerma.core.phantom_parts import Mark, Neighbor


@pytest.fixture
def phantom() -> Phantom:
    """Four rods at 40 mm around a disc of 120 mm; bone depends on the voltage."""
    source = "made up for the tests"
    rods = (("left", "bone", 0.0), ("back", "fat", 90.0), ("right", "lung", 180.0))
    return Phantom(
        name="small",
        title="A small phantom",
        source=source,
        geometry_verified=True,
        outline=Outline("ellipse", 120.0, 120.0),
        background_hu=50.0,
        length_mm=30.0,
        materials={
            "bone": Material("Bone", {80: 1100.0, 120: 800.0}, source),
            "fat": Material("Fat", {120: -100.0}, source),
            "lung": Material("Lung", {120: -700.0}, source),
            "water": Material("Water", {120: 0.0}, source),
        },
        inserts=(
            *(Insert(name, key, 40.0, angle, 16.0) for name, key, angle in rods),
            Insert("front_left", "water", 40.0, -60.0, 16.0),
        ),
    )


@pytest.fixture
def module() -> Phantom:
    """A module of 100 mm in a housing of 120 mm, with a pin and one neighbor."""
    source = "made up for the tests"
    return Phantom(
        name="module",
        title="A module",
        source=source,
        geometry_verified=True,
        outline=Outline("ellipse", 120.0, 120.0),
        background_hu=90.0,
        length_mm=20.0,
        materials={"bone": Material("Bone", {120: 800.0}, source)},
        inserts=tuple(
            Insert(name, "bone", 30.0, angle, 12.0)
            for name, angle in (("a", 0.0), ("b", 90.0), ("c", 180.0))
        ),
        module_diameter_mm=100.0,
        housing_hu=20.0,
        marks=(Mark(30.0, -90.0, 10.0, 990.0),),
        neighbors=(Neighbor("next", 10.0, 40.0, 55.0),),
    )
