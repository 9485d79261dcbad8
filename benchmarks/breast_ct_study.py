"""Breast CT put to simulated scans whose right answer is known.

``python -m benchmarks.breast_ct_study [NAME...]`` prints the table that the documentation
shows. With ``KERMA_TEST_DATA`` set to the folder of real data, the scans of the VICTRE
phantom are among them; the slow tests hold both against what is asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerma.core.arrays import LabelArray
from kerma.simulation.breast import (
    PRESETS,
    SimulatedBreast,
    VirtualBreastCT,
    simulate_breast,
)
from kerma.workflows.breast_ct import Tissue, segment
from kerma.workflows.breast_ct.flags import Severity

__all__ = ["ASKED", "Case", "Outcome", "own_cases", "run_case", "table", "victre_cases"]

ASKED = {Tissue.MUSCLE: 0.90, Tissue.FOLD: 0.95, Tissue.IMPLANT: 0.97}
"""Least Dice of a case that is right, where the tissue is in view."""

_SHOWN = (
    Tissue.FAT,
    Tissue.GLAND,
    Tissue.SKIN,
    Tissue.MUSCLE,
    Tissue.BONE,
    Tissue.FOLD,
    Tissue.IMPLANT,
)
_MOST_POINTS = 1.0
_LEAST_ML = 0.05  # a tissue of less is not in view
_SCANNERS = {
    "as is": VirtualBreastCT(),
    "noise 15": VirtualBreastCT(noise_hu=15),
    "noise 45": VirtualBreastCT(noise_hu=45),
    "+70 HU": VirtualBreastCT(offset_hu=70),
    "-70 HU": VirtualBreastCT(offset_hu=-70),
    "gain 0.9": VirtualBreastCT(gain=0.9),
    "gain 1.1": VirtualBreastCT(gain=1.1),
    "0.15 mm": VirtualBreastCT(spacing_mm=(0.15, 0.15, 0.15)),
    "0.2 mm": VirtualBreastCT(spacing_mm=(0.2, 0.2, 0.2)),
    "0.5 mm": VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)),
    "0.6 x 0.3 x 0.3 mm": VirtualBreastCT(spacing_mm=(0.6, 0.3, 0.3)),
    "0.3 x 0.3 x 0.6 mm": VirtualBreastCT(spacing_mm=(0.3, 0.3, 0.6)),
    "cylinder": VirtualBreastCT(cylinder=True),
}


@dataclass(frozen=True)
class Case:
    """A scan to make: of a preset, or of the VICTRE phantom in a folder of data."""

    name: str
    scanner: VirtualBreastCT
    preset: str | None = None
    data: Path | None = None
    seed: int = 11

    def scan(self) -> SimulatedBreast:
        """Make it."""
        if self.data is not None:
            from tests.workflows.breast_ct.victre import victre_scan

            return victre_scan(self.data, self.scanner, seed=self.seed)
        return simulate_breast(
            PRESETS[self.preset or "heterogeneous"], self.scanner, seed=self.seed
        )


@dataclass(frozen=True)
class Outcome:
    """How one case ended.

    Parameters
    ----------
    name
        Of the case.
    dice
        By tissue in view; 0 where one was found that is not there.
    truth, found, low, high
        Gland fraction and its 95 % interval.
    skin_error_mm
        Mean thickness found minus true; NaN where either is unknown.
    alarms
        Codes of the flags that ask to look.
    seconds
        CPU time.
    """

    name: str
    dice: dict[Tissue, float]
    truth: float
    found: float
    low: float
    high: float
    skin_error_mm: float
    alarms: tuple[str, ...]
    seconds: float

    @property
    def points(self) -> float:
        """Error of the gland fraction, percentage points."""
        return 100 * (self.found - self.truth)

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high

    @property
    def is_right(self) -> bool:
        """Whether glandularity and the large tissues are as good as asked."""
        good = all(self.dice.get(t, 1.0) >= least for t, least in ASKED.items())
        return good and abs(self.points) <= _MOST_POINTS

    @property
    def is_silent_failure(self) -> bool:
        """Whether it is wrong and no flag asks to look."""
        return not self.is_right and not self.alarms


def own_cases() -> list[Case]:
    """All presets, and a heterogeneous breast on all scanners."""
    plain = VirtualBreastCT()
    return [
        *(Case(name, plain, preset=name) for name in PRESETS),
        *(
            Case(f"{preset}, {title}", scanner, preset=preset)
            for preset in ("heterogeneous", "fatty")
            for title, scanner in _SCANNERS.items()
            if title != "as is"
        ),
    ]


def victre_cases(data: Path) -> list[Case]:
    """The VICTRE phantom on all scanners."""
    return [
        Case(f"VICTRE, {title}", scanner, data=data)
        for title, scanner in _SCANNERS.items()
    ]


def run_case(case: Case) -> Outcome:
    """Make a scan, segment it, and hold it against the truth."""
    scan = case.scan()
    segmented = segment(scan.ct)
    result = segmented.result
    vgf = result.glandularity.vgf
    thick = result.skin.mean_mm
    voxel_ml = float(np.prod(result.spacing_mm)) / 1000
    true_skin = scan.summary.skin_mm
    return Outcome(
        name=case.name,
        dice=dict(_dice(scan.truth.numbers, segmented.numbers, voxel_ml)),
        truth=scan.summary.glandularity or 0.0,
        found=vgf.value,
        low=vgf.low,
        high=vgf.high,
        skin_error_mm=np.nan
        if thick is None or true_skin is None
        else thick - true_skin,
        alarms=tuple(f.code for f in result.flags if f.severity is not Severity.NOTE),
        seconds=sum(segmented.seconds.values()),
    )


def _dice(
    truth: LabelArray, found: LabelArray, voxel_ml: float
) -> Iterable[tuple[Tissue, float]]:
    for tissue in _SHOWN:
        there, here = truth == tissue, found == tissue
        total = np.count_nonzero(there) + np.count_nonzero(here)
        if total * voxel_ml / 2 >= _LEAST_ML:
            yield tissue, 2 * np.count_nonzero(there & here) / total


def table(outcomes: list[Outcome]) -> str:
    """A table in Markdown, and what is asked of all."""
    names = " | ".join(tissue.name.lower() for tissue in _SHOWN)
    rows = [
        f"| case | {names} | truth % | found % | 95 % interval | points | flags | s |",
        "| --- |" + " --- |" * (len(_SHOWN) + 6),
    ]
    for one in outcomes:
        dice = " | ".join(
            f"{one.dice[tissue]:.3f}" if tissue in one.dice else "" for tissue in _SHOWN
        )
        rows.append(
            f"| {one.name} | {dice} | {100 * one.truth:.1f} | {100 * one.found:.1f} | "
            f"{100 * one.low:.1f} to {100 * one.high:.1f} | {one.points:+.2f} | "
            f"{' '.join(one.alarms)} | {one.seconds:.1f} |"
        )
    covered = sum(one.covers for one in outcomes)
    right = sum(one.is_right for one in outcomes)
    silent = [one.name for one in outcomes if one.is_silent_failure]
    told = f"{len(silent)} wrong without a flag{': ' if silent else ''}"
    told += ", ".join(silent)
    count = f"{len(outcomes)} cases: {right} right, {covered} intervals hold the truth"
    return "\n".join([*rows, "", f"{count}, {told}."])


def main(names: list[str]) -> None:
    """Run the cases of these names, two at a time; "VICTRE," stands for all scanners."""
    data = os.environ.get("KERMA_TEST_DATA")
    cases = own_cases() + (victre_cases(Path(data)) if data else [])
    if names:
        many = tuple(name for name in names if name.endswith(","))
        cases = [c for c in cases if c.name in names or c.name.startswith(many)]
    outcomes = []
    with ProcessPoolExecutor(2) as pool:
        for one in pool.map(run_case, cases):
            print(f"{one.name}: {one.points:+.2f} points", file=sys.stderr, flush=True)
            outcomes.append(one)
    print(table(outcomes))


if __name__ == "__main__":
    main(sys.argv[1:])
