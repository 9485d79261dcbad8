"""De-identification as PS3.15 of DICOM, annex E, lays it down."""

from kerma.io.deidentify.procedure import deidentify
from kerma.io.deidentify.profile import Option
from kerma.io.deidentify.report import DeidentificationReport

__all__ = ["DeidentificationReport", "Option", "deidentify"]
