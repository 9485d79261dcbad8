"""One series of comparable results, period by period, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.workflows.ct_calibration.constancy import Deviation, Tolerances
from kerma.workflows.ct_calibration.history.causes import (
    Cause,
    explain_change,
    kv_slope,
)
from kerma.workflows.ct_calibration.history.changes import Stretch, stretches
from kerma.workflows.ct_calibration.history.charts import individuals_limits
from kerma.workflows.ct_calibration.history.forecast import Drift, drift_of
from kerma.workflows.ct_calibration.history.hotelling import TSquared, t_squared
from kerma.workflows.ct_calibration.history.readings import (
    Readings,
    merged_by_material,
    readings_of,
)
from kerma.workflows.ct_calibration.history.repeatability import (
    ASSUMED_HU,
    repeatability,
)
from kerma.workflows.ct_calibration.history.result import (
    Alarm,
    InsertHistory,
    Numbers,
    Period,
    SeriesHistory,
)
from kerma.workflows.ct_calibration.history.series import PastResult
from kerma.workflows.ct_calibration.history.validity import AcceptedBaseline
from kerma.workflows.ct_calibration.history.watching import (
    ChartLimits,
    Rules,
    Watch,
    chart_limits,
    watch,
)

__all__ = ["assemble"]

_RESULTS_FOR_A_SPREAD = 6
_DRIFT_CONFIDENCE = 0.99  # for all inserts together


def assemble(
    results: Sequence[PastResult],
    tolerances: Tolerances,
    *,
    phantom: Phantom | None,
    baselines: Sequence[AcceptedBaseline],
    rules: Rules,
) -> SeriesHistory:
    """Chart results that can be compared, in order of time.

    Parameters
    ----------
    results
        Two at least.
    tolerances
        How much each material may change.
    phantom
        Its model; without it the pattern of the tube voltage is not tried.
    baselines
        New baselines of this scanner, by date.
    rules
        Of the charts.
    """
    series = readings_of(results)
    periods = _periods(results, baselines)
    limits = chart_limits(len(series.names), rules)
    spans = _spans(periods, len(results))
    watches = _watches(series, spans, limits, rules)
    charted = [
        _all_together(series, span, one, rules)
        for span, one in zip(spans, watches, strict=True)
    ]
    divided = tuple(one for span in spans for one in _divided(series, span))
    last = spans[-1]
    deviations = [
        _deviation(series, place, last.start, tolerances)
        for place in range(len(series.names))
    ]
    return SeriesHistory(
        scope=results[0].accepted.scope,
        dates=tuple(one.day for one in results),
        files=tuple(one.file for one in results),
        periods=periods,
        limits=limits,
        inserts=_inserts(series, watches, charted, deviations, last, divided[-1]),
        materials=tuple(merged_by_material(series)),
        t_squared=tuple(value for one in charted for value in one.t_squared),
        t_squared_reason=charted[-1].reason,
        alarms=_alarms(series, spans, watches, charted),
        causes=_causes(results, series, spans, charted, phantom),
        stretches=divided,
        notes=_notes(results, phantom),
    )


def _periods(
    results: Sequence[PastResult], baselines: Sequence[AcceptedBaseline]
) -> tuple[Period, ...]:
    """From baseline to baseline; a baseline after the last result has no period."""
    days = [one.day for one in results]
    periods = [Period(0)]
    for one in baselines:
        first = next((k for k, day in enumerate(days) if day >= one.valid_from), None)
        if first is None:
            continue
        period = Period(first, one.reason, one.who)
        if first == periods[-1].first:
            periods.pop()  # no result between the two: the later one counts
        periods.append(period)
    return tuple(periods)


def _spans(periods: Sequence[Period], count: int) -> list[slice]:
    starts = [period.first for period in periods]
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], count], strict=True)]


def _watches(
    series: Readings, spans: Sequence[slice], limits: ChartLimits, rules: Rules
) -> list[Watch]:
    """The charts of each period; the spread of one is expected of the next."""
    prior: FloatArray = np.hypot(series.typical_reading_hu, ASSUMED_HU)
    watches = []
    for span in spans:
        one = watch(series.hu[span], limits, rules, prior_sd_hu=prior)
        watches.append(one)
        values = series.hu[span][one.accepted]
        if len(values) >= _RESULTS_FOR_A_SPREAD and not np.isnan(values).any():
            prior = values.std(axis=0, ddof=1)
    return watches


@dataclass(frozen=True, eq=False)
class _Together:
    """Hotelling's statistic of one period, and what it leaves accepted."""

    t_squared: tuple[TSquared | None, ...]
    alarm: BoolArray
    accepted: BoolArray
    reason: str


