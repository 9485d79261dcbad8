from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kerma.core.result import Verdict
from kerma.errors import ScopeError
from kerma.workflows.ct_calibration.comparison import (
    baseline_of,
    check_constancy,
    scope_of,
)
from kerma.workflows.ct_calibration.constancy import (
    Baseline,
    Constancy,
    Deviation,
    Scope,
    Tolerances,
)
from kerma.workflows.ct_calibration.phantoms import load_tolerances
from kerma.workflows.ct_calibration.result import Calibration, Identity

SEED = load_tolerances("seed")


def constancy_of(
    today: Calibration,
    baseline: Baseline,
    tolerances: Tolerances = SEED,
    **options: Any,
) -> Constancy:
    checked = check_constancy(today, baseline, tolerances, **options)
    assert checked.constancy is not None
    return checked.constancy


def of(check: Constancy, insert: str) -> Deviation:
    (found,) = (one for one in check.deviations if one.insert == insert)
    return found


def with_reading(calibration: Calibration, name: str, **changes: Any) -> Calibration:
    readings = tuple(
        replace(one, **changes) if one.name == name else one
        for one in calibration.readings
    )
    return replace(calibration, readings=readings)


def test_a_scan_has_not_changed_since_itself(calibrated: Calibration) -> None:
    checked = check_constancy(calibrated, baseline_of(calibrated, "then.json"), SEED)
    check = checked.constancy
    assert check is not None
    assert [one.change_hu for one in check.deviations] == [0.0] * 8
    assert check.pearson_r == pytest.approx(1)
    assert check.scope_differences == ()
    assert checked.verdict is Verdict.PASS
    assert checked.passed
    assert (check.baseline, check.tolerances) == ("then.json", "seed")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [(49.0, Verdict.PASS), (-49.0, Verdict.PASS), (51.0, Verdict.FAIL)],
)
def test_the_change_is_today_minus_the_baseline(
    calibrated: Calibration, change: float, verdict: Verdict
) -> None:
    """The seed's profile allows Teflon 50 HU."""
    was = calibrated.reading_of("teflon").mean_hu
    today = with_reading(calibrated, "teflon", mean_hu=was + change)
    checked = check_constancy(today, baseline_of(calibrated, "then"), SEED)
    assert checked.constancy is not None
    assert of(checked.constancy, "teflon").change_hu == pytest.approx(change)
    assert checked.verdict is verdict
    assert checked.passed == (verdict is Verdict.PASS)


def test_between_tolerance_and_action_level_a_change_calls_for_action(
    calibrated: Calibration,
) -> None:
    """The dose profile: acrylic passes up to 11 HU and fails beyond 22 HU."""
    dose = load_tolerances("dose")
    was = calibrated.reading_of("acrylic").mean_hu
    for change, verdict in ((10.9, "pass"), (15.0, "action"), (22.1, "fail")):
        today = with_reading(calibrated, "acrylic", mean_hu=was + change)
        checked = check_constancy(today, baseline_of(calibrated, "then"), dose)
        assert checked.verdict == verdict


SCOPES: list[tuple[dict[str, Any], str]] = [
    ({"manufacturer": "Another"}, "manufacturer Another then, Kerma now"),
    ({"model": "Old"}, "model Old then, Virtual scanner now"),
    ({"kv": 100.0}, r"kv 100\.0 then, 120\.0 now"),
    ({"kernel": "Sharp"}, "kernel Sharp then, Gaussian now"),
    ({"phantom": "cirs062m"}, "phantom cirs062m then, catphan504 now"),
    ({"phantom_serial_number": "CAT-2"}, "serial number CAT-2 then, CAT-1 now"),
]


@pytest.mark.parametrize(("scope", "words"), SCOPES)
def test_another_condition_is_refused_with_both_values(
    calibrated: Calibration, scope: dict[str, Any], words: str
) -> None:
    baseline = baseline_of(calibrated, "then.json")
    other = replace(baseline, scope=replace(baseline.scope, **scope))
    with pytest.raises(ScopeError, match=f"then.json cannot be compared: .*{words}"):
        check_constancy(calibrated, other, SEED)


@pytest.mark.parametrize(("scope", "words"), SCOPES)
def test_any_scope_compares_all_the_same_and_says_so(
    calibrated: Calibration, scope: dict[str, Any], words: str
) -> None:
    baseline = baseline_of(calibrated, "then.json")
    other = replace(baseline, scope=replace(baseline.scope, **scope))
    check = constancy_of(calibrated, other, any_scope=True)
    assert len(check.scope_differences) == 1
    assert words.replace("\\", "") in check.scope_differences[0]


def test_every_condition_of_the_scan_is_in_its_scope(calibrated: Calibration) -> None:
    made = replace(calibrated.acquisition, station="CT1", serial_number="77")
    scope = scope_of(replace(calibrated, acquisition=made))
    assert scope == Scope(
        manufacturer="Kerma",
        model="Virtual scanner",
        station="CT1",
        scanner_serial_number="77",
        kv=120.0,
        kernel="Gaussian",
        phantom="catphan504",
        phantom_serial_number="CAT-1",
    )


