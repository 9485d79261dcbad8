"""Breast CT: its tissues, and how much of it is gland."""

from kerma.workflows.breast_ct.devices import device_names
from kerma.workflows.breast_ct.orientation import breast_grid
from kerma.workflows.breast_ct.procedure import segment
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.settings import Settings
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = [
    "BreastCT",
    "SegmentedBreast",
    "Settings",
    "Tissue",
    "breast_grid",
    "device_names",
    "segment",
]
