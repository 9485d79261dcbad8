"""Images taken by the treatment beam, or by a tube beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.iec61217 import require_normalized
from kerma.core.study import Study
from kerma.errors import GeometryError, InputError, ScopeError

__all__ = ["Exposure", "ImagePlane", "PortalImage"]


class ImagePlane(StrEnum):
    """Where positions are meant."""

    DETECTOR = "detector"
    ISOCENTER = "isocenter"


@dataclass(frozen=True)
class Exposure:
    """One exposure of an image, (3002,0030); ``None`` where not stated.

    Parameters
    ----------
    kv
        KVP (0018,0060), kV; of a treatment beam some systems give its MV times 1000.
    meterset
        Meterset Exposure (3002,0032), in the dosimeter unit of the image.
    tube_current_ma, time_ms
        (0018,1151) and (0018,1150).
    """

    kv: float | None = None
    meterset: float | None = None
    tube_current_ma: float | None = None
    time_ms: float | None = None


@dataclass(frozen=True, eq=False)
class PortalImage:
    """One image of a flat detector that stands across the beam axis.

    Angles are degrees from 0 up to 360 (IEC 61217), lengths mm; ``None`` is what the
    file does not state. Rows run towards -y, columns towards +x.

    Parameters
    ----------
    stored
        (nj, ni) whole numbers as stored; made read-only, since images are shared.
    spacing
        Distance between rows, and between columns, in the plane of the detector.
    rescale
        Slope and intercept from stored numbers to values.
    intensity_relationship
        LIN, LOG, DISP or empty, (0028,1040).
    intensity_sign
        +1 where more exposure gives larger numbers, -1 where smaller, (0028,1041).
        ``None`` where the file is silent: it is not guessed.
    pixel_scaling_factor
        Elekta's own (0021,1002), by which iView scales each image.
    source_detector_distance, source_axis_distance
        RT Image SID (3002,0026) and Radiation Machine SAD (3002,0022).
    first_pixel
        (x, y) of the center of the first pixel in receptor coordinates, (3002,0012).
        Where it is not stated, the image is taken as centered.
    receptor_translation
        Origin of the receptor in gantry coordinates, (3002,000D).
    receptor_angle
        X-Ray Image Receptor Angle (3002,000E).
    gantry_angle, collimator_angle, couch_angle
        Of the machine when the image was taken.
    plan_uid, beam_number, fraction_group, fraction_number
        SOP Instance UID of the plan it belongs to, and which beam and fraction.
    exposures
        What the image was taken with.
    dosimeter_unit
        MU or MINUTE, (300A,00B3).
    label, description
        (3002,0002) and (3002,0004).
    image_type
        Values of (0008,0008); the third says PORTAL, DRR, SIMULATOR, ...
    machine
        Radiation Machine Name (3002,0020).
    manufacturer, model, station
        (0008,0070), (0008,1090) and (0008,1010).
    date, time
        Of the acquisition, as DICOM writes them, (0008,0022) and (0008,0032).
    sop_instance_uid, series_instance_uid
        (0008,0018) and (0020,000E), empty where the file has none.
    study
        Patient and study.
    series_description
        (0008,103E).
    notes
        What was odd about the file but changed no number, one sentence each.

    Raises
    ------
    InputError
        The image is no plane of whole numbers, a sign is neither +1 nor -1, or an angle
        is not from 0 up to 360.
    GeometryError
        A spacing or a distance is not positive.
    """

    stored: NDArray[np.integer[Any]]
    spacing: tuple[float, float]
    rescale: tuple[float, float] | None = None
    intensity_relationship: str = ""
    intensity_sign: int | None = None
    pixel_scaling_factor: float | None = None
    source_detector_distance: float | None = None
    source_axis_distance: float | None = None
    first_pixel: tuple[float, float] | None = None
    receptor_translation: Vec3 | None = None
    receptor_angle: float | None = None
    gantry_angle: float | None = None
    collimator_angle: float | None = None
    couch_angle: float | None = None
    plan_uid: str = ""
    beam_number: int | None = None
    fraction_group: int | None = None
    fraction_number: int | None = None
    exposures: tuple[Exposure, ...] = ()
    dosimeter_unit: str = ""
    label: str = ""
    description: str = ""
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "PORTAL")
    machine: str = ""
    manufacturer: str = ""
    model: str = ""
    station: str = ""
    date: str = ""
    time: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study: Study = field(default_factory=Study)
    series_description: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape, dtype = self.stored.shape, self.stored.dtype
        if len(shape) != 2 or not self.stored.size or dtype.kind not in "iu":
            raise InputError(
                f"A portal image is a plane of whole numbers; got {dtype} of shape "
                f"{shape}."
            )
        self.stored.flags.writeable = False
        if self.intensity_sign not in (None, -1, 1):
            raise InputError(f"The intensity sign is {self.intensity_sign}, not +-1.")
        for part in ("receptor", "gantry", "collimator", "couch"):
            require_normalized(f"{part} angle", getattr(self, f"{part}_angle"))
        lengths = {
            "row spacing": self.spacing[0],
            "column spacing": self.spacing[1],
            "source-detector distance": self.source_detector_distance,
            "source-axis distance": self.source_axis_distance,
        }
        for name, length in lengths.items():
            if length is not None and not 0 < length < math.inf:
                raise GeometryError(f"The {name} is {length:g} mm.")

    @property
    def values(self) -> FloatArray:
        """(nj, ni) values as float32, after the rescale if there is one."""
        slope, intercept = self.rescale or (1.0, 0.0)
        return (self.stored * np.float64(slope) + intercept).astype(np.float32)

    @property
    def meterset(self) -> float | None:
        """Meterset of all exposures; ``None`` where one does not state it."""
        metersets = [e.meterset for e in self.exposures if e.meterset is not None]
        if not metersets or len(metersets) < len(self.exposures):
            return None
        return sum(metersets)

    @property
    def isocenter_scale(self) -> float:
        """From lengths on the detector to lengths at the isocenter: SAD over SID.

        Raises
        ------
        ScopeError
            One of the two distances is not stated.
        """
        if self.source_axis_distance is None or self.source_detector_distance is None:
            raise ScopeError(
                "The image does not state both Radiation Machine SAD (3002,0022) and RT "
                "Image SID (3002,0026), so its size at the isocenter is not known."
            )
        return self.source_axis_distance / self.source_detector_distance

    @property
    def spacing_at_isocenter(self) -> tuple[float, float]:
        """Distance between rows, and between columns, at the isocenter, mm."""
        scale = self.isocenter_scale
        return self.spacing[0] * scale, self.spacing[1] * scale

    @property
    def receptor_first_pixel(self) -> tuple[float, float]:
        """(x, y) of the first pixel in receptor coordinates, stated or as centered, mm."""
        if self.first_pixel is not None:
            return self.first_pixel
        rows, columns = self.stored.shape
        return -(columns - 1) / 2 * self.spacing[1], (rows - 1) / 2 * self.spacing[0]

    def positions_mm(
        self, plane: ImagePlane = ImagePlane.DETECTOR
    ) -> tuple[FloatArray, FloatArray]:
        """Positions of the pixel centers across the beam, from the beam axis.

        They are gantry coordinates (IEC 61217): the receptor's translation is in them.

        Parameters
        ----------
        plane
            On the detector, or scaled to the plane of the isocenter.

        Returns
        -------
        x
            (ni,) of the columns, ascending, mm.
        y
            (nj,) of the rows, descending, mm.

        Raises
        ------
        ScopeError
            The receptor is turned, so that its rows do not lie along x; or the distances
            that the isocenter needs are not stated.
        """
        if self.receptor_angle:
            raise ScopeError(
                f"The receptor is turned by {self.receptor_angle:g} degrees (3002,000E), "
                f"so its rows do not lie along the x of the gantry."
            )
        x, y = self.receptor_first_pixel
        shift_x, shift_y, _ = self.receptor_translation or (0.0, 0.0, 0.0)
        rows, columns = self.stored.shape
        scale = self.isocenter_scale if plane is ImagePlane.ISOCENTER else 1.0
        return (
            scale * (shift_x + x + self.spacing[1] * np.arange(columns)),
            scale * (shift_y + y - self.spacing[0] * np.arange(rows)),
        )
