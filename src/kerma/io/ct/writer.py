"""Write a CT as a DICOM series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerma.core.image_reference import ImageReference
from kerma.core.study import Study
from kerma.core.uids import is_uid
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io.ct.attributes import common_attributes, image_attributes
from kerma.io.dicom.references import instance_items
from kerma.io.dicom.writer import file_bytes, identify
from kerma.io.files import all_or_none, write_file

__all__ = ["write_ct"]


def write_ct(
    ct: CT,
    folder: Path,
    *,
    study: Study | None = None,
    uid_seed: str | None = None,
    source: CT | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write a CT as CT Image Storage, one file for each slice, all or none.

    The files are ``ct_0001.dcm`` and so on in slice order: explicit VR little endian,
    int16, slope 1, intercept 0. A float32 CT is rounded to whole HU, that is by at
    most 0.5 HU. Reading them back gives the same CT numbers, grid and acquisition, save
    that the rescale type is always stated. Slices come back ascending along their
    normal.

    Parameters
    ----------
    ct
        The CT. Its UIDs are kept where it has any and no seed is given.
    folder
        Made where it does not exist; other files in it are left alone.
    study
        Patient and study to write; by default those of the CT.
    uid_seed
        Makes new UIDs for series and images, the same ones from the same seed. Give
        one where the CT numbers differ from those of the images the CT was read from.
    source
        The CT, of as many slices, that this one was made of: each image then names
        the one that it was derived from.
    overwrite
        Replace files of these names.

    Returns
    -------
    list of Path
        The files, in slice order.

    Raises
    ------
    InputError
        A file of that name exists, the folder cannot be written, CT numbers are not
        finite or do not fit int16, a text of the acquisition is none that DICOM allows,
        or the source does not name an image for each slice.
    """
    stored = _whole_hu(ct)
    count = ct.grid.shape[0]
    uids = ct.sop_instance_uids
    identity = identify(
        study or ct.study,
        series=ct.series_instance_uid,
        instances=uids if len(uids) == count else ("",) * count,
        frame_of_reference=ct.grid.frame_of_reference,
        uid_seed=uid_seed,
    )
    common = common_attributes(ct, identity)
    origins = _origins(source, count)
    names = [f"ct_{k + 1:04d}.dcm" for k in range(len(stored))]
    with all_or_none(folder, names, overwrite=overwrite) as temporary:
        for k, name in enumerate(names):
            image = image_attributes(
                common, ct.grid, k, stored[k], identity.instances[k]
            )
            if origins:
                image.SourceImageSequence = instance_items([origins[k]])
            write_file(temporary / name, file_bytes(image))
    return [folder / name for name in names]


def _origins(source: CT | None, count: int) -> list[ImageReference]:
    """The image that each slice was derived from; none where there is no source."""
    if source is None:
        return []
    uids = source.sop_instance_uids
    if len(set(uids)) != count or not all(map(is_uid, uids)):
        raise InputError(
            f"The CT that this one was made of does not name an image for each of its "
            f"{count} slices, so none can be referred to."
        )
    return [ImageReference((uid,)) for uid in uids]


def _whole_hu(ct: CT) -> NDArray[np.int16]:
    """CT numbers as int16, float ones rounded."""
    if ct.array.dtype == np.int16:
        return np.asarray(ct.array, np.int16)
    lowest, highest = float(ct.array.min()), float(ct.array.max())
    limits = np.iinfo(np.int16)
    # Not the opposite comparison: NaN has to fail it too.
    if not (limits.min - 0.5 <= lowest and highest < limits.max + 0.5):
        raise InputError(
            f"CT numbers from {lowest:g} to {highest:g} HU do not fit the 16 bits of "
            f"a CT image ({limits.min} to {limits.max}). Clip them first."
        )
    return np.rint(ct.array).astype(np.int16)
