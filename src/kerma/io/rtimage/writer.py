"""Write an RT Image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.portal_image import Exposure, PortalImage
from kerma.core.study import Study
from kerma.errors import InputError
from kerma.io.dicom.elements import new_item, put, put_or_blank, reference_item
from kerma.io.dicom.writer import decimal, file_bytes, identify, start_object
from kerma.io.files import write_file
from kerma.io.rtimage.elements import (
    ANGLES,
    BLANK_IF_UNKNOWN,
    ELEKTA_CREATOR,
    ELEKTA_GROUP,
    ELEKTA_SCALING,
    EXPOSURE,
    LENGTHS,
    REFERENCES,
    RT_IMAGE,
    TEXTS,
)
from kerma.io.rtplan.elements import RT_PLAN

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_portal_image"]

_UNNAMED = "Image"  # RT Image Label is of type 1
_TUBE = ("kv", "tube_current_ma", "time_ms")
# Type 2C by the third value of Image Type (PS3.3, C.8.8.2).
_EXPOSED = {"PORTAL": ("kv", "meterset"), "SIMULATOR": _TUBE, "RADIOGRAPH": _TUBE}


def write_portal_image(
    image: PortalImage,
    file: Path,
    *,
    study: Study | None = None,
    uid_seed: str | None = None,
) -> Path:
    """Write a portal image as RT Image Storage, explicit VR little endian.

    Reading it back gives the same stored numbers and the same fields, save for the
    notes, for a label or a maker where there was none, and for what the standard does
    not have in the exposures of the type of image: tube current and time are of
    SIMULATOR and RADIOGRAPH, the meterset is of PORTAL.

    Parameters
    ----------
    image
        The image, unsigned 8 or 16 bits. Its UIDs are kept where it has any and no seed
        is given.
    file
        Where to; a file that is there is replaced.
    study
        Patient and study to write; by default those of the image.
    uid_seed
        Makes new UIDs, the same ones from the same seed. Give one where the image was
        changed.

    Raises
    ------
    InputError
        The file cannot be written, a text, UID or number is none that DICOM
        allows, or the stored numbers are not unsigned of 8 or 16 bits.
    """
    identity = identify(
        study or image.study,
        series=image.series_instance_uid,
        instances=(image.sop_instance_uid,),
        uid_seed=uid_seed,
    )
    data = start_object(RT_IMAGE, "RTIMAGE", identity)
    put_or_blank(data, OperatorsName=None, PatientOrientation=None)
    put_or_blank(data, **dict.fromkeys(BLANK_IF_UNKNOWN))
    put(data, ImageType=image.image_type, RTImageLabel=_UNNAMED)
    tables = TEXTS | LENGTHS | ANGLES | REFERENCES
    put(data, **{keyword: getattr(image, f) for f, keyword in tables.items()})
    put(
        data,
        ConversionType="DI" if image.image_type[:1] == ("ORIGINAL",) else "WSD",
        ReportedValuesOrigin="ACTUAL",
        RTImagePlane="NORMAL",
        ImagePlanePixelSpacing=image.spacing,
        RTImagePosition=image.first_pixel,
        XRayImageReceptorTranslation=image.receptor_translation,
        ExposureSequence=[_exposure(exposure, image) for exposure in image.exposures],
    )
    if image.plan_uid:
        put(data, ReferencedRTPlanSequence=[reference_item(RT_PLAN, image.plan_uid)])
    _add_pixels(data, image)
    return write_file(file, file_bytes(data))


def _exposure(exposure: Exposure, image: PortalImage) -> Dataset:
    """An exposure, with what the standard has for this type of image."""
    image_type = image.image_type[2] if len(image.image_type) > 2 else ""
    item = new_item(NumberOfBlocks=0)
    for field in _EXPOSED.get(image_type, ()):
        put_or_blank(item, **{EXPOSURE[field]: getattr(exposure, field)})
    return item


def _add_pixels(data: Dataset, image: PortalImage) -> None:
    dtype = image.stored.dtype
    if dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise InputError(
            f"Portal images are written as unsigned 8 or 16 bits; got {dtype}."
        )
    bits = 8 * dtype.itemsize
    rows, columns = image.stored.shape
    slope, intercept = image.rescale or (None, None)
    put(
        data,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=rows,
        Columns=columns,
        BitsAllocated=bits,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=0,
        PixelIntensityRelationship=image.intensity_relationship,
        PixelIntensityRelationshipSign=image.intensity_sign,
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        RescaleType="US" if image.rescale else "",
    )
    if image.pixel_scaling_factor is not None:
        block = data.private_block(ELEKTA_GROUP, ELEKTA_CREATOR, create=True)
        factor = decimal(image.pixel_scaling_factor)
        block.add_new(ELEKTA_SCALING, "DS", factor)
    content = image.stored.astype(f"<u{dtype.itemsize}").tobytes()
    data.PixelData = content + b"\0" * (len(content) % 2)
    data["PixelData"].VR = "OB" if bits == 8 else "OW"
