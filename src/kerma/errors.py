"""Every error of the package, and the exit code the command line gives it.

A failed check is not an error but a result: it exits with
:data:`OUT_OF_TOLERANCE`, as `diff` does when two files differ.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BUG",
    "OUT_OF_TOLERANCE",
    "PASSED",
    "UNUSABLE_DATA",
    "UNUSABLE_INSTALLATION",
    "DicomError",
    "GeometryError",
    "InputError",
    "KermaError",
    "MissingDependencyError",
    "RecognitionError",
    "ScopeError",
]

PASSED = 0
OUT_OF_TOLERANCE = 1
# 2 is the command line's own: the command was typed wrongly.
UNUSABLE_DATA = 3
UNUSABLE_INSTALLATION = 4
BUG = 70  # EX_SOFTWARE of sysexits.h


class KermaError(Exception):
    """Root of every error that the package raises on purpose."""

    exit_code: ClassVar[int] = UNUSABLE_DATA


class InputError(KermaError, ValueError):
    """The data or a value given by the user cannot be used."""


class DicomError(InputError):
    """A DICOM file or series cannot be used."""


class GeometryError(InputError):
    """Positions cannot be placed or compared."""


class RecognitionError(InputError):
    """What is in the image is not what the procedure needs."""


class ScopeError(InputError):
    """Two results were made under conditions that cannot be compared."""


class MissingDependencyError(KermaError, ImportError):
    """Something that this task needs is not installed."""

    exit_code: ClassVar[int] = UNUSABLE_INSTALLATION
