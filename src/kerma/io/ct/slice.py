"""One CT image as its header describes it."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.core.arrays import Vec3
from kerma.core.study import Study
from kerma.core.volume import Acquisition
from kerma.errors import DicomError
from kerma.io.dicom.file import is_enhanced
from kerma.io.dicom.header import Header, Tag, plain
from kerma.io.dicom.pixel_format import PixelFormat
from kerma.io.dicom.source import Source

__all__ = ["Rescale", "Slice", "make_slice"]

_MOST_PIXELS = 2**26  # of one slice
_LARGEST_SPACING = 50.0  # mm
_SMALLEST_SPACING = 0.001
_GRAY = ("", "MONOCHROME1", "MONOCHROME2")  # 1 inverts the display, not the number
_FARTHEST = 1e5  # mm from the origin of patient coordinates
_LARGEST_SLOPE, _LARGEST_INTERCEPT = 1e4, 1e6


@dataclass(frozen=True)
class Rescale:
    """From stored values to HU: ``slope * stored + intercept``."""

    slope: float
    intercept: float

    @property
    def is_whole(self) -> bool:
        """Whether whole stored numbers become whole HU."""
        return self.slope == 1 and self.intercept.is_integer()


@dataclass(frozen=True, eq=False)
class Slice:
    """One CT image, its pixels still unread.

    Parameters
    ----------
    source, frame
        The file, and the number of the frame in it.
    header
        Its undecoded elements.
    rows, columns
        Number of pixels.
    pixel_spacing
        Distance between rows, and between columns, mm.
    position, orientation
        Image Position and Image Orientation (Patient); ``None`` where missing.
    pixel_format, rescale
        From bytes to HU.
    padding
        Stored values, first and last, that stand for "no image here".
    """

    source: Source
    frame: int
    header: Header
    rows: int
    columns: int
    pixel_spacing: tuple[float, float]
    position: Vec3 | None
    orientation: tuple[Vec3, Vec3] | None
    pixel_format: PixelFormat
    rescale: Rescale
    padding: tuple[int, int] | None

    @property
    def name(self) -> str:
        """Base name of the file, for messages."""
        return self.source.name

    @property
    def series_uid(self) -> str:
        """Series Instance UID, empty where the file has none."""
        return self.header.text(Tag.SERIES_INSTANCE_UID)

    @property
    def frame_of_reference(self) -> str:
        """Frame of Reference UID, empty where the file has none."""
        return self.header.text(Tag.FRAME_OF_REFERENCE_UID)

    def study(self) -> Study:
        """Patient and study, as the header names them."""
        text = self.header.text
        return Study(
            patient_name=text(Tag.PATIENT_NAME),
            patient_id=text(Tag.PATIENT_ID),
            birth_date=text(Tag.PATIENT_BIRTH_DATE),
            sex=text(Tag.PATIENT_SEX),
            study_instance_uid=text(Tag.STUDY_INSTANCE_UID),
            study_id=text(Tag.STUDY_ID),
            date=text(Tag.STUDY_DATE),
            time=text(Tag.STUDY_TIME),
            description=text(Tag.STUDY_DESCRIPTION),
            accession_number=text(Tag.ACCESSION_NUMBER),
            referring_physician=text(Tag.REFERRING_PHYSICIAN_NAME),
        )

    def acquisition(self) -> Acquisition:
        """What the header says of how the image was made."""
        text = self.header.text
        return Acquisition(
            manufacturer=text(Tag.MANUFACTURER) or None,
            model=text(Tag.MODEL_NAME) or None,
            station=text(Tag.STATION_NAME) or None,
            serial_number=text(Tag.DEVICE_SERIAL_NUMBER) or None,
            kv=self.header.hint(Tag.KVP),
            kernel="\\".join(self.header.texts(Tag.CONVOLUTION_KERNEL)) or None,
            slice_thickness_mm=self.header.hint(Tag.SLICE_THICKNESS),
            protocol=text(Tag.PROTOCOL_NAME) or None,
            series_description=text(Tag.SERIES_DESCRIPTION) or None,
            study_date=text(Tag.STUDY_DATE) or None,
            study_time=text(Tag.STUDY_TIME) or None,
            patient_position=text(Tag.PATIENT_POSITION) or None,
            laterality=self._laterality(),
            rescale_type=text(Tag.RESCALE_TYPE) or None,
        )

    def _laterality(self) -> str | None:
        """Which of two organs, where the header says so; B and U say nothing."""
        for tag in (Tag.LATERALITY, Tag.IMAGE_LATERALITY):
            side = self.header.text(tag).upper()
            if side in ("L", "R"):
                return side
        return None


def make_slice(source: Source, frame: int, header: Header) -> Slice:
    """Check what a CT header says and put it in order.

    Raises
    ------
    DicomError
        An element that decides a number or a position is missing, wrong, or of a
        kind that is not read.
    """
    try:
        rows, columns = _matrix(header)
        pixel_format = _pixel_format(header)
        return Slice(
            source=source,
            frame=frame,
            header=header,
            rows=rows,
            columns=columns,
            pixel_spacing=_pixel_spacing(header),
            position=_position(header),
            orientation=_orientation(header),
            pixel_format=pixel_format,
            rescale=_rescale(header),
            padding=_padding(header, signed=pixel_format.signed),
        )
    except DicomError as error:
        raise DicomError(f"{source.name}: {error}") from error


def _matrix(header: Header) -> tuple[int, int]:
    rows, columns = header.integer(Tag.ROWS), header.integer(Tag.COLUMNS)
    if not rows or not columns or rows * columns > _MOST_PIXELS:
        raise DicomError(
            f"{Tag.ROWS} is {rows} and {Tag.COLUMNS} is {columns}; an image has at "
            f"least 1 x 1 and at most {_MOST_PIXELS} pixels."
        )
    frames = header.number(Tag.NUMBER_OF_FRAMES) or 1
    if frames != 1 and not is_enhanced(header):
        raise DicomError(
            f"{Tag.NUMBER_OF_FRAMES} is {frames:g}, but a CT image that is not "
            f"enhanced has one."
        )
    if not header.has_pixels:
        raise DicomError("has no Pixel Data (7FE0,0010), or ends before it.")
    return rows, columns


def _pixel_format(header: Header) -> PixelFormat:
    samples = header.integer(Tag.SAMPLES_PER_PIXEL)
    photometric = header.text(Tag.PHOTOMETRIC_INTERPRETATION)
    if samples not in (None, 1) or photometric not in _GRAY:
        raise DicomError(f"is a color image ({plain(photometric)}), not CT numbers.")
    allocated = header.integer(Tag.BITS_ALLOCATED)
    if allocated not in (8, 16, 32):
        raise DicomError(f"{Tag.BITS_ALLOCATED} is {allocated}; 8, 16 or 32 is read.")
    stored = header.integer(Tag.BITS_STORED) or allocated
    high_bit = header.integer(Tag.HIGH_BIT)
    high_bit = stored - 1 if high_bit is None else high_bit
    if not stored - 1 <= high_bit < allocated:
        raise DicomError(
            f"{Tag.BITS_STORED} is {stored} and {Tag.HIGH_BIT} is {high_bit}, which "
            f"does not fit {allocated} bits."
        )
    sign = header.integer(Tag.PIXEL_REPRESENTATION)
    if sign not in (0, 1):
        raise DicomError(f"{Tag.PIXEL_REPRESENTATION} is {sign}; 0 or 1 is needed.")
    return PixelFormat(allocated, stored, high_bit, signed=sign == 1)


def _pixel_spacing(header: Header) -> tuple[float, float]:
    spacing = header.numbers(Tag.PIXEL_SPACING, 2)
    if spacing is None:
        raise DicomError(f"{Tag.PIXEL_SPACING} is missing, so no size is known.")
    if not all(_SMALLEST_SPACING <= s <= _LARGEST_SPACING for s in spacing):
        raise DicomError(
            f"{Tag.PIXEL_SPACING} is {spacing[0]:g} x {spacing[1]:g} mm, which no CT "
            f"has."
        )
    return spacing[0], spacing[1]


def _position(header: Header) -> Vec3 | None:
    position = header.numbers(Tag.IMAGE_POSITION_PATIENT, 3)
    if position is None:
        return None
    if max(map(abs, position)) > _FARTHEST:
        raise DicomError(
            f"{Tag.IMAGE_POSITION_PATIENT} is {position} mm, beyond any scanner."
        )
    return position[0], position[1], position[2]


def _orientation(header: Header) -> tuple[Vec3, Vec3] | None:
    numbers = header.numbers(Tag.IMAGE_ORIENTATION_PATIENT, 6)
    if numbers is None:
        return None
    return (numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5])


def _rescale(header: Header) -> Rescale:
    kind = header.text(Tag.RESCALE_TYPE)
    if kind not in ("", "HU", "US"):
        raise DicomError(
            f"{Tag.RESCALE_TYPE} is {plain(kind)!r}: these are not CT numbers in HU. "
            f"Choose the series that is."
        )
    if header.has(Tag.MODALITY_LUT_SEQUENCE):
        raise DicomError(
            f"{Tag.MODALITY_LUT_SEQUENCE} gives its CT numbers by a table, which is "
            f"not read. Export the series with a rescale slope and intercept."
        )
    slope = header.number(Tag.RESCALE_SLOPE)
    intercept = header.number(Tag.RESCALE_INTERCEPT)
    if slope is None or intercept is None:
        absent = Tag.RESCALE_SLOPE if slope is None else Tag.RESCALE_INTERCEPT
        raise DicomError(f"{absent} is missing, so its CT numbers are unknown.")
    if not 0 < abs(slope) <= _LARGEST_SLOPE or abs(intercept) > _LARGEST_INTERCEPT:
        raise DicomError(
            f"{Tag.RESCALE_SLOPE} is {slope:g} and {Tag.RESCALE_INTERCEPT} is "
            f"{intercept:g}, which cannot give CT numbers."
        )
    return Rescale(slope, intercept)


def _padding(header: Header, *, signed: bool) -> tuple[int, int] | None:
    """Range of the padding; PS3.3, C.7.5.1.1.2: stored values, before the rescale."""
    first = header.integer(Tag.PIXEL_PADDING_VALUE, signed=signed)
    if first is None:
        return None
    last = header.integer(Tag.PIXEL_PADDING_RANGE_LIMIT, signed=signed)
    last = first if last is None else last
    return min(first, last), max(first, last)
