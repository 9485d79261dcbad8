"""What made a result."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["InputSeries", "Provenance"]


@dataclass(frozen=True)
class InputSeries:
    """One image series that went into a result.

    Parameters
    ----------
    series_instance_uid
        DICOM Series Instance UID, empty where the files have none.
    sop_instance_uids
        SOP Instance UIDs of the images used.
    sha256
        Hash of the values and positions, hexadecimal.
    """

    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """What made a result: program, procedure, parameters, inputs and time.

    Parameters
    ----------
    kerma_version
        Version of this package.
    procedure
        Name of the procedure in the procedures table.
    parameters
        (name, value) of every argument, as text.
    inputs
        The image series that were read.
    started_utc
        Start, ISO 8601, UTC.
    duration_s
        How long it took, seconds.
    """

    kerma_version: str
    procedure: str
    parameters: tuple[tuple[str, str], ...]
    inputs: tuple[InputSeries, ...]
    started_utc: str
    duration_s: float
