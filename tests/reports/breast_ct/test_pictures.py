"""The three pictures of the scan and of the tissues."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from kerma.reports.breast_ct.pictures import color_picture, gray_picture, pictures
from kerma.reports.breast_ct.sections import Plane, Section, largest_section
from kerma.workflows.breast_ct.tissues import COLORS, Tissue
from tests.reports.breast_ct.small_breasts import small_breast


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return pictures(small_breast())


def test_they_are_called_as_the_first_scripts_call_them(
    files: dict[str, bytes],
) -> None:
    assert set(files) == {
        f"{kind}_B 1_{plane}.png" for kind in ("img", "auto_seg") for plane in "cst"
    }


def test_a_second_run_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    assert pictures(small_breast()) == files


def test_black_is_air_and_white_200_hu() -> None:
    hu = np.array([[[-1024, -412], [200, 900]]], np.int16)
    gray = gray_picture(hu, Section(Plane.CORONAL, 0), (1.0, 1.0, 1.0))
    assert gray[::2, ::2].tolist() == [[0, 128], [255, 255]]  # -412 is half way


def test_pixels_are_square_whatever_the_voxels() -> None:
    hu = np.zeros((10, 20, 30), np.int16)
    gray = gray_picture(hu, Section(Plane.TRANSVERSAL, 0), (0.6, 0.3, 0.3))
    assert gray.shape == (40, 60)  # 6 mm by 9 mm
    gray = gray_picture(hu, Section(Plane.SAGITTAL, 0), (0.6, 0.3, 0.3))
    assert gray.shape == (40, 40)


@pytest.mark.parametrize("tissue", [Tissue.FAT, Tissue.GLAND, Tissue.MUSCLE])
def test_every_tissue_has_its_own_color_and_area(tissue: Tissue) -> None:
    breast = small_breast()
    section = largest_section(breast.numbers, Plane.SAGITTAL)
    colors = color_picture(breast.numbers, section, breast.image.spacing)
    drawn = np.all(colors == COLORS[tissue], axis=2).mean()
    assert drawn == pytest.approx(
        (section.of(breast.numbers) == tissue).mean(), abs=0.01
    )


def test_the_file_holds_the_very_colors_above_a_legend(files: dict[str, bytes]) -> None:
    breast = small_breast()
    section = largest_section(breast.numbers, Plane.CORONAL)
    wanted = color_picture(breast.numbers, section, breast.image.spacing)
    stored = imread(io.BytesIO(files["auto_seg_B 1_c.png"]))
    high, wide = wanted.shape[:2]
    np.testing.assert_array_equal(
        np.rint(255 * stored[:high, :wide, :3]).astype(np.uint8), wanted
    )
    legend = np.rint(255 * stored[high:, :, :3]).reshape(-1, 3)
    assert {tuple(color) for color in legend} >= {
        COLORS[Tissue.FAT],
        COLORS[Tissue.GLAND],
    }
