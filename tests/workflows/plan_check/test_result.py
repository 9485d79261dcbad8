"""The result of a check keeps, counts and tells its findings."""

from __future__ import annotations

from kerma.workflows.plan_check import Finding, PlanCheck, PlanContent, Severity

WARNING = Finding(Severity.WARNING, "tilted gantry", "It leans.", "Resample.", 1)
NOTE = Finding(Severity.NOTE, "several plans", "There are 2 plans.")


def test_notes_alone_pass() -> None:
    assert PlanCheck(contents=(), findings=(NOTE,)).passed
    assert not PlanCheck(contents=(), findings=(NOTE, WARNING)).passed


def test_it_comes_back_from_json() -> None:
    result = PlanCheck(
        contents=(PlanContent(1, slices=3, doses=2),), findings=(WARNING, NOTE)
    )
    assert PlanCheck.from_json(result.to_json()) == result


def test_the_summary_tells_all() -> None:
    contents = (PlanContent(1, slices=3, structures=0, doses=2), PlanContent(2))
    text = PlanCheck(contents=contents, findings=(WARNING, NOTE)).summary()
    assert "Set 1: 3 CT slices, 0 structures, 2 doses" in text
    assert "Set 2: nothing that can be read" in text
    assert "WARNING (set 1, tilted gantry)\n  It leans.\n  → Resample." in text
    assert text.endswith("Needs attention: 0 errors, 1 warning, 1 note.")
