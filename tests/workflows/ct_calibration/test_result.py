from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.workflows.ct_calibration.certificates import (
    Certificate,
    CertifiedMaterial,
)
from kerma.workflows.ct_calibration.constancy import Constancy, Deviation
from kerma.workflows.ct_calibration.procedure import curve_of
from kerma.workflows.ct_calibration.result import Calibration, Identity, Uncertainty

BUDGET = Uncertainty(
    noise_hu=1.0,
    position_hu=2.0,
    edge_hu=2.0,
    cupping_hu=4.0,
    certificate_hu=12.0,
    bias_hu=-3.0,
)


def test_the_parts_of_the_budget_add_in_squares() -> None:
    """1 + 4 + 4 + 16 = 25, and 25 + 144 = 169."""
    assert BUDGET.measurement_hu == pytest.approx(5)
    assert BUDGET.expanded_hu == pytest.approx(2 * 13 + 3)


def test_the_bias_widens_the_interval_whatever_its_sign() -> None:
    other = replace(BUDGET, bias_hu=3.0)
    assert other.expanded_hu == BUDGET.expanded_hu


def check(change: float) -> Constancy:
    row = Deviation("teflon", "teflon", change, 1.0, 10.0, 20.0)
    return Constancy("then", "ours", (row,), None)


@pytest.mark.parametrize("change", [None, 0.0, 15.0, 30.0])
@pytest.mark.parametrize("doubtful", [False, True])
@pytest.mark.parametrize("unseen", [(), ("pmp",)])
def test_only_confirmed_inserts_within_tolerance_pass(
    calibrated: Calibration,
    change: float | None,
    unseen: tuple[str, ...],
    *,
    doubtful: bool,
) -> None:
    """A failed constancy fails all; else an insert in doubt leaves it open."""
    readings = list(calibrated.readings)
    if doubtful:
        readings[0] = replace(readings[0], identity=Identity.VOID)
    result = replace(
        calibrated,
        readings=tuple(readings),
        unseen=unseen,
        constancy=None if change is None else check(change),
    )
    by_change = {None: "pass", 0.0: "pass", 15.0: "action", 30.0: "fail"}
    expected = Verdict(by_change[change])
    if expected is not Verdict.FAIL and (doubtful or unseen):
        expected = Verdict.INCONCLUSIVE
    assert result.verdict is expected
    assert result.passed == (expected is Verdict.PASS)


def test_an_unknown_insert_is_refused_with_the_known_ones(
    calibrated: Calibration,
) -> None:
    assert calibrated.reading_of("pmp").material == "pmp"
    with pytest.raises(InputError, match=r"no insert 'foam'; measured were .*pmp"):
        calibrated.reading_of("foam")


def test_the_summary_has_a_line_for_every_insert_and_a_verdict(
    calibrated: Calibration,
) -> None:
    reading = replace(
        calibrated.reading_of("pmp"),
        identity=Identity.SWAPPED,
        remark="reads like Teflon",
        red=None,
    )
    readings = (reading, *calibrated.readings[1:])
    lines = replace(
        calibrated,
        readings=readings,
        unseen=("ldpe",),
        notes=("Odd.",),
        image_checks=None,
    ).summary()
    first, insert, *_, hidden, note, verdict = lines.splitlines()
    assert first.startswith("Catphan 504 (CTP404), score 0.9")
    assert insert.startswith("pmp")
    assert insert.endswith("swapped: reads like Teflon")
    assert hidden.split() == ["ldpe", "not", "in", "view"]
    assert note == "note: Odd."
    assert verdict == "INCONCLUSIVE"


def test_a_doubtful_insert_stays_off_the_curve(calibrated: Calibration) -> None:
    """And so does one whose electron density nobody publishes."""
    for change in ({"identity": Identity.UNEXPECTED}, {"red": None}):
        readings = tuple(
            replace(one, **change) if one.material == "teflon" else one
            for one in calibrated.readings
        )
        materials = {m for p in curve_of(readings).points for m in p.materials}
        expected = {one.material for one in calibrated.readings} - {"teflon"}
        assert materials == expected


def test_inserts_of_one_material_are_averaged_on_the_curve(
    calibrated: Calibration,
) -> None:
    """Both holes of air are one point."""
    air = calibrated.curve.points[0]
    readings = [calibrated.reading_of(f"air_{end}") for end in ("top", "bottom")]
    assert (air.materials, air.inserts) == (("air",), 2)
    assert air.hu == pytest.approx(np.mean([one.mean_hu for one in readings]))


def test_one_material_alone_makes_no_curve(calibrated: Calibration) -> None:
    air = [one for one in calibrated.readings if one.material == "air"]
    with pytest.raises(InputError, match="two materials of known RED; got 1"):
        curve_of(air)


def test_the_certificate_is_worth_its_red_over_the_slope_of_the_curve(
    calibrated: Calibration,
) -> None:
    for one in calibrated.readings:
        slope = calibrated.curve.slope_near(one.mean_hu)
        expected = one.red_uncertainty / slope
        assert one.uncertainty.certificate_hu == pytest.approx(expected)


def test_a_certificate_is_kept_and_a_record_from_before_them_still_reads(
    calibrated: Calibration,
) -> None:
    paper = Certificate(
        "catphan504",
        "A-17",
        dt.date(2025, 3, 1),
        "ours",
        {"teflon": CertifiedMaterial(1.85, 0.002, density_g_cm3=2.15)},
    )
    kept = replace(calibrated, certificate=paper)
    assert Calibration.from_json(kept.to_json()) == kept
    old = json.loads(calibrated.to_json())
    assert old.pop("certificate") is None
    assert Calibration.from_json(json.dumps(old)) == calibrated
