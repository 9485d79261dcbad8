"""Read spatial registrations (PS3.3, C.20.2 and C.20.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerma.core.image_reference import ImageReference
from kerma.core.registration import Registration
from kerma.core.transform import AffineTransform, DeformableTransform
from kerma.core.volume import CT
from kerma.errors import GeometryError
from kerma.io.dicom.item import Item
from kerma.io.dicom.objects import Kind, read_object, study_of
from kerma.io.dicom.references import Home, other_images, read_homes, read_images
from kerma.io.registration.deformation_grid import read_deformation
from kerma.io.registration.matrix import read_matrices

__all__ = ["DEFORMABLE", "RIGID", "read_registration"]

RIGID = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.3"
_KIND = Kind("spatial registration", (RIGID, DEFORMABLE), "REG")
_IDENTITY = 1e-9


@dataclass(frozen=True, eq=False)
class _Part:
    """One item of a registration."""

    transform: AffineTransform | DeformableTransform
    images: tuple[ImageReference, ...]
    notes: tuple[str, ...]


def read_registration(
    source: Path | str | Sequence[Path | str],
    *,
    sop_instance_uid: str | None = None,
    images: Sequence[CT] = (),
) -> Registration:
    """Read a rigid, affine or deformable registration.

    Parameters
    ----------
    source
        A file, a folder, a zip archive, or a list of these.
    sop_instance_uid
        Which registration, where there are several.
    images
        CTs in whose frame of reference an item lies that names only their images.

    Raises
    ------
    InputError
        There is no registration, or several and none was chosen.
    DicomError
        A frame of reference is missing, or a matrix or a grid is damaged.
    """
    item = read_object(source, _KIND, sop_instance_uid=sop_instance_uid)
    homes = read_homes(item)
    frames = {
        uid: ct.grid.frame_of_reference for ct in images for uid in ct.sop_instance_uids
    }
    registered = item.required_text("FrameOfReferenceUID")
    if item.has("DeformableRegistrationSequence"):
        parts = [
            _deformable_part(one, registered, homes)
            for one in item.items("DeformableRegistrationSequence")
        ]
    else:
        parts = [
            _rigid_part(one, registered, homes, frames)
            for one in item.required_items("RegistrationSequence")
        ]
    named = tuple(image for part in parts for image in part.images)
    return _registration(item, parts, (*named, *other_images(homes, named)))


def _registration(
    item: Item, parts: Sequence[_Part], images: tuple[ImageReference, ...]
) -> Registration:
    transforms = tuple(
        part.transform for part in parts if not _is_identity(part.transform)
    )
    try:
        return Registration(
            item.text("FrameOfReferenceUID"),
            # Where it holds nothing but the identity, that is what it says.
            transforms or (parts[0].transform,),
            images=images,
            label=item.text("ContentLabel"),
            description=item.text("ContentDescription"),
            date=item.text("ContentDate"),
            time=item.text("ContentTime"),
            sop_instance_uid=item.text("SOPInstanceUID"),
            series_instance_uid=item.text("SeriesInstanceUID"),
            study=study_of(item),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )
    except GeometryError as error:
        raise item.problem("FrameOfReferenceUID", f"does not fit: {error}") from error


def _is_identity(transform: AffineTransform | DeformableTransform) -> bool:
    """Whether it maps the registered frame to itself without moving anything."""
    return (
        isinstance(transform, AffineTransform)
        and transform.source_frame == transform.target_frame
        and bool(np.allclose(transform.matrix, np.eye(4), rtol=0, atol=_IDENTITY))
    )


def _rigid_part(
    item: Item,
    registered: str,
    homes: dict[str, Home],
    frames: dict[str, str],
) -> _Part:
    """An item of a Spatial Registration: from its frame to the registered one."""
    frame = item.text("FrameOfReferenceUID") or _frame_of_images(item, frames)
    steps = item.required_items("MatrixRegistrationSequence")
    if len(steps) > 1:
        raise item.problem(
            "MatrixRegistrationSequence", f"has {len(steps)} items; only one is allowed"
        )
    matrix, notes = read_matrices(steps[0].required_items("MatrixSequence"))
    return _Part(
        AffineTransform(matrix, frame, registered),
        read_images(item.items("ReferencedImageSequence"), homes, frame),
        notes,
    )


def _frame_of_images(item: Item, frames: dict[str, str]) -> str:
    uids = {
        image.text("ReferencedSOPInstanceUID")
        for image in item.items("ReferencedImageSequence")
    }
    found = {frames[uid] for uid in uids if uid in frames}
    if len(found) != 1:
        raise item.problem(
            "FrameOfReferenceUID",
            f"is missing, and the {len(uids)} images of this item lie in "
            f"{len(found)} frames of reference of the CTs that were given; give the "
            f"one CT it was made from as images",
        )
    return found.pop()


def _deformable_part(item: Item, registered: str, homes: dict[str, Home]) -> _Part:
    """An item of a Deformable one: from the registered frame to its source frame."""
    frame = item.required_text("SourceFrameOfReferenceUID")
    before, first = read_matrices(
        item.items("PreDeformationMatrixRegistrationSequence")
    )
    after, last = read_matrices(item.items("PostDeformationMatrixRegistrationSequence"))
    images = read_images(item.items("ReferencedImageSequence"), homes, frame)
    grids = item.items("DeformableRegistrationGridSequence")
    if not grids:
        # Without a grid the displacement is zero (PS3.3, C.20.3.1.1).
        moved = AffineTransform(after @ before, registered, frame)
        return _Part(moved, images, first + last)
    grid, displacements, notes = read_deformation(grids[0], registered)
    deformed = DeformableTransform(
        grid,
        displacements,
        frame,
        None if np.array_equal(before, np.eye(4)) else before,
        None if np.array_equal(after, np.eye(4)) else after,
    )
    return _Part(deformed, images, first + last + notes)
