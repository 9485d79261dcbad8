from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Material, Phantom
from kerma.workflows.ct_calibration.history.causes import (
    Cause,
    Pattern,
    explain_change,
    kv_slope,
)

OWN_HU, COMMON_HU = 0.8, 0.6


class Scanner:
    """A phantom on a scanner whose numbers can be moved."""

    def __init__(self, phantom: Phantom) -> None:
        materials = [phantom.material_of(insert) for insert in phantom.inserts]
        self.names = [insert.name for insert in phantom.inserts]
        self.hu = np.array([material.hu_at(120) for material in materials])
        self.slopes = np.array([kv_slope(material, 120) for material in materials])
        self.covariance = OWN_HU**2 * np.eye(self.hu.size) + COMMON_HU**2

    def explain(self, change: FloatArray) -> Cause:
        return explain_change(
            change,
            self.covariance,
            hu=self.hu,
            kv_slopes=self.slopes,
            inserts=self.names,
        )


@pytest.fixture(params=["catphan504", "cirs062m"])
def scanner(request: pytest.FixtureRequest, models: Mapping[str, Phantom]) -> Scanner:
    return Scanner(models[request.param])


def test_the_slope_with_tube_voltage_is_that_of_the_table() -> None:
    bone = Material("Bone", {80: 1585.0, 100: 1323.0, 120: 1170.0, 140: 1065.0}, "")
    assert kv_slope(bone, 120) == pytest.approx((1065 - 1323) / 40)
    assert kv_slope(bone, None) == kv_slope(bone, 120)
    assert kv_slope(bone, 140) == pytest.approx((1065 - 1170) / 20)
    assert kv_slope(bone, 200) == kv_slope(bone, 140)
    assert kv_slope(Material("Air", {120: -1000.0}, ""), 120) == 0


def test_an_offset_of_5_hu_is_water_and_air_calibration(scanner: Scanner) -> None:
    cause = scanner.explain(np.full(scanner.hu.size, 5.0))
    (part,) = cause.components
    assert part.pattern is Pattern.OFFSET
    assert part.amount == pytest.approx(5.0)
    p = scanner.hu.size
    assert part.uncertainty == pytest.approx(np.sqrt(COMMON_HU**2 + OWN_HU**2 / p))
    assert "All inserts moved by +5.0 ± 1.3 HU: water and air" in cause.sentence
    assert cause.misfit == pytest.approx(0.0, abs=1e-12)


def test_one_percent_of_the_attenuation_is_its_scale(scanner: Scanner) -> None:
    (part,) = scanner.explain(0.01 * (scanner.hu + 1000)).components
    assert (part.pattern, part.unit) == (Pattern.SCALE_FROM_AIR, "%")
    assert part.amount == pytest.approx(1.0)


def test_one_percent_of_the_ct_number_is_its_scale(scanner: Scanner) -> None:
    (part,) = scanner.explain(0.01 * scanner.hu).components
    assert part.pattern is Pattern.SCALE_FROM_WATER
    assert part.amount == pytest.approx(1.0)


def test_3_kv_are_a_change_of_tube_voltage(scanner: Scanner) -> None:
    cause = scanner.explain(3 * scanner.slopes)
    (part,) = cause.components
    assert (part.pattern, part.unit) == (Pattern.TUBE_VOLTAGE, "kV")
    assert part.amount == pytest.approx(3.0)
    assert "tube voltage, filtration or beam hardening" in cause.sentence


def test_one_insert_alone_is_named(scanner: Scanner) -> None:
    change = 8.0 * (np.arange(scanner.hu.size) == 2)
    cause = scanner.explain(change)
    (part,) = cause.components
    assert part.pattern is Pattern.LOCAL
    assert part.insert == scanner.names[2]
    assert cause.name == f"{scanner.names[2]} alone"
    assert "on its own" in cause.sentence


def test_an_exchange_moves_two_inserts_alone(scanner: Scanner) -> None:
    change = 40.0 * (np.arange(scanner.hu.size) == 1)
    change -= 40.0 * (np.arange(scanner.hu.size) == 4)
    found = {part.insert: part.amount for part in scanner.explain(change).components}
    assert set(found) == {scanner.names[1], scanner.names[4]}
    assert found[scanner.names[4]] == pytest.approx(-40)


def test_no_change_has_no_cause(scanner: Scanner) -> None:
    cause = scanner.explain(np.zeros(scanner.hu.size))
    assert cause.components == ()
    assert cause.name == "none"
    assert cause.sentence == "No pattern: the change is within repeatability."


def test_offset_scale_and_voltage_are_told_apart(scanner: Scanner) -> None:
    change = 6 + 0.01 * scanner.hu - 8 * scanner.slopes
    found = {p.pattern: p.amount for p in scanner.explain(change).components}
    assert found[Pattern.OFFSET] == pytest.approx(6)
    assert found[Pattern.SCALE_FROM_WATER] == pytest.approx(1)
    assert found[Pattern.TUBE_VOLTAGE] == pytest.approx(-8)


def test_noise_seldom_gets_a_cause_and_amounts_cover_the_truth(
    scanner: Scanner,
) -> None:
    """Of 80 changes: few have a cause named without one; ±2 σ covers 95.4 %."""
    rng = np.random.default_rng(1)
    root = np.linalg.cholesky(scanner.covariance)
    named = covered = found = 0
    for _ in range(80):
        noise = root @ rng.normal(size=scanner.hu.size)
        named += bool(scanner.explain(noise).components)
        cause = scanner.explain(8 + noise)
        if [part.pattern for part in cause.components] == [Pattern.OFFSET]:
            (part,) = cause.components
            found += 1
            covered += abs(part.amount - 8) < 2 * part.uncertainty
    assert named < 0.06 * 80
    assert found > 0.9 * 80
    assert covered > 0.954 * found - 3 * np.sqrt(0.954 * 0.046 * found)


def test_two_sets_that_explain_alike_are_both_told() -> None:
    """Of air and water alone, a scale that keeps air is water that moved."""
    cause = explain_change(
        np.array([0.0, 0.0, 10.0, 10.0]),
        np.eye(4),
        hu=np.array([-1000.0, -1000.0, 0.0, 0.0]),
        kv_slopes=np.zeros(4),
        inserts=["a", "b", "c", "d"],
    )
    assert cause.name == "scale from air"
    pair = explain_change(
        np.array([0.0, 0.0, 10.0]),
        np.eye(3),
        hu=np.array([-1000.0, -1000.0, 0.0]),
        kv_slopes=np.zeros(3),
        inserts=["a", "b", "c"],
    )
    assert "c alone" in {pair.name, *pair.rivals}
    assert "scale from air" in {pair.name, *pair.rivals}
    assert "Nearly as likely" in pair.sentence
