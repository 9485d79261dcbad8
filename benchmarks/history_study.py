"""How soon control charts find what happens to a scanner, and how often they cry wolf.

``python -m benchmarks.history_study [REPLICATES]`` prints the tables that the
documentation shows. Each replicate is 36 months of readings: the expected CT numbers of
a phantom, noise of each insert alone and noise that all share, and from month 19 on one
of the stories below. The last lines are scans simulated and calibrated like real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Phantom
from kerma.simulation import (
    HUScale,
    Noise,
    PhantomPlacement,
    Scanner,
    simulate_ct,
    slice_stack,
)
from kerma.workflows.ct_calibration.comparison import baseline_of
from kerma.workflows.ct_calibration.constancy import Baseline, Scope, Tolerances
from kerma.workflows.ct_calibration.history.causes import Pattern, kv_slope
from kerma.workflows.ct_calibration.history.charts import individuals_limits
from kerma.workflows.ct_calibration.history.procedure import watch_history
from kerma.workflows.ct_calibration.history.result import SeriesHistory
from kerma.workflows.ct_calibration.history.series import Loaded, PastResult
from kerma.workflows.ct_calibration.phantoms import (
    choose_phantoms,
    load_tolerances,
    shipped_phantoms,
)
from kerma.workflows.ct_calibration.procedure import calibrate

__all__ = ["STORIES", "Outcome", "past_results", "run_study", "table"]

MONTHS, CHANGE = 36, 18
OWN_HU, COMMON_HU, READING_HU = 0.8, 0.6, 0.6
_FIRST_DAY = date(2022, 1, 10)
_REFERENCE = 12  # results that the textbook's limits are from

# A 1 HU standard deviation in all: 0.8 HU of each insert alone and 0.6 HU together.
Story = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
STORIES: dict[str, Story] = {
    "nothing": lambda since, hu, _: 0 * since * hu,
    "step of 5 HU": lambda since, hu, _: 5.0 * (since > 0) + 0 * hu,
    "drift of 1 HU a month": lambda since, hu, _: since + 0 * hu,
    "3 kV": lambda since, hu, slopes: 3.0 * (since > 0) * slopes + 0 * hu,
    "new tube": lambda since, hu, slopes: (
        1.0 * (since > 0) * (3.0 + 0.006 * hu - 2.0 * slopes)
    ),
}
_TRUE_CAUSES = {
    "step of 5 HU": {Pattern.OFFSET},
    "drift of 1 HU a month": {Pattern.OFFSET},
    "3 kV": {Pattern.TUBE_VOLTAGE},
    "new tube": {Pattern.OFFSET, Pattern.SCALE_FROM_WATER, Pattern.TUBE_VOLTAGE},
}
CHARTS = (
    "seed ±30/40/50 HU",
    "dose tolerances",
    "I-MR, textbook",
    "individuals",
    "EWMA",
    "CUSUM",
    "T²",
    "any of the four",
)


@dataclass(frozen=True)
class Outcome:
    """What one replicate showed: the first alarm of each chart and the named cause."""

    story: str
    first: Mapping[str, int | None]
    cause_named: bool


def past_results(
    phantom: Phantom, story: str, rng: np.random.Generator
) -> tuple[PastResult, ...]:
    """Thirty-six months of readings."""
    names = [insert.name for insert in phantom.inserts]
    materials = [phantom.material_of(insert) for insert in phantom.inserts]
    hu = np.array([material.hu_at(120) for material in materials])
    slopes = np.array([kv_slope(material, 120) for material in materials])
    since = np.maximum(np.arange(MONTHS) - CHANGE + 1, 0)[:, None]
    values = hu + STORIES[story](since, hu, slopes)
    values += rng.normal(0, OWN_HU, values.shape)
    values += rng.normal(0, COMMON_HU, (MONTHS, 1))
    return tuple(
        PastResult(
            file=f"{k:02d}.json",
            day=_FIRST_DAY + timedelta(days=round(30.4 * k)),
            time="",
            accepted=Baseline(
                f"{k:02d}.json",
                dict(zip(names, map(float, row), strict=True)),
                dict.fromkeys(names, READING_HU),
                Scope(kv=120.0, phantom=phantom.name),
            ),
            materials={
                i.name: (i.material, m.seed_name)
                for i, m in zip(phantom.inserts, materials, strict=True)
            },
        )
        for k, row in enumerate(values)
    )


def run_one(phantom: Phantom, story: str, seed: int) -> Outcome:
    """One replicate: when each chart signals first after the change, or at all."""
    rng = np.random.default_rng((2026, seed))
    loaded = Loaded(past_results(phantom, story, rng), (), ())
    dose, fixed = load_tolerances("dose"), load_tolerances("seed")
    series = watch_history(loaded, dose, phantoms=[phantom]).series[0]
    values = np.array([one.hu for one in series.inserts], dtype=float).T
    flags = {
        CHARTS[0]: _beyond(series, values, fixed),
        CHARTS[1]: _beyond(series, values, dose),
        CHARTS[2]: _textbook(values),
    }
    for chart in CHARTS[3:7]:
        flags[chart] = _flags(series, chart)
    flags[CHARTS[7]] = np.any([flags[chart] for chart in CHARTS[3:7]], axis=0)
    start = 0 if story == "nothing" else CHANGE
    first = {
        chart: int(np.argmax(found[start:])) + 1 if found[start:].any() else None
        for chart, found in flags.items()
    }
    cause = series.causes[-1]
    named = {c.pattern for c in cause.components} if cause else set()
    return Outcome(story, first, named == _TRUE_CAUSES.get(story))


def run_study(phantom: Phantom, replicates: int) -> list[Outcome]:
    """All stories, each so often."""
    return [
        run_one(phantom, story, seed) for story in STORIES for seed in range(replicates)
    ]


def table(outcomes: list[Outcome]) -> str:
    """Rows of charts: false alarms in 36 months, and months until each change is seen.

    A chart that finds less than half of the changes within the 18 months left has the
    percentage that it finds in place of a median.
    """
    rows = [
        "| chart | histories with a false alarm | "
        + " | ".join(story for story in STORIES if story != "nothing")
        + " |",
        "| --- " * (len(STORIES) + 1) + "|",
    ]
    for chart in CHARTS:
        cells = []
        for story in STORIES:
            first = [one.first[chart] for one in outcomes if one.story == story]
            found = [month for month in first if month is not None]
            share = 100 * len(found) / len(first)
            if story == "nothing":
                cells.append(f"{share:.0f} %")
            elif share < 50:
                cells.append(f"never ({share:.0f} % found)")
            else:
                months = [MONTHS if month is None else month for month in first]
                cells.append(f"{np.median(months):.0f}")
        rows.append(f"| {chart} | {' | '.join(cells)} |")
    named = [
        f"{100 * np.mean([o.cause_named for o in outcomes if o.story == s]):.0f} %"
        for s in STORIES
        if s != "nothing"
    ]
    rows.append(f"| right cause named at the end | – | {' | '.join(named)} |")
    return "\n".join(rows)


def _beyond(series: SeriesHistory, hu: FloatArray, limits: Tolerances) -> BoolArray:
    """Months beyond fixed limits about the first result."""
    allowed = np.array(
        [(limits.of(one.material) or (np.inf,))[0] for one in series.inserts]
    )
    found: BoolArray = (np.abs(hu - hu[0]) > allowed).any(axis=1)
    return found


def _textbook(hu: FloatArray) -> BoolArray:
    """Months beyond limits from the first year, every insert on its own."""
    found = np.zeros(len(hu), dtype=bool)
    for values in hu.T:
        limits = individuals_limits(values[:_REFERENCE])
        found |= (values < limits.lower) | (values > limits.upper)
        found[1:] |= np.abs(np.diff(values)) > limits.range_upper
    found[:_REFERENCE] = False
    return found


def _flags(series: SeriesHistory, chart: str) -> BoolArray:
    found = np.zeros(MONTHS, dtype=bool)
    for alarm in series.alarms:
        if alarm.chart == chart:
            found[alarm.first : alarm.last + 1] = True
    return found


def scanned(months: int = 8, offset_hu: float = 5.0) -> SeriesHistory:
    """Scans of a Catphan 504, each placed a little differently; the last two shifted."""
    (phantom,) = choose_phantoms("catphan504")
    rng = np.random.default_rng(7)
    results = []
    for k in range(months):
        shifted = k >= months - 2
        scanner = Scanner(
            matrix=(320, 320),
            pixel_mm=(0.7, 0.7),
            slice_positions_mm=slice_stack(20, 2.5),
            psf_mm=0.6,
            noise=Noise(sd_hu=6.0, correlation_px=0.7),
            scale=HUScale(offset_hu=offset_hu * shifted),
        )
        placement = PhantomPlacement(
            center_mm=tuple(map(float, rng.normal(0, 2, 3))),  # type: ignore[arg-type]  # three of them
            roll_deg=float(rng.normal(0, 1)),
        )
        scan = simulate_ct(phantom, placement=placement, scanner=scanner, seed=100 + k)
        found = calibrate(scan.ct, [phantom])
        name = f"scan {k + 1}"
        results.append(
            PastResult(
                name,
                _FIRST_DAY + timedelta(days=30 * k),
                "",
                replace(baseline_of(found, name), name=name),
                {r.name: (r.material, r.seed_name) for r in found.readings},
            )
        )
    loaded = Loaded(tuple(results), (), ())
    return watch_history(
        loaded, load_tolerances("dose"), phantoms=shipped_phantoms()
    ).series[0]


def main() -> None:
    """Print the tables."""
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for name in ("catphan504", "cirs062m"):
        (phantom,) = choose_phantoms(name)
        print(f"\n{phantom.title}, {replicates} replicates of {MONTHS} months\n")
        print(table(run_study(phantom, replicates)))
    series = scanned()
    repeat = [
        np.std(np.array(one.hu[:-2], dtype=float), ddof=1) for one in series.inserts
    ]
    print("\nScans simulated and calibrated, 5 HU more in the last two of eight:")
    print(f"repeatability of an insert {min(repeat):.2f} to {max(repeat):.2f} HU")
    print("\n".join(series.warnings))


if __name__ == "__main__":
    main()
