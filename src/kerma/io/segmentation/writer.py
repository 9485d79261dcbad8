"""Write segmentations (PS3.3, A.51)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.label_map import LabelMap
from kerma.core.segmentation import Segment, Segmentation
from kerma.core.study import Study
from kerma.core.uids import uid_from
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.io.dicom.code import coded_concept
from kerma.io.dicom.writer import file_bytes, identify, set_text
from kerma.io.files import write_file
from kerma.io.segmentation.source_images import source_images

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription
    from pydicom import Dataset

__all__ = ["SegmentationKind", "write_segmentation"]

_FRACTIONAL_TYPES = ("OCCUPANCY", "PROBABILITY")


class SegmentationKind(StrEnum):
    """Segmentation Type (0062,0001)."""

    BINARY = "BINARY"
    FRACTIONAL = "FRACTIONAL"
    LABELMAP = "LABELMAP"


def write_segmentation(
    segmentation: Segmentation | LabelMap,
    file: Path,
    *,
    ct: CT,
    kind: SegmentationKind | str = SegmentationKind.BINARY,
    study: Study | None = None,
    uid_seed: str | None = None,
    created: datetime | None = None,
) -> Path:
    """Write a segmentation of a CT as DICOM SEG.

    Parameters
    ----------
    segmentation
        What to write, on the grid of the CT. Its UIDs are kept where it has any and no
        seed is given.
    file
        Where to.
    ct
        The CT that was segmented; it has to name its images.
    kind
        BINARY, which every program reads; FRACTIONAL, in steps of 1/255; LABELMAP,
        which is small, but of 2024. Only FRACTIONAL keeps fractions; a label map keeps
        the numbers of segments, the others count them from 1 (PS3.3, C.8.20.2).
    study
        Patient and study to write; by default those of the CT.
    uid_seed
        Makes new UIDs for series and object, the same ones from the same seed.
    created
        Date and time of the content; by default those of the segmentation, and the
        present where it has none.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    GeometryError
        The segmentation does not lie on the grid of the CT.
    InputError
        There is no segment, fractions would be lost, segments overlap in a label map,
        the CT does not name its images, or a text is none that DICOM allows.
    """
    if isinstance(segmentation, LabelMap):
        segmentation = Segmentation.from_label_map(segmentation)
    kind = _check(segmentation, ct, kind)
    identity = identify(
        study or ct.study,
        series=segmentation.series_instance_uid,
        instances=[segmentation.sop_instance_uid],
        uid_seed=uid_seed,
    )
    data = _encode(
        segmentation,
        kind,
        source_images(ct, study),
        series=identity.series,
        instance=identity.instance,
    )
    _set_algorithms(data, segmentation)
    _set_content(data, segmentation, created)
    dimension = uid_from("dimension", identity.instance)
    data.DimensionOrganizationSequence[0].DimensionOrganizationUID = dimension
    for index in data.DimensionIndexSequence:
        index.DimensionOrganizationUID = dimension
    return write_file(file, file_bytes(data))


def _check(
    segmentation: Segmentation, ct: CT, kind: SegmentationKind | str
) -> SegmentationKind:
    if kind not in tuple(SegmentationKind):
        raise InputError(
            f"A segmentation is written as {', '.join(SegmentationKind)}; got {kind!r}."
        )
    if not segmentation.segments:
        raise InputError("There is no segment to write.")
    if not segmentation.grid.is_same_as(ct.grid):
        raise GeometryError(
            "The segmentation does not lie on the grid of the CT; resample it to that "
            "grid first."
        )
    if segmentation.fractional_type not in _FRACTIONAL_TYPES:
        raise InputError(
            f"A fraction is one of {' or '.join(_FRACTIONAL_TYPES)}; got "
            f"{segmentation.fractional_type!r}."
        )
    partial = [s.number for s in segmentation.segments if s.is_fractional]
    if partial and kind != SegmentationKind.FRACTIONAL:
        raise InputError(
            f"Segments {partial} are fractional; write them as FRACTIONAL, or threshold "
            f"them first."
        )
    return SegmentationKind(kind)


def _encode(
    segmentation: Segmentation,
    kind: SegmentationKind,
    images: Sequence[Dataset],
    *,
    series: str,
    instance: str,
) -> Dataset:
    from highdicom.seg import Segmentation as Encoded

    from kerma import __version__

    with warnings.catch_warnings():
        # It advises on what may follow, such as compression; nothing that is wrong.
        warnings.simplefilter("ignore")
        data: Dataset = Encoded(
            source_images=images,
            pixel_array=_pixels(segmentation, kind),
            segmentation_type=str(kind),
            segment_descriptions=_descriptions(segmentation, kind),
            series_instance_uid=series,
            series_number=1,
            sop_instance_uid=instance,
            instance_number=1,
            manufacturer="Kerma",
            manufacturer_model_name="Kerma",
            software_versions=__version__,
            device_serial_number="none",  # of type 1 here; a program has none
            fractional_type=segmentation.fractional_type,
        )
    return data


def _pixels(segmentation: Segmentation, kind: SegmentationKind) -> NDArray[Any]:
    """(nk, nj, ni) numbers of a label map, or (nk, nj, ni, n) values of each segment."""
    if kind == SegmentationKind.LABELMAP:
        return np.asarray(segmentation.to_label_map().numbers)
    dtype = np.float32 if kind == SegmentationKind.FRACTIONAL else np.bool_
    segments = segmentation.segments
    pixels: NDArray[Any] = np.zeros((*segmentation.grid.shape, len(segments)), dtype)
    for n, segment in enumerate(segments):
        pixels[(*segment.box, n)] = segment.array
    return pixels


def _descriptions(
    segmentation: Segmentation, kind: SegmentationKind
) -> list[SegmentDescription]:
    keeps_numbers = kind == SegmentationKind.LABELMAP
    return [
        _description(segment, segment.number if keeps_numbers else n)
        for n, segment in enumerate(segmentation.segments, start=1)
    ]


def _description(segment: Segment, number: int) -> SegmentDescription:
    from highdicom.seg import SegmentDescription

    category, kind = (
        coded_concept(code) for code in (segment.category, segment.property_type)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        item = SegmentDescription(number, "x", category, kind, "MANUAL")
    set_text(item, "SegmentLabel", segment.name or f"Segment {segment.number}")
    return item


def _set_algorithms(data: Dataset, segmentation: Segmentation) -> None:
    """How each segment was made; a background as the first one.

    Afterwards, since highdicom wants to know more of an algorithm than DICOM does.
    """
    segments = segmentation.segments
    items = data.SegmentSequence
    background = len(items) - len(segments)
    for item, segment in zip(items, (*segments[:background], *segments), strict=True):
        algorithm = segment.algorithm_type or "AUTOMATIC"
        set_text(item, "SegmentAlgorithmType", algorithm)
        if algorithm != "MANUAL":
            name = segment.algorithm_name or "not stated"
            set_text(item, "SegmentAlgorithmName", name)


def _set_content(
    data: Dataset, segmentation: Segmentation, created: datetime | None
) -> None:
    set_text(data, "ContentLabel", segmentation.label or "SEGMENTATION")
    set_text(data, "ContentDescription", segmentation.description)
    date, time = segmentation.date, segmentation.time
    if created or not date:
        when = created or datetime.now()  # noqa: DTZ005  (DICOM has local time)
        date, time = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    for place in ("Content", "Series", "InstanceCreation"):
        set_text(data, f"{place}Date", date)
        set_text(data, f"{place}Time", time or "000000")
    for tool in data.ContributingEquipmentSequence:
        tool.ContributionDateTime = f"{date}{time or '000000'}"
