"""Write spatial registrations (PS3.3, A.39)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.registration import Registration
from kerma.core.study import Study
from kerma.core.transform import AffineTransform, DeformableTransform
from kerma.errors import GeometryError
from kerma.io.dicom.references import instance_items, set_common_references
from kerma.io.dicom.writer import Identity, file_bytes, identify, set_text, start_object
from kerma.io.files import write_file
from kerma.io.registration.deformation_grid import grid_item
from kerma.io.registration.matrix import matrix_item
from kerma.io.registration.reader import DEFORMABLE, RIGID

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_registration"]


def write_registration(
    registration: Registration,
    file: Path,
    *,
    study: Study | None = None,
    uid_seed: str | None = None,
    created: datetime | None = None,
) -> Path:
    """Write a registration as DICOM REG.

    Matrices alone make a Spatial Registration Storage object, displacements a
    Deformable Spatial Registration Storage object. An item with the identity names the
    images of the registered frame. Displacements are written as float32, matrices
    with ten digits or more.

    Parameters
    ----------
    registration
        What to write. Its UIDs are kept where it has any and no seed is given.
    file
        Where to.
    study
        Patient and study to write; by default those of the registration.
    uid_seed
        Makes new UIDs for series and object, the same ones from the same seed.
    created
        Date and time of the content; by default those of the registration, and the
        present where it has none.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    GeometryError
        Displacements do not lie in the registered frame of reference, or on a grid that
        DICOM cannot say.
    InputError
        The file cannot be written, or a text is none that DICOM allows.
    """
    identity = identify(
        study or registration.study,
        series=registration.series_instance_uid,
        instances=[registration.sop_instance_uid],
        frame_of_reference=registration.frame_of_reference,
        uid_seed=uid_seed,
    )
    data = _common(registration, identity, created)
    if registration.is_deformable:
        data.DeviceSerialNumber = "none"  # of type 1 here; a program has none
        data.DeformableRegistrationSequence = _deformable_items(registration)
    else:
        data.RegistrationSequence = _rigid_items(registration)
    set_common_references(data, registration.images)
    return write_file(file, file_bytes(data))


def _common(
    registration: Registration, identity: Identity, created: datetime | None
) -> Dataset:
    sop_class = DEFORMABLE if registration.is_deformable else RIGID
    data = start_object(sop_class, "REG", identity)
    data.FrameOfReferenceUID = identity.frame_of_reference
    data.PositionReferenceIndicator = ""
    data.Laterality = ""
    set_text(data, "ContentLabel", registration.label or "REGISTRATION")
    set_text(data, "ContentDescription", registration.description)
    data.ContentCreatorName = ""
    date, time = registration.date, registration.time
    if created or not date:
        when = created or datetime.now()  # noqa: DTZ005  (DICOM has local time)
        date, time = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    set_text(data, "ContentDate", date)
    set_text(data, "ContentTime", time or "000000")
    return data


def _rigid_items(registration: Registration) -> list[Dataset]:
    """Each frame to the registered one, which comes first with the identity."""
    frame = registration.frame_of_reference
    parts = [
        part if part.target_frame == frame else part.inverse()
        for part in registration.transforms
        if isinstance(part, AffineTransform)
    ]
    if all(part.source_frame != frame for part in parts):
        parts.insert(0, _stay(frame))
    return [_rigid_item(registration, part) for part in parts]


def _deformable_items(registration: Registration) -> list[Dataset]:
    """The registered frame to each other, and to itself to name its images."""
    frame = registration.frame_of_reference
    parts = list(registration.transforms)
    has_images = any(i.frame_of_reference == frame for i in registration.images)
    if has_images and all(part.target_frame != frame for part in parts):
        parts.append(_stay(frame))
    return [_deformable_item(registration, part) for part in parts]


def _stay(frame: str) -> AffineTransform:
    return AffineTransform(np.eye(4), frame, frame)


def _rigid_item(registration: Registration, part: AffineTransform) -> Dataset:
    from pydicom import Dataset

    step = Dataset()
    step.RegistrationTypeCodeSequence = []  # of type 2: how it was found is not known
    step.MatrixSequence = [matrix_item(part.matrix)]
    item = _item_of_frame(registration, part.source_frame)
    item.FrameOfReferenceUID = part.source_frame
    item.MatrixRegistrationSequence = [step]
    return item


def _deformable_item(
    registration: Registration, part: AffineTransform | DeformableTransform
) -> Dataset:
    """From the registered frame to the source frame, as DICOM has it."""
    frame = registration.frame_of_reference
    if isinstance(part, AffineTransform):
        part = part if part.source_frame == frame else part.inverse()
    elif part.source_frame != frame:
        raise GeometryError(
            f"The displacements lie in the frame of reference {part.source_frame}; to "
            f"be written, that has to be the registered frame, which is {frame}."
        )
    item = _item_of_frame(registration, part.target_frame)
    item.SourceFrameOfReferenceUID = part.target_frame
    item.RegistrationTypeCodeSequence = []
    if isinstance(part, AffineTransform):
        item.PreDeformationMatrixRegistrationSequence = [matrix_item(part.matrix)]
        return item
    if part.before is not None:
        item.PreDeformationMatrixRegistrationSequence = [matrix_item(part.before)]
    if part.after is not None:
        item.PostDeformationMatrixRegistrationSequence = [matrix_item(part.after)]
    item.DeformableRegistrationGridSequence = [grid_item(part)]
    return item


def _item_of_frame(registration: Registration, frame: str) -> Dataset:
    """An item with the images of one frame of reference."""
    from pydicom import Dataset

    item = Dataset()
    images = [i for i in registration.images if i.frame_of_reference == frame]
    if any(image.sop_instance_uids for image in images):
        item.ReferencedImageSequence = instance_items(images)
    return item
