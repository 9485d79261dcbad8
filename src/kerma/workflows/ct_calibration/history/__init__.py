"""The history of CT calibrations: control charts, causes and forecasts."""

from kerma.workflows.ct_calibration.history.causes import Cause, explain_change
from kerma.workflows.ct_calibration.history.procedure import watch_history
from kerma.workflows.ct_calibration.history.result import History, SeriesHistory
from kerma.workflows.ct_calibration.history.series import load_history
from kerma.workflows.ct_calibration.history.validity import (
    BaselineLog,
    read_baseline_log,
)
from kerma.workflows.ct_calibration.history.watching import Rules

__all__ = [
    "BaselineLog",
    "Cause",
    "History",
    "Rules",
    "SeriesHistory",
    "explain_change",
    "load_history",
    "read_baseline_log",
    "watch_history",
]