def _all_together(series: Readings, span: slice, one: Watch, rules: Rules) -> _Together:
    values = np.column_stack(
        [
            series.hu[span][:, places].mean(axis=1)
            for places in merged_by_material(series).values()
        ]
    )
    complete = ~np.isnan(values).any(axis=1)
    accepted = one.accepted.copy()
    found: list[TSquared | None] = []
    reason = ""
    for k, row in enumerate(values):
        now = None
        try:
            if complete[k]:
                earlier = values[:k][(accepted & complete)[:k]]
                now, reason = t_squared(row, earlier, run_length=rules.run_length), ""
            else:
                reason = "An insert was not measured."
        except InputError as error:
            reason = str(error)
        accepted[k] &= now is None or now.value <= now.limit
        found.append(now)
    alarm = np.array([one is not None and one.value > one.limit for one in found])
    return _Together(tuple(found), alarm, accepted, reason)


def _divided(series: Readings, span: slice) -> list[Stretch]:
    """Levels and drifts of a period, by their place in the series."""
    complete = ~np.isnan(series.hu[span]).any(axis=1)
    places = np.arange(span.start, span.stop)[complete]
    if not len(places):
        return [Stretch(span.start, drifting=False)]
    values = series.hu[places]
    covariance = repeatability(values, series.typical_reading_hu)
    found = stretches(values, series.days[places], covariance)
    return [
        replace(one, first=int(places[one.first]) if one.first else span.start)
        for one in found
    ]


def _deviation(
    series: Readings, place: int, first: int, tolerances: Tolerances
) -> Deviation:
    """The last result of an insert against the first of its period."""
    keys = series.materials[place]
    limits = tolerances.of(*keys)
    then = np.flatnonzero(~np.isnan(series.hu[first:-1, place]))
    change = uncertainty = None
    reason = "" if limits else f"no tolerance for {keys[0]}"
    if np.isnan(series.hu[-1, place]):
        reason = "not measured in the last result"
    elif not then.size:
        reason = "not measured before the last result"
    else:
        k = first + int(then[0])
        change = float(series.hu[-1, place] - series.hu[k, place])
        read = np.nan_to_num(series.reading_hu[[k, -1], place])
        uncertainty = 2 * float(np.hypot(*read))
    return Deviation(
        insert=series.names[place],
        material=keys[0],
        change_hu=change,
        uncertainty_hu=uncertainty,
        tolerance_hu=limits[0] if limits else None,
        action_hu=limits[1] if limits else None,
        reason=reason,
    )


def _inserts(
    series: Readings,
    watches: Sequence[Watch],
    charted: Sequence[_Together],
    deviations: Sequence[Deviation],
    last: slice,
    now: Stretch,
) -> tuple[InsertHistory, ...]:
    stacked = {
        name: np.concatenate([getattr(one, name) for one in watches])
        for name in (
            "score",
            "center",
            "half_width",
            "average",
            "average_limit",
            "sums",
        )
    }
    histories = []
    for place, name in enumerate(series.names):
        own = series.hu[last][charted[-1].accepted][:, place]
        own = own[~np.isnan(own)]
        histories.append(
            InsertHistory(
                insert=name,
                material=series.materials[place][0],
                hu=_numbers(series.hu[:, place]),
                score=_numbers(stacked["score"][:, place]),
                center_hu=_numbers(stacked["center"][:, place]),
                half_width_hu=_numbers(stacked["half_width"][:, place]),
                average=_numbers(stacked["average"][:, place]),
                average_limit=_numbers(stacked["average_limit"][:, place]),
                upper_sum=_numbers(stacked["sums"][:, 0, place]),
                lower_sum=_numbers(stacked["sums"][:, 1, place]),
                individuals=individuals_limits(own) if len(own) > 1 else None,
                drift=_drift(series, place, now.first, deviations[place]),
                deviation=deviations[place],
            )
        )
    return tuple(histories)


