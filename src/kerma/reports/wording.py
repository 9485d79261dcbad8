"""What a calibration's report says in sentences."""

from __future__ import annotations

from kerma.core.result import Verdict
from kerma.reports.page import number
from kerma.workflows.ct_calibration.constancy import Constancy
from kerma.workflows.ct_calibration.figures.style import words
from kerma.workflows.ct_calibration.result import Calibration, Recognition

__all__ = ["recognition_sentences", "verdict_reason"]


def verdict_reason(calibration: Calibration) -> str:
    """Say in one sentence why the verdict is what it is."""
    constancy, verdict = calibration.constancy, calibration.verdict
    if verdict is Verdict.PASS:
        return _why_it_passes(calibration)
    if verdict is Verdict.FAIL:
        beyond = f"beyond the limit since the baseline: {_changed(constancy, verdict)}"
        return _sentence([beyond, *_doubts(calibration)])
    if verdict is Verdict.ACTION:
        return (
            f"Beyond tolerance since the baseline, within the action level: "
            f"{_changed(constancy, verdict)}."
        )
    reasons = _doubts(calibration)
    if unjudged := _changed(constancy, verdict):
        reasons.append(f"not to be judged against the baseline: {unjudged}")
    return _sentence(reasons or ["the comparison with the baseline judged no insert"])


def recognition_sentences(recognition: Recognition) -> tuple[str, ...]:
    """Say how sure the phantom is, and what this scan cannot tell."""
    found = f"{recognition.title}, score {number(recognition.score, 3)}"
    if recognition.margin is None:
        sentences = [f"{found}; no other model was tried."]
    else:
        lead = number(recognition.margin, 2)
        sentences = [f"{found}, {lead} in weight ahead of the next model."]
    if recognition.undecided_models:
        others = ", ".join(recognition.undecided_models)
        sentences.append(f"Not to be told apart by this scan: {others}.")
    if recognition.undecided_pairs:
        pairs = (f"{words(a)} and {words(b)}" for a, b in recognition.undecided_pairs)
        sentences.append(
            f"So alike that an exchange would not show: {'; '.join(pairs)}."
        )
    if not recognition.geometry_verified:
        sentences.append("The geometry of this model was not verified.")
    return (*sentences, *([recognition.caveat] if recognition.caveat else []))


def _why_it_passes(calibration: Calibration) -> str:
    text = f"All {len(calibration.readings)} inserts are what this phantom has there"
    if calibration.constancy is None:
        return f"{text}; no baseline was given, so constancy was not checked."
    return f"{text}, and none changed beyond its tolerance since the baseline."


def _doubts(calibration: Calibration) -> list[str]:
    """What of the phantom could not be confirmed."""
    doubts = []
    if calibration.doubtful:
        found = [f"{words(r.name)} ({r.identity})" for r in calibration.doubtful]
        doubts.append(f"not what this phantom has there: {', '.join(found)}")
    if calibration.unseen:
        names = ", ".join(words(name) for name in calibration.unseen)
        doubts.append(f"not wholly in view: {names}")
    return doubts


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _changed(constancy: Constancy | None, verdict: Verdict) -> str:
    """The inserts with this verdict and their change."""
    deviations = () if constancy is None else constancy.deviations
    return ", ".join(
        words(d.insert)
        + ("" if d.change_hu is None else f" ({number(d.change_hu, sign=True)} HU)")
        for d in deviations
        if d.verdict is verdict
    )
