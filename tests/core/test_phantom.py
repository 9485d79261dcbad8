from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.phantom import Insert, Material, Outline, Phantom
from kerma.errors import InputError

BONE = Material("Bone", {80: 1100.0, 120: 800.0, 140: 720.0}, "made up", red=1.5)


def phantom(**changes: Any) -> Phantom:
    """Three rods on a disc."""
    whole = Phantom(
        name="small",
        title="A small phantom",
        source="made up",
        geometry_verified=True,
        outline=Outline("ellipse", 120.0, 120.0),
        background_hu=0.0,
        length_mm=30.0,
        materials={"bone": BONE},
        inserts=tuple(
            Insert(name, "bone", 40.0, angle, 16.0)
            for name, angle in (("a", 0.0), ("b", 90.0), ("c", 180.0))
        ),
    )
    return replace(whole, **changes)


def test_the_expected_ct_number_is_interpolated_between_voltages() -> None:
    """Half way between 80 kV (1100 HU) and 120 kV (800 HU) lies 950 HU."""
    assert BONE.hu_at(100.0) == pytest.approx(950)
    assert BONE.hu_at(130.0) == pytest.approx(760)


def test_beyond_the_voltages_given_the_nearest_counts() -> None:
    assert BONE.hu_at(70.0) == 1100
    assert BONE.hu_at(150.0) == 720


def test_an_unknown_voltage_is_taken_as_120_kv() -> None:
    assert BONE.hu_at(None) == BONE.hu_at(120.0) == 800


@given(st.floats(40, 200))
def test_one_voltage_holds_for_all(kv: float) -> None:
    assert Material("Water", {120: 3.0}, "made up").hu_at(kv) == 3


def test_the_order_of_the_voltages_does_not_matter() -> None:
    turned = replace(BONE, hu_by_kv=dict(reversed(list(BONE.hu_by_kv.items()))))
    assert turned.hu_at(100.0) == BONE.hu_at(100.0)


@pytest.mark.parametrize(
    ("angle", "center"),
    [(0.0, (40.0, 0.0)), (90.0, (0.0, 40.0)), (-90.0, (0.0, -40.0))],
)
def test_an_insert_at_ninety_degrees_lies_at_the_back(
    angle: float, center: tuple[float, float]
) -> None:
    """+x is the patient's left, +y posterior."""
    insert = Insert("one", "bone", 40.0, angle, 16.0)
    assert insert.center_mm == pytest.approx(center, abs=1e-12)


def test_the_material_of_an_insert_is_found_by_its_key() -> None:
    small = phantom()
    assert small.material_of(small.inserts[0]) is BONE


def test_a_material_without_an_expected_ct_number_is_refused() -> None:
    with pytest.raises(InputError, match="Bone: give its expected HU at one kV"):
        replace(BONE, hu_by_kv={})


@pytest.mark.parametrize("red", [-0.1, 20.1, float("nan")])
def test_an_impossible_electron_density_is_refused(red: float) -> None:
    with pytest.raises(InputError, match=r"Bone: .*between 0 and 20; got"):
        replace(BONE, red=red)


def test_a_material_may_have_no_published_electron_density() -> None:
    assert replace(BONE, red=None).red is None


def test_a_negative_uncertainty_is_refused() -> None:
    with pytest.raises(InputError, match=r"uncertainty is not negative; got -0\.01"):
        replace(BONE, red_uncertainty=-0.01)


@pytest.mark.parametrize("size", [(0.0, 10.0), (10.0, -1.0)])
def test_an_outline_without_a_size_is_refused(size: tuple[float, float]) -> None:
    with pytest.raises(InputError, match=f"positive size; got {size[0]} x {size[1]}"):
        Outline("ellipse", *size)


@pytest.mark.parametrize(
    "sizes", [{"diameter_mm": 0.0}, {"radius_mm": -1.0}, {"slack_mm": -0.1}]
)
def test_an_insert_of_impossible_size_is_refused(sizes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Insert 'a' needs a positive diameter"):
        replace(phantom().inserts[0], **sizes)


def test_two_inserts_of_one_name_are_refused() -> None:
    first, second, third = phantom().inserts
    with pytest.raises(InputError, match="small: two inserts have the name 'a'"):
        phantom(inserts=(first, replace(second, name="a"), third))


def test_two_inserts_cannot_tell_how_a_phantom_is_turned() -> None:
    with pytest.raises(InputError, match=r"three inserts are needed.*it has 2"):
        phantom(inserts=phantom().inserts[:2])


@pytest.mark.parametrize("key", ["material", "optional_materials"])
def test_an_insert_of_an_unknown_material_is_refused(key: str) -> None:
    first, *rest = phantom().inserts
    wrong: Any = {"material": "bnoe", "optional_materials": ("bnoe",)}
    first = replace(first, **{key: wrong[key]})
    with pytest.raises(InputError, match=r"'a' is of 'bnoe'.*materials are bone"):
        phantom(inserts=(first, *rest))


@pytest.mark.parametrize("length", [0.0, -5.0])
def test_a_module_without_a_length_is_refused(length: float) -> None:
    with pytest.raises(InputError, match=f"length_mm must be positive; got {length}"):
        phantom(length_mm=length)


@pytest.mark.parametrize("fraction", [0.05, 1.01])
def test_a_region_of_no_sense_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match=f"between 0.1 and 1 .*got {fraction}"):
        phantom(region_fraction=fraction)


@pytest.mark.parametrize("fraction", [0.1, 0.7, 1.0, None])
def test_the_limits_of_the_region_themselves_are_allowed(
    fraction: float | None,
) -> None:
    assert phantom(region_fraction=fraction).region_fraction == fraction


def wax(**more: Any) -> Material:
    return Material("Wax", {120: -110.0}, "the certificate", **more)


def test_rounded_mass_fractions_are_brought_to_a_sum_of_one() -> None:
    material = wax(composition={"H": 0.15, "C": 0.87})
    assert material.composition == pytest.approx({"H": 0.15 / 1.02, "C": 0.87 / 1.02})
    again = replace(material, composition=material.composition)
    assert again == material
    assert wax().composition == {}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"composition": {"H": 0.15, "C": 0.89}}, "add up to 1; these add up to 1.04"),
        ({"composition": {"H": -0.1, "C": 1.1}}, "the least is -0.1"),
        ({"density_g_cm3": -1.0}, "a mass density .*between 0 and 23; got -1.0"),
        ({"density_g_cm3": 930.0}, "a mass density .*between 0 and 23; got 930"),
        ({"spr": 21.0}, "a relative stopping power .*between 0 and 20; got 21"),
        ({"spr_uncertainty": -0.1}, "uncertainty is not negative; got -0.1"),
        ({"density_uncertainty_g_cm3": float("nan")}, "uncertainty is not negative"),
    ],
)
def test_a_material_that_cannot_be_is_refused(
    more: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        wax(**more)


@pytest.mark.parametrize("shape", ["ellipse", "rectangle"])
def test_the_contour_meets_the_axes_at_half_its_size(shape: Any) -> None:
    outline = Outline(shape, 300.0, 200.0)
    angle = np.array([0.0, np.pi / 2, np.pi])
    assert outline.radius_at(angle) == pytest.approx([150.0, 100.0, 150.0])


def test_the_corner_of_a_square_is_farther_than_a_circle() -> None:
    angle = np.array([np.pi / 4])
    assert Outline("rectangle", 2.0, 2.0).radius_at(angle)[0] == pytest.approx(2**0.5)
    assert Outline("ellipse", 2.0, 2.0).radius_at(angle)[0] == pytest.approx(1.0)
