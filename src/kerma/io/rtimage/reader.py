"""Read an RT Image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerma.core.iec61217 import normalized_angle
from kerma.core.portal_image import Exposure, PortalImage
from kerma.errors import DicomError, InputError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.gateway import guarded
from kerma.io.dicom.item import Item, element_name
from kerma.io.dicom.objects import Kind, read_object, study_of
from kerma.io.dicom.stored_pixels import StoredPixels, pixel_format
from kerma.io.rtimage.elements import (
    ANGLES,
    ELEKTA_CREATOR,
    ELEKTA_GROUP,
    ELEKTA_SCALING,
    EXPOSURE,
    LENGTHS,
    REFERENCES,
    RT_IMAGE,
    TEXTS,
)

__all__ = ["read_portal_image"]

_KIND = Kind("RT Image", (RT_IMAGE,), "RTIMAGE")
_UPRIGHT = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)  # columns along +x, rows along -y
_ORIENTATION_ROUNDING = 1e-4


def read_portal_image(
    source: Path | str | Sequence[Path | str],
    *,
    sop_instance_uid: str | None = None,
    frame: int | None = None,
) -> PortalImage:
    """Read a portal image.

    Nothing is guessed: neither whether its numbers rise or fall with the exposure, nor
    a distance. An image without a position is taken as centered, which its notes tell.
    The window of the display and the apertures of exposures are left out.

    Parameters
    ----------
    source
        A file, a folder, which is searched to its depth, a zip archive, or a list.
    sop_instance_uid
        Which one, where there are several.
    frame
        Number of the frame, from 1, where the image has several.

    Raises
    ------
    InputError
        There is no such path, no image, or several and none was chosen.
    DicomError
        The image is damaged, does not stand across the beam, has no spacing, or has
        several frames and none was chosen.
    """
    item = read_object(source, _KIND, sop_instance_uid=sop_instance_uid)
    refuse_damage(item)
    _check_plane(item)
    frames = item.integer("NumberOfFrames") or 1
    number = _frame_number(item, frame, frames)
    try:
        return _image(item, number, frames)
    except DicomError:
        raise
    except InputError as error:  # the image checks itself, but knows no file
        raise DicomError(f"{item.file}: {error}") from error


def _check_plane(item: Item) -> None:
    """Refuse an image whose rows and columns are not those of the beam."""
    plane = item.text("RTImagePlane")
    if plane != "NORMAL":
        shown = plane[:16] or "missing"
        raise item.problem(
            "RTImagePlane", f"is {shown}; only images across the beam (NORMAL) are read"
        )
    orientation = item.numbers("RTImageOrientation", 6)
    if orientation is not None and not np.allclose(
        orientation, _UPRIGHT, rtol=0, atol=_ORIENTATION_ROUNDING
    ):
        raise item.problem(
            "RTImageOrientation",
            "says that rows do not run along +x and down -y; such images are not read",
        )
    if item.items("ModalityLUTSequence"):
        raise item.problem(
            "ModalityLUTSequence", "maps the values; only slope and intercept are read"
        )


def _frame_number(item: Item, frame: int | None, frames: int) -> int:
    if frame is None and frames != 1:
        raise item.problem("NumberOfFrames", f"is {frames}: choose one by its number")
    number = 1 if frame is None else frame
    if not 1 <= number <= frames:
        raise item.problem("NumberOfFrames", f"is {frames}; there is no frame {number}")
    return number


def _image(item: Item, frame: int, frames: int) -> PortalImage:
    stored = StoredPixels(item, frames, pixel_format(item)).values(frame - 1)
    plans = item.items("ReferencedRTPlanSequence")
    exposures = _exposure_items(item, frame)
    return PortalImage(
        stored=stored.astype(stored.dtype.newbyteorder("=")),
        spacing=_pair(item, "ImagePlanePixelSpacing", required=True) or (0.0, 0.0),
        rescale=_rescale(item),
        intensity_relationship=item.text("PixelIntensityRelationship"),
        intensity_sign=item.integer("PixelIntensityRelationshipSign"),
        pixel_scaling_factor=_pixel_scaling_factor(item),
        first_pixel=_pair(item, "RTImagePosition"),
        receptor_translation=_translation(item),
        **_angles(item, exposures),
        **_tabled(item),
        plan_uid=plans[0].text("ReferencedSOPInstanceUID") if plans else "",
        exposures=tuple(map(_exposure, exposures)),
        image_type=item.texts("ImageType"),
        sop_instance_uid=item.text("SOPInstanceUID"),
        series_instance_uid=item.text("SeriesInstanceUID"),
        study=study_of(item),
        notes=_notes(item) + _angle_notes(exposures),
    )


def _tabled(item: Item) -> dict[str, Any]:
    """The fields that are one element each."""
    return (
        {field: item.number(keyword) for field, keyword in LENGTHS.items()}
        | {field: item.integer(keyword) for field, keyword in REFERENCES.items()}
        | {field: item.text(keyword) for field, keyword in TEXTS.items()}
    )


def _pair(
    item: Item, keyword: str, *, required: bool = False
) -> tuple[float, float] | None:
    numbers = item.numbers(keyword, 2)
    if numbers is None:
        if required:
            raise item.problem(keyword, "is missing; positions need it")
        return None
    return float(numbers[0]), float(numbers[1])


def _translation(item: Item) -> tuple[float, float, float] | None:
    numbers = item.numbers("XRayImageReceptorTranslation", 3)
    if numbers is None:
        return None
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _angles(item: Item, exposures: Sequence[Item]) -> dict[str, Any]:
    """The angles of the machine.

    What an exposure states is put in place of what the image states (PS3.3,
    C.8.8.2.4); where exposures differ from each other, the image has no one angle.
    """
    angles = {}
    for field, keyword in ANGLES.items():
        stated = _stated_angles(exposures, keyword) or _stated_angles([item], keyword)
        angles[field] = stated.pop() if len(stated) == 1 else None
    return angles


def _angle_notes(exposures: Sequence[Item]) -> tuple[str, ...]:
    return tuple(
        f"{element_name(keyword)} differs from exposure to exposure and is left open."
        for keyword in ANGLES.values()
        if len(_stated_angles(exposures, keyword)) > 1
    )


def _stated_angles(items: Sequence[Item], keyword: str) -> set[float]:
    numbers = [item.number(keyword) for item in items]
    return {normalized_angle(number) for number in numbers if number is not None}


def _rescale(item: Item) -> tuple[float, float] | None:
    slope, intercept = item.number("RescaleSlope"), item.number("RescaleIntercept")
    if slope is None and intercept is None:
        return None
    if not slope or intercept is None:
        raise item.problem(
            "RescaleSlope",
            "and Rescale Intercept (0028,1052) have to be there together, the slope not "
            "zero",
        )
    return slope, intercept


def _exposure_items(item: Item, frame: int) -> tuple[Item, ...]:
    """Exposures of a frame; those that name no frame are of every one."""
    return tuple(
        exposure
        for exposure in item.items("ExposureSequence")
        if exposure.integer("ReferencedFrameNumber") in (None, frame)
    )


def _exposure(item: Item) -> Exposure:
    return Exposure(**{f: item.number(keyword) for f, keyword in EXPOSURE.items()})


def _pixel_scaling_factor(item: Item) -> float | None:
    """Elekta's own factor, where its private creator says that it is that."""
    with guarded(f"{item.file}: Elekta's pixel scaling factor (0021,1002)"):
        try:
            block = item.data.private_block(ELEKTA_GROUP, ELEKTA_CREATOR)
            value = block[ELEKTA_SCALING].value
        except KeyError:
            return None
        if isinstance(value, bytes):
            value = value.decode("ascii").strip(" \0")
        factor = float(value)
    if not 0 < factor < np.inf:
        raise DicomError(
            f"{item.file}: Elekta's pixel scaling factor (0021,1002) is {factor:g}; it "
            f"has to be positive. Export the image again."
        )
    return factor


def _notes(item: Item) -> tuple[str, ...]:
    notes = []
    if not item.has("RTImagePosition"):
        notes.append(
            "RT Image Position (3002,0012) is not stated; the image is taken as centered "
            "on the receptor."
        )
    if not item.has("XRayImageReceptorTranslation"):
        notes.append(
            "X-Ray Image Receptor Translation (3002,000D) is not stated; the receptor is "
            "taken as centered on the beam axis."
        )
    if not item.has("PixelIntensityRelationshipSign"):
        notes.append(
            "Pixel Intensity Relationship Sign (0028,1041) is not stated; whether more "
            "exposure gives larger or smaller numbers is left open."
        )
    if item.text("PhotometricInterpretation") == "MONOCHROME1":
        notes.append("The image is displayed inverted (MONOCHROME1); its numbers stay.")
    plans = len(item.items("ReferencedRTPlanSequence"))
    if plans > 1:
        notes.append(f"The image names {plans} plans; the first is kept.")
    return tuple(notes)
