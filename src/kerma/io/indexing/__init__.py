"""What is in a folder of DICOM files, and what belongs together."""

from kerma.io.indexing.folder import Index, index
from kerma.io.indexing.records import (
    Instance,
    Patient,
    PlanSet,
    Problem,
    Reference,
    Series,
    Stack,
    Study,
)

__all__ = [
    "Index",
    "Instance",
    "Patient",
    "PlanSet",
    "Problem",
    "Reference",
    "Series",
    "Stack",
    "Study",
    "index",
]
