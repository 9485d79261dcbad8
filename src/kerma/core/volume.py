"""Images in three dimensions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray, HUArray, LabelArray
from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.errors import GeometryError

__all__ = ["CT", "Acquisition", "Volume"]


@dataclass(frozen=True)
class Acquisition:
    """What the scanner says of how a CT was made; ``None`` where it is silent.

    Parameters
    ----------
    manufacturer, model, station, serial_number
        The scanner: (0008,0070), (0008,1090), (0008,1010), (0018,1000).
    kv
        Tube voltage (0018,0060), kV.
    kernel
        Reconstruction kernel (0018,1210); several are joined by a backslash.
    slice_thickness_mm
        Nominal slice thickness (0018,0050), mm; the distance between slices is a
        matter of the grid.
    protocol, series_description
        Names given at the scanner: (0018,1030), (0008,103E).
    study_date, study_time
        As DICOM writes them: YYYYMMDD and HHMMSS, (0008,0020) and (0008,0030).
    patient_position
        HFS, FFS, ... (0018,5100).
    laterality
        "L" or "R" of a paired organ: (0020,0060), else (0020,0062).
    rescale_type
        Unit after the rescale (0028,1054), "HU" where it is stated.
    """

    manufacturer: str | None = None
    model: str | None = None
    station: str | None = None
    serial_number: str | None = None
    kv: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    protocol: str | None = None
    series_description: str | None = None
    study_date: str | None = None
    study_time: str | None = None
    patient_position: str | None = None
    laterality: str | None = None
    rescale_type: str | None = None


@dataclass(frozen=True, eq=False)
class Volume:
    """Values on a grid.

    Parameters
    ----------
    array
        (nk, nj, ni) values; made read-only, since volumes are shared.
    grid
        Where the voxels lie.

    Raises
    ------
    GeometryError
        The array has not the shape of the grid.
    """

    array: FloatArray | HUArray | LabelArray
    grid: Grid

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.shape:
            raise GeometryError(
                f"An array of shape {self.array.shape} does not fit a grid of shape "
                f"{self.grid.shape}."
            )
        self.array.flags.writeable = False

    @cached_property
    def sha256(self) -> str:
        """Hash of the values and their positions, hexadecimal.

        It stays the same when the files are renamed, reordered or compressed
        without loss, and changes with any number or position.
        """
        digest = hashlib.sha256(repr(self.grid).encode())
        digest.update(self.array.dtype.str.encode())
        digest.update(np.ascontiguousarray(self.array).data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class CT(Volume):
    """A CT: CT numbers in HU on a grid, with what is known of the scan.

    Parameters
    ----------
    acquisition
        How the scan was made.
    series_instance_uid
        DICOM Series Instance UID (0020,000E), empty where the file has none.
    sop_instance_uids
        SOP Instance UID (0008,0018) of each slice, in slice order.
    study
        Patient and study.
    notes
        What was odd about the files but changed no number, one sentence each.
    """

    array: FloatArray | HUArray
    acquisition: Acquisition = field(default_factory=Acquisition)
    series_instance_uid: str = ""
    sop_instance_uids: tuple[str, ...] = ()
    study: Study = field(default_factory=Study)
    notes: tuple[str, ...] = ()

    @property
    def hu(self) -> HUArray:
        """(nk, nj, ni) CT numbers, HU."""
        hu: HUArray = self.array
        return hu
