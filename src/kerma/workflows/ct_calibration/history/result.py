"""What the history of a scanner's calibrations shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from kerma.core.result import Result, Verdict
from kerma.core.wording import counted
from kerma.workflows.ct_calibration.constancy import Deviation, Scope
from kerma.workflows.ct_calibration.history.causes import Cause
from kerma.workflows.ct_calibration.history.changes import Stretch
from kerma.workflows.ct_calibration.history.charts import IndividualsLimits
from kerma.workflows.ct_calibration.history.forecast import Drift
from kerma.workflows.ct_calibration.history.hotelling import TSquared
from kerma.workflows.ct_calibration.history.series import LeftOut
from kerma.workflows.ct_calibration.history.watching import ChartLimits, Rules

__all__ = [
    "Alarm",
    "History",
    "InsertHistory",
    "Period",
    "SeriesHistory",
    "scope_words",
]

Numbers = tuple[float | None, ...]

_ORDER = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ACTION, Verdict.PASS)


@dataclass(frozen=True)
class Period:
    """Results that are held against each other: from one baseline to the next.

    Parameters
    ----------
    first
        Index of its first result.
    reason, who
        Why a new baseline was accepted, and by whom; empty for the first period.
    """

    first: int
    reason: str = ""
    who: str = ""


@dataclass(frozen=True)
class Alarm:
    """One chart that signals, from its first result to its last without a break.

    Parameters
    ----------
    chart
        Which chart.
    insert
        Which insert; empty for the chart of all.
    first, last
        Index of the results.
    """

    chart: str
    insert: str
    first: int
    last: int


@dataclass(frozen=True)
class InsertHistory:
    """One insert; the tuples have one entry for each result, ``None`` for none.

    Parameters
    ----------
    insert, material
        Its name, and the key of its material.
    hu
        CT numbers, HU.
    score
        The new value in standard deviations, by what was known before it.
    center_hu, half_width_hu
        Mean of the values before, and the limit of the individuals chart about it.
    average, average_limit
        Moving average of the scores and its limit.
    upper_sum, lower_sum
        Cumulative sums of the scores.
    individuals
        Textbook limits from the accepted results of the last period; ``None`` with
        fewer than two.
    drift
        Since the last step; ``None`` with too few results.
    deviation
        The last result against the first of its period, with the tolerance.
    """

    insert: str
    material: str
    hu: Numbers
    score: Numbers
    center_hu: Numbers
    half_width_hu: Numbers
    average: Numbers
    average_limit: Numbers
    upper_sum: Numbers
    lower_sum: Numbers
    individuals: IndividualsLimits | None
    drift: Drift | None
    deviation: Deviation


@dataclass(frozen=True)
class SeriesHistory:
    """The results of one scanner, tube voltage, kernel and phantom.

    Parameters
    ----------
    scope
        Under which conditions.
    dates, files
        Day of each result, and its file.
    periods
        From baseline to baseline.
    limits
        Of the charts.
    inserts
        One for each.
    materials
        What the chart of all inserts goes by; inserts of one material are averaged.
    t_squared
        Hotelling's statistic of each result; ``None`` where it could not be had.
    t_squared_reason
        Why the last result has none.
    alarms
        By first result.
    causes
        What explains the change of each result against those accepted before it.
    stretches
        Levels and drifts; each period begins one.
    notes
        What was odd.
    """

    scope: Scope
    dates: tuple[date, ...]
    files: tuple[str, ...]
    periods: tuple[Period, ...]
    limits: ChartLimits
    inserts: tuple[InsertHistory, ...]
    materials: tuple[str, ...]
    t_squared: tuple[TSquared | None, ...]
    t_squared_reason: str
    alarms: tuple[Alarm, ...]
    causes: tuple[Cause | None, ...]
    stretches: tuple[Stretch, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The last result against the tolerances; the charts take no part in it."""
        verdicts = {one.deviation.verdict for one in self.inserts}
        return next(verdict for verdict in _ORDER if verdict in verdicts)

    @property
    def active_alarms(self) -> tuple[Alarm, ...]:
        """The alarms that the last result still raises."""
        return tuple(one for one in self.alarms if one.last == len(self.dates) - 1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the statistics say of the scanner as it is now, one sentence each."""
        told = [*self._signals(), *self._changes(), *self._drifts()]
        cause = self.causes[-1]
        if told and cause is not None and cause.components:
            told.append(f"Likely cause: {cause.sentence}")
        return tuple(told)

    def _signals(self) -> list[str]:
        """Which charts signal at the last result, for which inserts, since when."""
        alarms = self.active_alarms
        if not alarms:
            return []
        names = list(dict.fromkeys(one.insert for one in alarms if one.insert))
        charts = list(dict.fromkeys(one.chart for one in alarms))
        where = (
            f"for {len(names)} of {len(self.inserts)} inserts"
            if len(names) > 3
            else f"for {', '.join(names)}"
            if names
            else "for all inserts together"
        )
        since = self.dates[min(one.first for one in alarms)]
        return [f"The charts signal {where} since {since} ({', '.join(charts)})."]

    def _drifts(self) -> list[str]:
        """How fast, and which insert is the next to reach its tolerance, when."""
        drifts = {
            one.insert: one.drift
            for one in self.inserts
            if one.drift is not None and one.drift.is_drifting
        }
        if not drifts:
            return []
        slopes = [drift.hu_per_year for drift in drifts.values()]
        fast = f"{min(slopes):+.1f}"
        if len(slopes) > 1:
            fast += f" to {max(slopes):+.1f}"
        who = ", ".join(drifts) if len(drifts) < 4 else counted(len(drifts), "insert")
        text = f"Drift of {who} by {fast} HU a year"
        coming = {name: one for name, one in drifts.items() if one.days_to_limit}
        if coming:
            name = min(coming, key=lambda one: coming[one].days_to_limit or 0.0)
            first = coming[name]
            text += (
                f"; {name} is the next to reach its tolerance, in "
                f"{first.days_to_limit:.0f} days ({first.soonest_days:.0f} to "
                f"{first.latest_days:.0f})"
            )
        return [f"{text}."]

    def _changes(self) -> list[str]:
        """Steps and drifts of the last period that no baseline stands for."""
        start = self.periods[-1].first
        changed = [
            one
            for one in self.stretches
            if one.first > start or (one.first == start and one.drifting)
        ]
        return [_changed(self.dates[one.first], one) for one in changed]


@dataclass(frozen=True, kw_only=True)
class History(Result):
    """The history of CT calibrations, with its charts and what they say.

    Parameters
    ----------
    series
        Results that can be compared, the longest series first.
    apart
        Results that can be compared with no other.
    skipped, duplicates
        Files that are no result, or hold one once more.
    tolerances
        Name of the tolerance profile.
    rules
        Of the charts.
    """

    kind: ClassVar[str] = "ct_calibration_history/1"

    series: tuple[SeriesHistory, ...]
    apart: tuple[LeftOut, ...]
    skipped: tuple[LeftOut, ...]
    duplicates: tuple[LeftOut, ...]
    tolerances: str
    rules: Rules

    @property
    def verdict(self) -> Verdict:
        """The worst of all series; inconclusive where no two results compare."""
        verdicts = {one.verdict for one in self.series} or {Verdict.INCONCLUSIVE}
        return next(verdict for verdict in _ORDER if verdict in verdicts)

    @property
    def passed(self) -> bool:
        """Whether every scanner is within its tolerances now, warnings or not."""
        return self.verdict is Verdict.PASS

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return sum(len(one.warnings) for one in self.series)

    def summary(self) -> str:
        """A few lines for each series, and the verdict."""
        rows: list[str] = []
        for one in self.series:
            held = f"{counted(len(one.dates), 'result')}, {one.dates[0]} to {one.dates[-1]}"
            rows.append(f"{scope_words(one.scope)}: {held}: {one.verdict}")
            rows += [f"  {_change(insert)}" for insert in one.inserts]
            rows += [f"  warning: {text}" for text in one.warnings]
            rows += [f"  note: {text}" for text in one.notes]
        rows += [f"apart: {left.file}: {left.reason}" for left in self.apart]
        rows += [f"skipped: {left.file}: {left.reason}" for left in self.skipped]
        rows += [f"twice: {left.file}: {left.reason}" for left in self.duplicates]
        told = f", {counted(self.warnings, 'warning')}" if self.warnings else ""
        return "\n".join([*rows, f"{self.verdict.upper()}{told}"])


def scope_words(scope: Scope) -> str:
    """The conditions in a few words, what is unknown left out."""
    scanner = scope.station or " ".join(
        word for word in (scope.manufacturer, scope.model) if word
    )
    serial = scope.phantom_serial_number
    parts = (
        scanner,
        f"{scope.kv:g} kV" if scope.kv is not None else "",
        scope.kernel,
        scope.phantom,
        f"no. {serial}" if serial else "",
    )
    return ", ".join(part for part in parts if part) or "unknown conditions"


def _changed(day: date, stretch: Stretch) -> str:
    if stretch.drifting:
        return f"The CT numbers began to drift about {day}."
    return (
        f"The CT numbers stepped about {day}, and no new baseline was recorded for it."
    )


def _change(one: InsertHistory) -> str:
    """One insert of the last result against its baseline, in a line."""
    d = one.deviation
    change = "       -   " if d.change_hu is None else f"{d.change_hu:+8.1f} HU"
    tolerance = "-" if d.tolerance_hu is None else f"{d.tolerance_hu:g}"
    reason = f": {d.reason}" if d.reason else ""
    return f"{one.insert:<20} {change}  (±{tolerance})  {d.verdict}{reason}"
