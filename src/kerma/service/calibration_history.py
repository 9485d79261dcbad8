"""The history of CT calibrations, from plain values."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from kerma import __version__
from kerma.core.provenance import Provenance
from kerma.workflows.ct_calibration.history import (
    BaselineLog,
    History,
    Rules,
    load_history,
    read_baseline_log,
    watch_history,
)
from kerma.workflows.ct_calibration.history.charts import RunRules
from kerma.workflows.ct_calibration.phantoms import choose_phantoms, load_tolerances

__all__ = ["calibration_history"]

_log = logging.getLogger(__name__)


def calibration_history(
    folder: Path,
    *,
    tolerances: str = "dose",
    baselines: Path | None = None,
    phantom: str = "auto",
    runs: RunRules = "none",
    run_length: float = 370.0,
    out: Path | None = None,
    overwrite: bool = False,
) -> History:
    """Chart the results of every month and say what has changed, and why.

    Parameters
    ----------
    folder
        Where the results are kept, as JSON or CSV, below it too; or one of them.
    tolerances
        Name of a tolerance profile, or the file of your own.
    baselines
        Log of new baselines, TOML.
    phantom
        "auto", the name of a phantom, or the file of your own: its expected CT numbers
        show what a change of tube voltage does.
    runs
        Rules on runs: "none", "western-electric" or "nelson".
    run_length
        Results from one false alarm of a chart to the next, on average.
    out
        Folder for the report; nothing is written without it.
    overwrite
        Replace an earlier report.

    Raises
    ------
    InputError
        There is no result, a file cannot be used, or the report cannot be written.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    rules = Rules(run_length=run_length, runs=runs)
    limits = load_tolerances(tolerances)
    log = read_baseline_log(baselines) if baselines else BaselineLog()
    result = watch_history(
        load_history(folder),
        limits,
        phantoms=choose_phantoms(phantom),
        baselines=log,
        rules=rules,
    )
    parameters = {
        "tolerances": limits.name,
        "baselines": baselines.name if baselines else "",
        "phantom": phantom,
        "runs": runs,
        "run_length": f"{run_length:g}",
    }
    result = result.with_provenance(
        Provenance(
            kerma_version=__version__,
            procedure="ct-calibration-history",
            parameters=tuple(parameters.items()),
            inputs=(),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        )
    )
    if out is not None:
        from kerma.reports.history import report_history  # figures are slow to load

        problem = report_history(result, out, overwrite=overwrite)
        if problem:
            _log.warning("No PDF was written. %s", problem)
    return result
