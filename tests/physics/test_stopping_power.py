from __future__ import annotations

import math

import pytest

from kerma.errors import InputError
from kerma.physics import (
    AIR,
    WATER,
    Substance,
    human_tissues,
    mean_excitation_energy_ev,
    stopping_power_ratio,
)


def test_water_stops_like_water_at_every_energy() -> None:
    for energy in (10.0, 100.0, 250.0):
        assert stopping_power_ratio(WATER, energy_mev=energy) == 1.0


def test_the_mean_excitation_energy_of_water_is_that_of_its_elements() -> None:
    """75.3 eV from 19.2 eV for two, 106 eV for eight of ten electrons."""
    by_hand = math.exp(0.2 * math.log(19.2) + 0.8 * math.log(106.0))
    assert mean_excitation_energy_ev(WATER) == pytest.approx(by_hand, rel=1e-3)
    assert mean_excitation_energy_ev(WATER) == pytest.approx(75.3, abs=0.1)


def test_a_material_of_the_electrons_of_water_but_twice_its_excitation_energy() -> None:
    r"""With 100 MeV, L = 12.160: SPR = (L - ln 150.64) / (L - ln 75.32)."""
    other = Substance("it", 1.0, WATER.composition, known_excitation_energy_ev=150.64)
    gamma2 = (1 + 100 / 938) ** 2
    beta2 = 1 - 1 / gamma2
    kinematic = math.log(2 * 511e3 * beta2 * gamma2) - beta2
    expected = (kinematic - math.log(150.64)) / (kinematic - math.log(75.32))
    assert stopping_power_ratio(other) == pytest.approx(expected, rel=1e-5)


def test_air_has_the_stopping_power_at_which_look_up_tables_begin() -> None:
    """RED 1.0835e-3 and I 85.7 eV: 0.0011 to the four decimals of a table."""
    assert round(stopping_power_ratio(AIR), 4) == 0.0011
    assert stopping_power_ratio(AIR) == pytest.approx(1.0656e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("tissue", "spr"),
    [
        ("Adipose tissue 3", 0.954),
        ("Muscle, skeletal 2", 1.042),
        ("Cortical bone", 1.69),
    ],
)
def test_tissues_stop_protons_as_published_tables_say(tissue: str, spr: float) -> None:
    (found,) = [one for one in human_tissues() if one.name == tissue]
    assert stopping_power_ratio(found.substance) == pytest.approx(spr, abs=2e-3)


def test_the_ratio_hardly_depends_on_the_energy() -> None:
    (bone,) = [one for one in human_tissues() if one.name == "Cortical bone"]
    low, high = (stopping_power_ratio(bone.substance, energy_mev=e) for e in (60, 250))
    assert low < high < 1.02 * low


@pytest.mark.parametrize("energy", [0.0, 9.9, 1001.0, float("nan")])
def test_energies_where_the_formula_does_not_hold_are_refused(energy: float) -> None:
    with pytest.raises(InputError, match="10 to 1000 MeV"):
        stopping_power_ratio(WATER, energy_mev=energy)
