"""What was measured of a breast, as coded findings."""

from __future__ import annotations

from collections.abc import Iterator

from kerma.core.code import Code
from kerma.core.report import Finding, Measurement
from kerma.core.segmentation import Segmentation
from kerma.reports.breast_ct.segments import breast_code
from kerma.workflows.breast_ct.glandularity import Glandularity
from kerma.workflows.breast_ct.result import BreastCT

__all__ = ["findings_of"]

_OWN = "99KERMA"  # a coding scheme of our own begins with 99 (PS3.16, 8.2)
_CM3 = Code("cm3", "UCUM", "cubic centimeter")
_MM = Code("mm", "UCUM", "millimeter")
_PERCENT = Code("%", "UCUM", "percent")
_HU = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
_VOLUME = Code("118565006", "SCT", "Volume")
_VOLUME_OF_BREAST = Code("112193", "DCM", "Volume of breast")
_LENGTH = Code("410668003", "SCT", "Length")
_DIAMETER = Code("CHEST_DIAMETER", _OWN, "Effective diameter at the chest wall")
_SKIN = Code("SKIN_MEAN", _OWN, "Mean skin thickness")
_SKIN_SD = Code("SKIN_SD", _OWN, "Standard deviation of skin thickness")
_FAT_HU = Code("FAT_HU", _OWN, "CT number of fat on this scan")
_GLAND_HU = Code("GLAND_HU", _OWN, "CT number of gland on this scan")
_GLANDULARITY = {
    "vgf": Code("111046", "DCM", "Percent Fibroglandular Tissue"),
    "vgf_with_skin": Code("G_SKIN", _OWN, "Glandularity, skin included"),
    "mass": Code("G_MASS", _OWN, "Glandularity by mass"),
    "hu_g": Code("G_HU", _OWN, "Glandularity by mean CT number"),
    "seg_g": Code("G_SEG", _OWN, "Glandularity by voxels"),
    "partial": Code("G_PARTIAL", _OWN, "Glandularity by partial voxels"),
}
_LOW, _HIGH = "lower end of 95 % interval", "upper end of 95 % interval"
_SHORT = {"vgf": "Glandularity"}  # the meaning has 64 characters at most


def findings_of(result: BreastCT, segmentation: Segmentation) -> tuple[Finding, ...]:
    """The breast as a whole, then each tissue that has a segment.

    Volumes are in cm³, glandularity in percent, each with the ends of its 95 %
    interval. There is no standard code for most ways to measure glandularity; they have
    codes of our own scheme, 99KERMA.

    Parameters
    ----------
    result
        The numbers.
    segmentation
        Its tissues by their names; what has no volume in the result is left out.
    """
    whole = Finding(
        label="Breast",
        measurements=tuple(_of_breast(result)),
        kind=breast_code(result.laterality),
    )
    tissues = [
        Finding(
            label=segment.name,
            measurements=(
                Measurement(_VOLUME, result.volumes_ml[segment.name], _CM3),
                *(_of_skin(result) if segment.name == "skin" else ()),
            ),
            kind=segment.property_type,
            segment_number=segment.number,
        )
        for segment in segmentation.segments
        if result.volumes_ml.get(segment.name)
    ]
    return (whole, *tissues)


def _of_breast(result: BreastCT) -> Iterator[Measurement]:
    breast, scale = result.breast, result.scale
    yield Measurement(_VOLUME_OF_BREAST, breast.volume_ml, _CM3)
    yield Measurement(_LENGTH, breast.length_mm, _MM)
    yield Measurement(_DIAMETER, breast.chest_wall_diameter_mm, _MM)
    yield from _of_glandularity(result.glandularity)
    yield Measurement(_FAT_HU, scale.fat_hu, _HU)
    yield Measurement(_GLAND_HU, scale.gland_hu, _HU)


def _of_glandularity(glandularity: Glandularity) -> Iterator[Measurement]:
    for way, code in _GLANDULARITY.items():
        estimate = getattr(glandularity, way)
        own = code.value if code.scheme == _OWN else "G_VOLUME"
        meaning = _SHORT.get(way, code.meaning)
        yield Measurement(code, 100 * estimate.value, _PERCENT)
        for end, words, value in (
            ("LOW", _LOW, estimate.low),
            ("HIGH", _HIGH, estimate.high),
        ):
            name = Code(f"{own}_{end}", _OWN, f"{meaning}, {words}")
            yield Measurement(name, 100 * value, _PERCENT)


def _of_skin(result: BreastCT) -> Iterator[Measurement]:
    skin = result.skin
    if skin.mean_mm is not None:
        yield Measurement(_SKIN, skin.mean_mm, _MM)
    if skin.sd_mm is not None:
        yield Measurement(_SKIN_SD, skin.sd_mm, _MM)