def _drift(
    series: Readings, place: int, since: int, deviation: Deviation
) -> Drift | None:
    values = series.hu[since:, place]
    seen = ~np.isnan(values)
    limits = None
    tolerance, change = deviation.tolerance_hu, deviation.change_hu
    if tolerance is not None and change is not None:
        baseline = float(series.hu[-1, place]) - change
        limits = (baseline - tolerance, baseline + tolerance)
    return drift_of(
        series.days[since:][seen],
        values[seen],
        confidence=1 - (1 - _DRIFT_CONFIDENCE) / len(series.names),
        limits_hu=limits,
    )


def _numbers(values: FloatArray) -> Numbers:
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _alarms(
    series: Readings,
    spans: Sequence[slice],
    watches: Sequence[Watch],
    charted: Sequence[_Together],
) -> tuple[Alarm, ...]:
    found = []
    for span, one, together in zip(spans, watches, charted, strict=True):
        columns = [
            (chart, name, flags[:, place])
            for chart, flags in one.alarms.items()
            for place, name in enumerate(series.names)
        ]
        columns.append(("T²", "", together.alarm))
        found += [
            Alarm(chart, name, span.start + first, span.start + last)
            for chart, name, flags in columns
            for first, last in _stretches(flags)
        ]
    return tuple(sorted(found, key=lambda alarm: alarm.first))


def _stretches(flags: BoolArray) -> list[tuple[int, int]]:
    """First and last index of each unbroken stretch of flags."""
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _causes(
    results: Sequence[PastResult],
    series: Readings,
    spans: Sequence[slice],
    charted: Sequence[_Together],
    phantom: Phantom | None,
) -> tuple[Cause | None, ...]:
    kv = results[0].accepted.scope.kv
    slopes = np.array([_slope(phantom, keys, kv) for keys in series.materials])
    causes: list[Cause | None] = []
    for span, together in zip(spans, charted, strict=True):
        causes += [
            _cause(series, span, k, together.accepted, slopes)
            for k in range(span.stop - span.start)
        ]
    return tuple(causes)


def _slope(phantom: Phantom | None, keys: Sequence[str], kv: float | None) -> float:
    if phantom is None:
        return 0.0
    for key, material in phantom.materials.items():
        if key in keys or (material.seed_name and material.seed_name in keys):
            return kv_slope(material, kv)
    return 0.0


def _cause(
    series: Readings, span: slice, k: int, accepted: BoolArray, slopes: FloatArray
) -> Cause | None:
    """What explains one result against those accepted before it in its period."""
    before = accepted.copy()
    before[k:] = False
    new = series.hu[span][k]
    earlier = series.hu[span][before]
    seen = ~np.isnan(new) & (~np.isnan(earlier)).any(axis=0)
    if seen.sum() < 3:
        return None
    complete = earlier[:, seen][~np.isnan(earlier[:, seen]).any(axis=1)]
    if not len(complete):
        return None
    center = complete.mean(axis=0)
    spread = repeatability(complete, series.typical_reading_hu[seen])
    names = [name for name, kept in zip(series.names, seen, strict=True) if kept]
    return explain_change(
        new[seen] - center,
        spread * (1 + 1 / len(complete)),
        hu=center,
        kv_slopes=slopes[seen],
        inserts=names,
    )


def _notes(results: Sequence[PastResult], phantom: Phantom | None) -> tuple[str, ...]:
    notes = []
    if phantom is None:
        notes.append(
            f"The model of {results[0].accepted.scope.phantom or 'this phantom'} is not "
            f"known, so a change of tube voltage is not among the causes tried."
        )
    same_day = len(results) - len({one.day for one in results})
    if same_day:
        notes.append(f"{same_day} of the results share their day with another.")
    return tuple(notes)
