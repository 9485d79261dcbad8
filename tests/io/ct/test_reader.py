"""Real CTs, held against a plain pydicom loop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.io import read_ct

Make = Callable[..., Dataset]
Save = Callable[..., Path]


def plain_hu(data: Dataset) -> FloatArray:
    """CT numbers of one slice, by the book: decode, rescale, padding to air."""
    stored = data.pixel_array.astype(float)
    hu: FloatArray = stored * float(data.RescaleSlope) + float(data.RescaleIntercept)
    if "PixelPaddingValue" in data:
        hu[stored == data.PixelPaddingValue] = -1024
    return hu


@pytest.mark.parametrize(
    ("series", "count"),
    [
        ("ct_phantoms/catphan504_obi_head", 70),
        ("ct_phantoms/catphan504_obi_pelvis", 22),
        ("ct_phantoms/catphan504_truebeam_head", 25),
        ("organ_dose/indosect/dicom_sample", 88),
        ("organ_dose/torso_ct/dicom", 20),
        ("dicom_rt/tilted_ct_ge", 28),
        ("dicom_rt/rt_utils_mock/mock_data", 2),
        ("dicom_rt/rt_utils_mock/oriented_data", 3),
    ],
)
def test_real_series_agree_with_a_plain_loop(
    series: str, count: int, real_data: Path
) -> None:
    """Explicit, implicit and JPEG 2000; signed, unsigned and fractional."""
    folder = real_data / series
    ct = read_ct(folder)
    assert ct.grid.shape[0] == count
    for file in sorted(folder.iterdir()):
        data = dcmread(file, force=True)
        if "PixelData" not in data:
            continue
        index = ct.grid.to_index(np.array(data.ImagePositionPatient, float))
        np.testing.assert_allclose(index, np.rint(index), atol=1e-3)
        np.testing.assert_allclose(ct.hu[round(index[0])], plain_hu(data), atol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "ct_phantoms/single_slices/canon_aquilion_ctp515_nometa.dcm",
        "ct_phantoms/single_slices/elekta_xvi_ctp404.dcm",
        "ct_phantoms/single_slices/ge_ct750_qaphantom_imgA.dcm",
        "dicom_rt/breast_plan/ct.0.dcm",
        "dicom_rt/highdicom_files/ct_image.dcm",
        "dicom_rt/pydicom_files/693_J2KR.dcm",
        "dicom_rt/pydicom_files/693_UNCI.dcm",
        "dicom_rt/pydicom_files/CT_small.dcm",
        "dicom_rt/pydicom_files/J2K_pixelrep_mismatch.dcm",
    ],
)
def test_real_single_slices_agree_with_a_plain_read(name: str, real_data: Path) -> None:
    data = dcmread(real_data / name, force=True)
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ct = read_ct(real_data / name)
    np.testing.assert_array_equal(ct.hu[0], plain_hu(data))
    assert ct.grid.spacing[1:] == tuple(data.PixelSpacing)
    assert ct.grid.origin == tuple(data.ImagePositionPatient)


def test_what_was_odd_about_real_series_is_noted(real_data: Path) -> None:
    def notes(series: str) -> str:
        return " ".join(read_ct(real_data / series).notes)

    assert notes("ct_phantoms/catphan504_obi_head") == ""
    assert "15.00 mm between 0 and 1" in notes("ct_phantoms/catphan504_obi_pelvis")
    assert "31.84 mm between 1 and 2" in notes("ct_phantoms/catphan504_truebeam_head")
    assert "down to -2048" in notes("organ_dose/indosect/dicom_sample")
    assert "Series Instance UID" in notes("organ_dose/torso_ct/dicom")
    assert "1741040 voxels are padding" in notes("dicom_rt/tilted_ct_ge")


def test_a_folder_of_everything_lists_its_series(real_data: Path) -> None:
    with pytest.raises(InputError, match="dicom_rt: 7 CT series here; choose one"):
        read_ct(real_data / "dicom_rt")
    uid = "1.2.826.0.1.3680043.9.4245.3115138630835728997848661150714813892"
    assert read_ct(real_data / "dicom_rt", series_uid=uid).grid.shape[0] == 28


def test_progress_runs_from_nought_to_one(image: Make, save: Save) -> None:
    seen: list[float] = []
    read_ct(save(*[image(k) for k in range(5)]), progress=seen.append)
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == 1.0


def test_the_array_is_read_only(image: Make, save: Save) -> None:
    with pytest.raises(ValueError, match="read-only"):
        read_ct(save(image())).array[0, 0, 0] = 1


def test_the_usual_ct_is_read_without_pydicom(image: Make, save: Save) -> None:
    """Its import alone costs more than reading a series."""
    folder = save(image(0), image(1))
    program = (
        "import sys; from kerma.io import read_ct; "
        f"assert read_ct({str(folder)!r}).hu.shape == (2, 4, 6); "
        "assert 'pydicom' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
