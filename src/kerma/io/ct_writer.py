"""Write a CT as a DICOM series."""

from __future__ import annotations

import io
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io.ct_attributes import Identity, common_attributes, image_attributes
from kerma.io.files import make_folder, write_file
from kerma.io.uids import is_uid, uid_from

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_ct"]


def write_ct(
    ct: CT,
    folder: Path,
    *,
    patient_name: str = "Kerma^Phantom",
    patient_id: str = "KERMA",
    study_instance_uid: str | None = None,
    uid_seed: str | None = None,
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
    patient_name, patient_id
        Written to every file.
    study_instance_uid
        The study that the series belongs to; by default one made from the series UID.
    uid_seed
        Makes new UIDs for series and images, the same ones from the same seed. Give
        one where the CT numbers differ from those of the images the CT was read from.

    Returns
    -------
    list of Path
        The files, in slice order.

    Raises
    ------
    InputError
        A file of that name exists, the folder cannot be written, CT numbers are not
        finite or do not fit int16, a text of the acquisition is none that DICOM allows.
    """
    stored = _whole_hu(ct)
    identity = _identify(
        ct, (patient_name, patient_id), study=study_instance_uid, seed=uid_seed
    )
    common = common_attributes(ct, identity)
    names = [f"ct_{k + 1:04d}.dcm" for k in range(len(stored))]
    with _all_or_none(folder, names) as temporary:
        for k, name in enumerate(names):
            image = image_attributes(
                common, ct.grid, k, stored[k], identity.instances[k]
            )
            write_file(temporary / name, _encoded(image))
    return [folder / name for name in names]


def _identify(
    ct: CT, patient: tuple[str, str], *, study: str | None, seed: str | None
) -> Identity:
    count = ct.grid.shape[0]
    keep = seed is None and is_uid(ct.series_instance_uid)
    series = ct.series_instance_uid
    if not keep:
        series = uid_from("series", seed or uuid.uuid4().hex)
    instances = ct.sop_instance_uids
    distinct = len(set(instances)) == len(instances) == count
    if not keep or not distinct or not all(map(is_uid, instances)):
        instances = tuple(uid_from("image", series, str(k)) for k in range(count))
    if study is not None and not is_uid(study):
        raise InputError(f"study_instance_uid is {study!r}, which is no DICOM UID.")
    frame = ct.grid.frame_of_reference
    return Identity(
        patient_name=patient[0],
        patient_id=patient[1],
        study=study or uid_from("study", series),
        series=series,
        frame_of_reference=frame if is_uid(frame) else uid_from("frame", series),
        instances=instances,
    )


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


def _encoded(image: Dataset) -> bytes:
    """A DICOM file: preamble, file meta, data set."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    content = io.BytesIO()
    dcmwrite(content, image, enforce_file_format=True)
    return content.getvalue()


@contextmanager
def _all_or_none(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """A temporary folder whose files move to their place once all are written."""
    taken = [name for name in names if (folder / name).exists()]
    if taken:
        raise InputError(
            f"{folder.name}: {taken[0]} is there already; nothing was written. Choose "
            f"an empty folder."
        )
    make_folder(folder)
    moved: list[Path] = []
    try:
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
    except OSError as error:
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    try:
        yield temporary
        for name in names:
            moved.append((temporary / name).rename(folder / name))  # noqa: PERF401  (kept for the way back)
    except OSError as error:
        for file in moved:
            file.unlink(missing_ok=True)
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
