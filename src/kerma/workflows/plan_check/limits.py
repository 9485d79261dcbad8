"""From when on something is worth a word."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Limits of the checks; each is exceeded only by more than it.

    They are choices, not physics: set those of your clinic.

    Parameters
    ----------
    slice_mm
        Distance of CT slices that is worth a warning.
    dose_mm
        Spacing of the dose grid that is worth a warning.
    fine_mm
        Spacing of CT slices and dose grid that is worth a note.
    off_slice_mm
        Between a contour and the plane of the nearest slice. Positions are written with
        two or three decimals.
    outside_mm
        By which something reaches beyond something else.
    gap_slices
        A gap in a structure of more slices than this may well be meant, and is a note.
    few_slices
        A target on fewer slices than this has no shape along the patient.
    cut_dose_percent
        Of the maximum: where the dose grid ends inside a structure with more than this,
        its dose-volume histogram is wrong.
    target_dose_percent
        Of the maximum: the median on the surface of the best covered target.
    prescription_factor
        By which maximum and prescription may differ.
    isocenter_mm
        Between isocenters of one plan.
    stated_percent
        By which a maximum stated with the dose may differ from that of the grid.
    """

    slice_mm: float = 5.0
    dose_mm: float = 5.0
    fine_mm: float = 3.0
    off_slice_mm: float = 0.1
    outside_mm: float = 1.0
    gap_slices: int = 3
    few_slices: int = 3
    cut_dose_percent: float = 5.0
    target_dose_percent: float = 50.0
    prescription_factor: float = 1.5
    isocenter_mm: float = 1.0
    stated_percent: float = 5.0