def test_an_unknown_condition_is_no_difference(calibrated: Calibration) -> None:
    baseline = replace(baseline_of(calibrated, "then"), scope=Scope())
    assert constancy_of(calibrated, baseline).verdict is Verdict.PASS


def without(baseline: Baseline, name: str) -> Baseline:
    means = {key: hu for key, hu in baseline.mean_hu.items() if key != name}
    return replace(baseline, mean_hu=means)


def test_an_insert_that_the_baseline_lacks_is_inconclusive(
    calibrated: Calibration,
) -> None:
    baseline = without(baseline_of(calibrated, "then"), "ldpe")
    checked = check_constancy(calibrated, baseline, SEED)
    assert checked.constancy is not None
    found = of(checked.constancy, "ldpe")
    assert (found.verdict, found.reason) == ("inconclusive", "not in the baseline")
    assert found.change_hu is None
    assert checked.verdict is Verdict.INCONCLUSIVE
    assert not checked.passed


def test_an_insert_that_only_the_baseline_has_is_inconclusive(
    calibrated: Calibration,
) -> None:
    baseline = baseline_of(calibrated, "then")
    more = replace(baseline, mean_hu={**baseline.mean_hu, "titanium": 3000.0})
    check = constancy_of(calibrated, more)
    assert of(check, "titanium").reason == "in the baseline, but not in this phantom"
    assert check.verdict is Verdict.INCONCLUSIVE


def test_an_insert_out_of_view_today_is_inconclusive(calibrated: Calibration) -> None:
    kept = tuple(one for one in calibrated.readings if one.name != "pmp")
    today = replace(calibrated, readings=kept, unseen=("pmp",))
    check = constancy_of(today, baseline_of(calibrated, "then"))
    assert of(check, "pmp").reason == "not in view today"
    assert check.verdict is Verdict.INCONCLUSIVE


def test_a_doubtful_insert_is_not_compared(calibrated: Calibration) -> None:
    """Today with its remark, in the baseline as not confirmed."""
    doubtful = with_reading(
        calibrated, "delrin", identity=Identity.SWAPPED, remark="reads like Teflon"
    )
    now = of(constancy_of(doubtful, baseline_of(calibrated, "then")), "delrin")
    assert (now.change_hu, now.reason) == (None, "reads like Teflon")
    then = of(constancy_of(calibrated, baseline_of(doubtful, "then")), "delrin")
    assert (then.change_hu, then.reason) == (None, "was not confirmed in the baseline")


def test_a_material_that_the_profile_does_not_judge_is_inconclusive(
    calibrated: Calibration,
) -> None:
    few = Tolerances("few", "made up", {"water": 5.0})
    found = of(constancy_of(calibrated, baseline_of(calibrated, "then"), few), "pmp")
    assert found.change_hu == 0
    assert found.reason == "no tolerance for pmp"
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_change_vaguer_than_its_tolerance_is_inconclusive(
    calibrated: Calibration,
) -> None:
    """Twice the root of the sum of both variances, 2 √(u² + u²)."""
    u = calibrated.reading_of("acrylic").uncertainty.measurement_hu
    vague = 2 * 2**0.5 * u
    baseline = baseline_of(calibrated, "then")
    tight = Tolerances("tight", "", {"acrylic": 0.99 * vague}, other_tolerance_hu=1e3)
    wide = Tolerances("wide", "", {"acrylic": 1.01 * vague}, other_tolerance_hu=1e3)
    found = of(constancy_of(calibrated, baseline, tight), "acrylic")
    assert found.uncertainty_hu == pytest.approx(vague)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.startswith("the change is uncertain by")
    assert of(constancy_of(calibrated, baseline, wide), "acrylic").verdict == "pass"


def test_a_baseline_may_use_the_names_of_the_first_scripts(
    calibrated: Calibration,
) -> None:
    """One row for both air holes, PMP under the name foam, the phantom as ctp404."""
    means = {
        one.seed_name: one.mean_hu
        for one in calibrated.readings
        if one.name != "air_bottom"
    }
    baseline = Baseline("old.csv", means, {}, Scope(phantom="catphan_ctp404"))
    check = constancy_of(calibrated, baseline)
    assert len(check.deviations) == 8
    assert of(check, "pmp").change_hu == 0
    top, bottom = (calibrated.reading_of(f"air_{end}") for end in ("top", "bottom"))
    expected = bottom.mean_hu - top.mean_hu
    assert of(check, "air_bottom").change_hu == pytest.approx(expected)
    assert check.verdict is Verdict.PASS
    assert check.pearson_r == pytest.approx(1, abs=1e-6)
    assert check.scope_differences == ()


def test_the_tolerance_may_use_the_names_of_the_first_scripts(
    calibrated: Calibration,
) -> None:
    """PMP is judged as foam, its name there: 50 HU."""
    found = of(constancy_of(calibrated, baseline_of(calibrated, "then")), "pmp")
    assert found.tolerance_hu == 50


def test_two_common_inserts_have_no_correlation(calibrated: Calibration) -> None:
    means = {"teflon": 990.0, "pmp": -196.0}
    baseline = Baseline("few.csv", means, {}, Scope())
    assert constancy_of(calibrated, baseline).pearson_r is None
