"""Which images an object was made from."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.core.volume import CT

__all__ = ["CT_IMAGE_STORAGE", "ImageReference"]

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True)
class ImageReference:
    """Images of one series, by their UIDs; empty where nothing is known.

    Parameters
    ----------
    sop_instance_uids
        SOP Instance UIDs (0008,1155) of the images.
    sop_class_uid
        Their SOP Class UID (0008,1150).
    series_instance_uid, study_instance_uid
        Where they belong.
    frame_of_reference
        Frame of Reference UID of their positions.
    """

    sop_instance_uids: tuple[str, ...]
    sop_class_uid: str = CT_IMAGE_STORAGE
    series_instance_uid: str = ""
    study_instance_uid: str = ""
    frame_of_reference: str = ""

    @classmethod
    def to_ct(cls, ct: CT) -> ImageReference:
        """The reference to every slice of a CT."""
        return cls(
            ct.sop_instance_uids,
            CT_IMAGE_STORAGE,
            ct.series_instance_uid,
            ct.study.study_instance_uid,
            ct.grid.frame_of_reference,
        )
