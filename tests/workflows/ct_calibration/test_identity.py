from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.workflows.ct_calibration.identity import (
    Finding,
    Identity,
    identify,
    undecided_pairs,
)
from kerma.workflows.ct_calibration.phantoms import shipped_phantoms
from kerma.workflows.ct_calibration.scale import HUScale

MODELS = {model.name: model for model in shipped_phantoms()}
CATPHAN, CIRS = MODELS["catphan504"], MODELS["cirs062m"]


def keys_of(phantom: Phantom) -> list[str]:
    return [insert.material for insert in phantom.inserts]


def expected_of(phantom: Phantom) -> FloatArray:
    return np.array([phantom.materials[key].hu_at(120) for key in keys_of(phantom)])


def at(phantom: Phantom, name: str) -> int:
    return [insert.name for insert in phantom.inserts].index(name)


def found_in(
    phantom: Phantom, measured: FloatArray
) -> tuple[dict[str, Finding], HUScale | None]:
    keys, expected = keys_of(phantom), expected_of(phantom)
    findings, scale = identify(phantom, keys, expected, measured)
    names = [insert.name for insert in phantom.inserts]
    return dict(zip(names, findings, strict=True)), scale


def moved(phantom: Phantom, cycle: Sequence[str]) -> FloatArray:
    """CT numbers where each insert of a cycle holds the material of the next."""
    measured = expected_of(phantom).copy()
    places = [at(phantom, name) for name in cycle]
    measured[places] = measured[places[1:] + places[:1]]
    return measured


def written(hu: FloatArray) -> FloatArray:
    """What a scanner of 12 bits makes of CT numbers."""
    return np.maximum(hu, -1024.0)


def apart(name: str, first: str, second: str) -> float:
    """How many HU lie between the materials of two inserts."""
    phantom = MODELS[name]
    expected = expected_of(phantom)
    return float(abs(expected[at(phantom, first)] - expected[at(phantom, second)]))


PAIRS = [
    (model.name, one.name, other.name)
    for model in MODELS.values()
    for one in model.inserts
    for other in model.inserts
    if one.name < other.name and one.diameter_mm == other.diameter_mm
]
# Three sound inserts fit many lines: with fewer than six an exchange may stay unnamed.
MANY = {model.name for model in MODELS.values() if len(model.inserts) >= 6}
DISTINCT = [pair for pair in PAIRS if pair[0] in MANY and apart(*pair) >= 60]
OF_FEW = [pair for pair in PAIRS if pair[0] not in MANY and apart(*pair) >= 60]
ALIKE = [pair for pair in PAIRS if 0 < apart(*pair) < 60]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_inserts_that_read_as_expected_are_confirmed(name: str) -> None:
    found, scale = found_in(MODELS[name], expected_of(MODELS[name]))
    assert {one.identity for one in found.values()} == {Identity.CONFIRMED}
    assert all(one.remark == "" for one in found.values())
    assert scale is not None
    assert (scale.gain, scale.offset_hu) == pytest.approx((1, 0), abs=1e-9)


@given(
    st.sampled_from(DISTINCT),
    st.floats(0.6, 1.2),
    st.floats(-60, 60),
    st.integers(0, 2**32 - 1),
)
def test_an_exchange_of_materials_60_hu_apart_is_named(
    pair: tuple[str, str, str], gain: float, offset: float, seed: int
) -> None:
    """On any HU scale, with readings that are off by a few HU."""
    name, first, second = pair
    model = MODELS[name]
    measured = gain * moved(model, (first, second)) + offset
    noise = np.random.default_rng(seed).uniform(-3, 3, measured.size)
    measured = written(measured + noise)
    found, scale = found_in(model, measured)
    wrong = {name for name, one in found.items() if one.identity == Identity.SWAPPED}
    assert wrong == {first, second}
    assert found[first].partner == at(model, second)
    assert second in found[first].remark
    assert scale is not None
    # The sound inserts span 150 HU or more; 3 HU at each end tilt that by 0.04.
    assert scale.gain == pytest.approx(gain, abs=0.05)


@pytest.mark.parametrize(("name", "first", "second"), OF_FEW)
@pytest.mark.parametrize("gain", [0.8, 1.0, 1.125])
def test_an_exchange_in_a_phantom_of_few_inserts_is_not_taken_for_sound(
    name: str, first: str, second: str, gain: float
) -> None:
    model = MODELS[name]
    found, _ = found_in(model, written(gain * moved(model, (first, second))))
    assert {one.identity for one in found.values()} != {Identity.CONFIRMED}


@pytest.mark.parametrize(("name", "first", "second"), ALIKE)
def test_an_exchange_of_materials_alike_is_claimed_rightly_or_not_at_all(
    name: str, first: str, second: str
) -> None:
    """Up to 40 HU apart never, from 60 HU always."""
    model = MODELS[name]
    found, _ = found_in(model, moved(model, (first, second)))
    wrong = {key for key, one in found.items() if one.identity != Identity.CONFIRMED}
    assert wrong in (set(), {first, second})
    if apart(name, first, second) < 40:
        assert wrong == set()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_what_could_not_be_decided_is_listed(name: str) -> None:
    """Exactly the pairs of different materials under 60 HU apart."""
    model = MODELS[name]
    title = {one.name: model.material_of(one).name for one in model.inserts}
    expected = {
        frozenset({title[one.name], title[other.name]})
        for one in model.inserts
        for other in model.inserts
        if title[one.name] != title[other.name]
        and apart(name, one.name, other.name) < 60
    }
    listed = undecided_pairs(model, keys_of(model), expected_of(model))
    assert set(map(frozenset, listed)) == expected
    assert len(listed) == len(expected)


