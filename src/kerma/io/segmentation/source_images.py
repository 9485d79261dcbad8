"""The headers of a CT's images, for objects that are derived from them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.study import Study
from kerma.core.uids import is_uid
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io.ct.attributes import common_attributes, image_attributes
from kerma.io.dicom.writer import decimal, identify

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["source_images"]


def source_images(ct: CT, study: Study | None = None) -> list[Dataset]:
    """A header without pixels for each slice of a CT, in slice order.

    Raises
    ------
    InputError
        The CT does not name its images, so nothing can refer to them.
    """
    uids = ct.sop_instance_uids
    named = len(set(uids)) == ct.grid.shape[0] and all(map(is_uid, uids))
    if not named or not is_uid(ct.series_instance_uid):
        raise InputError(
            "This CT does not name an image for each of its slices. Write it with "
            "write_ct and read it again, then it does."
        )
    identity = identify(
        study or ct.study,
        series=ct.series_instance_uid,
        instances=uids,
        frame_of_reference=ct.grid.frame_of_reference,
    )
    common = common_attributes(ct, identity)
    if common.SliceThickness is None:  # what is derived has to state one
        common.SliceThickness = decimal(ct.grid.spacing[0])
    nothing = np.zeros(0, np.int16)
    return [  # a shallow copy of a data set shares its elements with the others
        copy.deepcopy(image_attributes(common, ct.grid, k, nothing, uid))
        for k, uid in enumerate(uids)
    ]
