from __future__ import annotations

import dataclasses

from kerma.core.result import Verdict
from kerma.reports.wording import recognition_sentences, verdict_reason
from kerma.workflows.ct_calibration.result import Calibration


def with_rows(checked: Calibration, *inserts: str) -> Calibration:
    """Only these rows of the constancy check."""
    assert checked.constancy is not None
    rows = tuple(d for d in checked.constancy.deviations if d.insert in inserts)
    kept = dataclasses.replace(checked.constancy, deviations=rows)
    return dataclasses.replace(checked, constancy=kept)


def test_a_failure_names_the_insert_and_its_change(checked: Calibration) -> None:
    assert checked.verdict is Verdict.FAIL
    reason = "Beyond the limit since the baseline: Delrin (+62.5 HU)."
    assert verdict_reason(checked) == reason


def test_a_failure_names_the_doubtful_inserts_too(
    checked: Calibration, swapped: Calibration
) -> None:
    both = dataclasses.replace(swapped, constancy=checked.constancy)
    assert verdict_reason(both) == (
        "Beyond the limit since the baseline: Delrin (+62.5 HU); not what this phantom "
        "has there: Teflon (swapped), Delrin (swapped)."
    )


def test_an_action_names_the_insert_and_its_change(checked: Calibration) -> None:
    result = with_rows(checked, "teflon", "acrylic")
    assert result.verdict is Verdict.ACTION
    assert verdict_reason(result).endswith("action level: Teflon (−31.4 HU).")


def test_a_pass_without_a_baseline_says_that_constancy_was_not_checked(
    calibration: Calibration,
) -> None:
    assert verdict_reason(calibration).startswith("All 8 inserts")
    assert "constancy was not checked" in verdict_reason(calibration)


def test_a_pass_with_a_baseline_says_so(checked: Calibration) -> None:
    result = with_rows(checked, "acrylic", "air_top")
    assert "none changed beyond its tolerance" in verdict_reason(result)


def test_swapped_inserts_are_named(swapped: Calibration) -> None:
    assert verdict_reason(swapped) == (
        "Not what this phantom has there: Teflon (swapped), Delrin (swapped)."
    )


def test_inserts_out_of_view_are_named(calibration: Calibration) -> None:
    cut = dataclasses.replace(calibration, unseen=("air_top", "pmp"))
    assert cut.verdict is Verdict.INCONCLUSIVE
    assert verdict_reason(cut) == "Not wholly in view: Air top, PMP."


def test_what_could_not_be_compared_is_named(checked: Calibration) -> None:
    result = with_rows(checked, "ldpe", "pmp")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert verdict_reason(result) == (
        "Not to be judged against the baseline: LDPE, PMP (−3.1 HU)."
    )


def test_a_check_without_inserts_is_no_pass(checked: Calibration) -> None:
    result = with_rows(checked)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "judged no insert" in verdict_reason(result)


def test_what_the_scan_cannot_tell_is_said(calibration: Calibration) -> None:
    text = " ".join(recognition_sentences(calibration.recognition))
    assert "Not to be told apart by this scan: catphan503." in text
    assert "exchange would not show: LDPE and Polystyrene." in text
    assert "not verified" not in text


def test_an_unverified_geometry_and_its_caveat_are_said(
    calibration: Calibration,
) -> None:
    found = dataclasses.replace(
        calibration.recognition,
        geometry_verified=False,
        caveat="Measure it first.",
        margin=None,
    )
    text = " ".join(recognition_sentences(found))
    assert "no other model was tried" in text
    assert text.endswith("was not verified. Measure it first.")