def test_three_inserts_in_a_ring_are_named_with_where_each_belongs() -> None:
    cycle = ("teflon", "pmp", "delrin")
    found, _ = found_in(CATPHAN, moved(CATPHAN, cycle))
    wrong = {name for name, one in found.items() if one.identity == Identity.SWAPPED}
    assert wrong == set(cycle)
    assert found["teflon"].partner == at(CATPHAN, "pmp")
    assert found["pmp"].partner == at(CATPHAN, "delrin")
    assert found["delrin"].partner == at(CATPHAN, "teflon")
    assert found["teflon"].remark == "reads like PMP, which belongs to pmp"


def test_two_exchanges_at_once_are_both_named() -> None:
    measured = moved(CIRS, ("inner_bone800", "inner_lung_inhale"))
    exchanged = moved(CIRS, ("outer_bone200", "outer_adipose"))
    outer = [at(CIRS, "outer_bone200"), at(CIRS, "outer_adipose")]
    measured[outer] = exchanged[outer]
    found, _ = found_in(CIRS, measured)
    assert found["inner_bone800"].partner == at(CIRS, "inner_lung_inhale")
    assert found["outer_bone200"].partner == at(CIRS, "outer_adipose")
    assert sum(one.identity == Identity.SWAPPED for one in found.values()) == 4


def test_inserts_of_different_size_cannot_be_exchanged() -> None:
    """A rod of 30 mm does not go into a hole of 12 mm."""
    wide = {"teflon": 30.0}
    inserts = tuple(
        replace(one, diameter_mm=wide.get(one.name, one.diameter_mm))
        for one in CATPHAN.inserts
    )
    model = replace(CATPHAN, inserts=inserts)
    found, _ = found_in(model, moved(CATPHAN, ("teflon", "pmp")))
    assert found["teflon"].identity == Identity.UNEXPECTED
    assert found["pmp"].identity == Identity.UNEXPECTED


@given(st.floats(0.7, 1.2), st.floats(-60, 60))
def test_a_missing_insert_reads_like_air(gain: float, offset: float) -> None:
    expected = expected_of(CATPHAN)
    expected[at(CATPHAN, "delrin")] = -1000.0
    found, _ = found_in(CATPHAN, written(gain * expected + offset))
    assert found["delrin"].identity == Identity.MISSING
    assert "like air: delrin is not there" in found["delrin"].remark
    others = {one.identity for name, one in found.items() if name != "delrin"}
    assert others == {Identity.CONFIRMED}


def test_a_foreign_material_is_unexpected_with_both_values() -> None:
    measured = expected_of(CATPHAN)
    measured[at(CATPHAN, "ldpe")] = 2800.0
    found, _ = found_in(CATPHAN, measured)
    assert found["ldpe"].identity == Identity.UNEXPECTED
    assert found["ldpe"].remark == "reads 2800 HU where -104 HU was expected"
    assert [one.identity for one in found.values()].count(Identity.CONFIRMED) == 7


def test_an_insert_out_of_view_is_not_confirmed() -> None:
    measured = expected_of(CATPHAN)
    measured[0] = np.nan
    found, _ = found_in(CATPHAN, measured)
    first = found[CATPHAN.inserts[0].name]
    assert (first.identity, first.remark) == (Identity.UNEXPECTED, "not in view")


def test_an_exchange_is_found_beside_a_missing_insert() -> None:
    measured = moved(CATPHAN, ("teflon", "pmp"))
    measured[at(CATPHAN, "delrin")] = -1000.0
    found, _ = found_in(CATPHAN, measured)
    assert found["teflon"].partner == at(CATPHAN, "pmp")
    assert found["delrin"].identity == Identity.MISSING


@given(st.integers(0, 2**32 - 1))
def test_the_tolerance_of_the_scanner_is_no_exchange(seed: int) -> None:
    """CT numbers of one material differ by some 20 HU between scanners."""
    measured = expected_of(CATPHAN)
    measured = measured + np.random.default_rng(seed).uniform(-20, 20, measured.size)
    found, _ = found_in(CATPHAN, measured)
    assert {one.identity for one in found.values()} == {Identity.CONFIRMED}


def test_the_undecided_pairs_of_the_body_phantom(models: Mapping[str, Phantom]) -> None:
    """Adipose and breast, muscle and liver, water and what is near it."""
    model = models["cirs062m"]
    listed = undecided_pairs(model, keys_of(model), expected_of(model))
    named = {frozenset(pair) for pair in listed}
    assert frozenset({"Muscle", "Liver"}) in named
    assert frozenset({"Adipose", "Breast (50/50)"}) in named
    assert not any("Bone 200 mg/cc HA" in pair for pair in named)


def test_an_insert_that_is_a_little_off_joins_no_exchange() -> None:
    """Muscle 35 HU high, next to liver: it would fit a little better in its place."""
    measured = moved(CIRS, ("outer_liver", "outer_lung_exhale"))
    measured[at(CIRS, "outer_muscle")] += 35
    found, _ = found_in(CIRS, measured)
    wrong = {name for name, one in found.items() if one.identity == Identity.SWAPPED}
    assert wrong == {"outer_liver", "outer_lung_exhale"}
