"""Dose drawn on the CT that it belongs to."""

from __future__ import annotations

from kerma.reports.overlay.figure import overlay_figure
from kerma.reports.overlay.isodoses import LEVELS_PERCENT
from kerma.reports.overlay.panel import WINDOW_HU
from kerma.reports.overlay.sheet import slice_sheet
from kerma.reports.overlay.survey import Survey, survey

__all__ = [
    "LEVELS_PERCENT",
    "WINDOW_HU",
    "Survey",
    "overlay_figure",
    "slice_sheet",
    "survey",
]
