"""Which images a DICOM object was made from (PS3.3, C.12.2), read and written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kerma.core.image_reference import ImageReference
from kerma.io.dicom.item import Item

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "Home",
    "instance_items",
    "other_images",
    "read_homes",
    "read_images",
    "set_common_references",
]


@dataclass(frozen=True)
class Home:
    """Study, series and SOP Class UID of an instance; empty where unknown."""

    study: str
    series: str
    sop_class: str


def read_homes(item: Item) -> dict[str, Home]:
    """Where each instance belongs that the Common Instance Reference names."""
    others = item.items("StudiesContainingOtherReferencedInstancesSequence")
    homes = {}
    for place in (item, *others):
        study = place.text("StudyInstanceUID")
        for series in place.items("ReferencedSeriesSequence"):
            uid = series.text("SeriesInstanceUID")
            for instance in series.items("ReferencedInstanceSequence"):
                home = Home(study, uid, instance.text("ReferencedSOPClassUID"))
                homes[instance.text("ReferencedSOPInstanceUID")] = home
    return homes


def read_images(
    instances: Iterable[Item], homes: Mapping[str, Home], frame: str
) -> tuple[ImageReference, ...]:
    """References to images, those of one series together.

    Parameters
    ----------
    instances
        Items with a Referenced SOP Class and Instance UID.
    homes
        Where each instance belongs; see `read_homes`.
    frame
        Frame of Reference UID of the images.
    """
    groups: dict[Home, list[str]] = defaultdict(list)
    for instance in instances:
        uid = instance.text("ReferencedSOPInstanceUID")
        known = homes.get(uid, Home("", "", ""))
        sop_class = instance.text("ReferencedSOPClassUID")
        groups[replace(known, sop_class=sop_class)].append(uid)
    return _references(groups, frame)


def other_images(
    homes: Mapping[str, Home], named: Iterable[ImageReference]
) -> tuple[ImageReference, ...]:
    """References to the images of `homes` beyond those named, in no known frame."""
    known = {uid for reference in named for uid in reference.sop_instance_uids}
    groups: dict[Home, list[str]] = defaultdict(list)
    for uid, home in homes.items():
        if uid not in known:
            groups[home].append(uid)
    return _references(groups, "")


def _references(
    groups: Mapping[Home, list[str]], frame: str
) -> tuple[ImageReference, ...]:
    return tuple(
        ImageReference(
            tuple(dict.fromkeys(uids)), home.sop_class, home.series, home.study, frame
        )
        for home, uids in groups.items()
    )


def instance_items(images: Iterable[ImageReference]) -> list[Dataset]:
    """One item for each image, with its SOP Class and Instance UID."""
    from pydicom import Dataset

    items = []
    for reference in images:
        for uid in reference.sop_instance_uids:
            item = Dataset()
            item.ReferencedSOPClassUID = reference.sop_class_uid
            item.ReferencedSOPInstanceUID = uid
            items.append(item)
    return items


def set_common_references(data: Dataset, images: Iterable[ImageReference]) -> None:
    """Fill in the Common Instance Reference Module.

    Images whose series is unknown are left out; a study that is unknown is taken to be
    that of the object.
    """
    own = str(data.StudyInstanceUID)
    studies: dict[str, dict[str, list[ImageReference]]] = {}
    for image in images:
        if image.series_instance_uid and image.sop_instance_uids:
            study = studies.setdefault(image.study_instance_uid or own, {})
            study.setdefault(image.series_instance_uid, []).append(image)
    if own in studies:
        data.ReferencedSeriesSequence = _series_items(studies.pop(own))
    if studies:
        data.StudiesContainingOtherReferencedInstancesSequence = [
            _study_item(uid, series) for uid, series in studies.items()
        ]


def _study_item(uid: str, series: Mapping[str, list[ImageReference]]) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.StudyInstanceUID = uid
    item.ReferencedSeriesSequence = _series_items(series)
    return item


def _series_items(series: Mapping[str, list[ImageReference]]) -> list[Dataset]:
    from pydicom import Dataset

    items = []
    for uid, images in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        item.ReferencedInstanceSequence = instance_items(images)
        items.append(item)
    return items
