from __future__ import annotations

import pytest

from kerma.errors import InputError
from kerma.physics import (
    AIR,
    WATER,
    Substance,
    effective_atomic_number,
    relative_electron_density,
)


def test_water_has_the_electron_density_of_water() -> None:
    """Two electrons per hydrogen molecule and eight per oxygen: 10 in 18.015 g."""
    assert relative_electron_density(WATER) == 1.0
    assert WATER.electron_density_mol_cm3 == pytest.approx(10 / 18.015, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "density", "composition", "electrons", "weight"),
    [
        ("PMMA, C5H8O2", 1.18, {"C": 0.599848, "H": 0.080538, "O": 0.319614}, 54, 100.117),
        ("polyethylene, CH2", 0.92, {"C": 0.856289, "H": 0.143711}, 8, 14.027),
        ("polystyrene, CH", 1.03, {"C": 0.922579, "H": 0.077421}, 7, 13.019),
        ("Teflon, CF2", 2.16, {"C": 0.240183, "F": 0.759817}, 24, 50.007),
    ],
)  # fmt: skip
def test_the_electron_density_of_a_polymer_follows_from_its_formula(
    name: str,
    density: float,
    composition: dict[str, float],
    electrons: int,
    weight: float,
) -> None:
    """Electrons over weight of the unit, relative to 10 over 18.015 of water."""
    expected = density * (electrons / weight) / (10 / 18.015)
    plastic = Substance(name, density, composition)
    assert relative_electron_density(plastic) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("density", "composition", "red"),
    [
        (0.83, {"C": 0.856, "H": 0.144}, 0.853),
        (0.92, {"C": 0.856, "H": 0.144}, 0.945),
        (1.03, {"C": 0.923, "H": 0.077}, 0.998),
        (1.18, {"C": 0.600, "H": 0.080, "O": 0.320}, 1.147),
        (1.42, {"C": 0.400, "H": 0.067, "O": 0.533}, 1.363),
        (2.16, {"C": 0.240, "F": 0.760}, 1.868),
    ],
)
def test_plastics_have_the_electron_density_that_their_maker_prints(
    density: float, composition: dict[str, float], red: float
) -> None:
    """The table of the Catphan manual, to its three digits."""
    plastic = Substance("plastic", density, composition)
    assert relative_electron_density(plastic) == pytest.approx(red, abs=1.2e-3)


@pytest.mark.parametrize("exponent", [2.94, 3.1, 3.62])
def test_an_element_scatters_like_itself(exponent: float) -> None:
    carbon = Substance("graphite", 1.7, {"C": 1.0})
    assert effective_atomic_number(carbon, exponent=exponent) == pytest.approx(6.0)


def test_the_effective_atomic_number_of_water_is_that_of_the_textbooks() -> None:
    """Mayneord's 7.42 with an exponent of 2.94."""
    assert effective_atomic_number(WATER, exponent=2.94) == pytest.approx(
        7.42, abs=0.01
    )


def test_fractions_as_printed_are_used_divided_by_their_sum() -> None:
    printed = Substance("bone 20 %", 1.14, {"C": 0.51, "Ca": 0.06, "H": 0.06, "N": 0.06, "O": 0.30, "P": 0.03})  # fmt: skip
    total = 1.02
    exact = {symbol: part / total for symbol, part in printed.composition.items()}
    same = Substance("bone 20 %", 1.14, exact)
    assert relative_electron_density(printed) == pytest.approx(
        relative_electron_density(same), rel=1e-12
    )


def test_air_is_a_thousandth_of_water() -> None:
    assert relative_electron_density(AIR) == pytest.approx(1.0835e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("density", "composition", "message"),
    [
        (0.0, {"H": 1.0}, "density must be positive; got 0"),
        (float("nan"), {"H": 1.0}, "density must be positive"),
        (1.0, {"Xx": 1.0}, "no data for an element 'Xx'"),
        (1.0, {"H": 1.4, "O": -0.4}, "between 0 and 1; got 1.4 of H"),
        (1.0, {"H": 0.1}, "sum to 0.1 instead of 1"),
        (1.0, {"H": float("nan"), "O": 0.5}, "between 0 and 1; got nan of H"),
        (1.0, {}, "sum to 0 instead of 1"),
    ],
)
def test_an_impossible_material_is_refused(
    density: float, composition: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Substance("it", density, composition)


def test_an_impossible_excitation_energy_is_refused() -> None:
    with pytest.raises(InputError, match="positive; got -1"):
        Substance("it", 1.0, {"H": 1.0}, known_excitation_energy_ev=-1.0)
