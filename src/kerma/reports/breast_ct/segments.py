"""Tissues of a breast as coded segments."""

from __future__ import annotations

import numpy as np

from kerma.core.code import Code
from kerma.core.image_reference import ImageReference
from kerma.core.segmentation import TISSUE, Segment, Segmentation, crop
from kerma.reports.breast_ct.naming import content_uid, study_of
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["TYPES", "breast_code", "gland_fractions", "tissue_segments"]

_ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
_OBJECT = Code("260787004", "SCT", "Physical object")
_IMPLANT = Code("2282003", "SCT", "Breast implant")
_SILICONE = Code("465380004", "SCT", "Silicone gel implant")
_BREAST = {
    "L": Code("80248007", "SCT", "Left breast"),
    "R": Code("73056007", "SCT", "Right breast"),
}
_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
_LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"

TYPES: dict[Tissue, tuple[Code, Code]] = {
    Tissue.FAT: (TISSUE, Code("89749009", "SCT", "Fatty tissue of breast")),
    Tissue.GLAND: (TISSUE, Code("1342375003", "SCT", "Breast fibroglandular tissue")),
    Tissue.SKIN: (TISSUE, Code("82038008", "SCT", "Skin of breast")),
    Tissue.MUSCLE: (_ANATOMY, Code("60005003", "SCT", "Pectoralis major muscle")),
    Tissue.BONE: (_ANATOMY, Code("113197003", "SCT", "Rib")),
    Tissue.FOLD: (TISSUE, TISSUE),
    Tissue.IMPLANT: (_OBJECT, _IMPLANT),
    Tissue.CYLINDER: (_OBJECT, _OBJECT),
}
"""Category and type of each tissue: PS3.16, CID 7150 and 7163 (of 2024)."""


def tissue_segments(
    segmented: SegmentedBreast, *, cylinder: bool = False, tissue_numbers: bool = False
) -> Segmentation:
    """A segment for each tissue that is there, with the UIDs it is written under.

    Parameters
    ----------
    segmented
        The breast.
    cylinder
        Whether the cylinder is a segment.
    tissue_numbers
        Whether segments have the numbers of `Tissue`, as in a label map, or count from
        1, as in a binary segmentation.
    """
    label_map = segmented.label_map(cylinder=cylinder)
    present = set(np.unique(label_map.numbers).tolist())
    tissues = [tissue for tissue in TYPES if tissue in present]
    numbers = tissues if tissue_numbers else range(1, len(tissues) + 1)
    segments = []
    for number, tissue in zip(numbers, tissues, strict=True):
        array, corner = crop(label_map.mask(int(tissue)))
        category, kind = _types(tissue, segmented)
        segments.append(
            Segment(
                int(number), tissue.title, array, corner,
                category=category, property_type=kind, algorithm_name="Kerma breast CT",
            )
        )  # fmt: skip
    kinds = "labelmap" if tissue_numbers else "binary", f"cylinder {cylinder}"
    return _segmentation(
        segmented,
        tuple(segments),
        *kinds,
        sop_class=_LABEL_MAP_STORAGE if tissue_numbers else _SEGMENTATION_STORAGE,
    )


def gland_fractions(segmented: SegmentedBreast) -> Segmentation:
    """One segment that says how much of each voxel of fat and gland is gland."""
    fraction = segmented.gland_map().array.astype(np.float32) / np.float32(100)
    array, corner = crop(fraction)
    category, kind = TYPES[Tissue.GLAND]
    segment = Segment(
        1, Tissue.GLAND.title, array, corner,
        category=category, property_type=kind, algorithm_name="Kerma breast CT",
    )  # fmt: skip
    return _segmentation(
        segmented, (segment,), "fractional", sop_class=_SEGMENTATION_STORAGE
    )


def breast_code(laterality: str | None) -> Code:
    """The breast, left or right where that is known."""
    return _BREAST.get(laterality or "", Code("76752008", "SCT", "Breast"))


def _types(tissue: Tissue, segmented: SegmentedBreast) -> tuple[Code, Code]:
    fillings = {implant.filling for implant in segmented.result.implants}
    if tissue is Tissue.IMPLANT and fillings == {"silicone"}:
        return _OBJECT, _SILICONE
    return TYPES[tissue]


def _segmentation(
    segmented: SegmentedBreast,
    segments: tuple[Segment, ...],
    *kinds: str,
    sop_class: str,
) -> Segmentation:
    side = {"L": "left breast", "R": "right breast"}
    whose = side.get(segmented.result.laterality or "", "breast")
    return Segmentation(
        segmented.ct.grid,
        segments,
        label="BREAST TISSUES",
        description=f"Tissues of the {whose}",
        images=(ImageReference.to_ct(segmented.ct),),
        sop_class_uid=sop_class,
        sop_instance_uid=content_uid(segmented, *kinds, "object"),
        series_instance_uid=content_uid(segmented, *kinds, "series"),
        study=study_of(segmented.ct),
    )
