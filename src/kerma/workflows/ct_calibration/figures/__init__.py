"""Plots of a calibration; matplotlib is loaded by the first one that is drawn."""

from kerma.workflows.ct_calibration.figures.constancy import plot_constancy
from kerma.workflows.ct_calibration.figures.curve import plot_curve, plot_residuals
from kerma.workflows.ct_calibration.figures.regions import plot_regions
from kerma.workflows.ct_calibration.figures.slices import plot_slice_means

__all__ = [
    "plot_constancy",
    "plot_curve",
    "plot_regions",
    "plot_residuals",
    "plot_slice_means",
]
