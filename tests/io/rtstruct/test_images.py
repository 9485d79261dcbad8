"""The image a contour lies on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.structures import Contour
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io.rtstruct.images import ImagePlanes

SQUARE = np.array([[0, 0, 0], [9, 0, 0], [9, 9, 0], [0, 9, 0]], np.float64)


def ct(*heights: float, axes: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> CT:
    """A CT with slices at z = 100 mm plus or minus some heights, mm."""
    count = len(heights)
    return CT(
        np.zeros((count, 2, 2), np.int16),
        Grid(
            (count, 2, 2),
            (0.0, 0.0, 100.0),
            (2.0, 1.0, 1.0),
            (axes, (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
            "1.2.3",
            None if count == 1 else heights,
        ),
        series_instance_uid="1.4",
        sop_instance_uids=tuple(f"1.5.{k}" for k in range(count)),
    )


def image_at(height: float, scan: CT) -> str:
    return ImagePlanes.of(scan).image_of(Contour(SQUARE + np.array([0, 0, height])))


@pytest.mark.parametrize(
    ("height", "uid"),
    [
        (97.9, ""),
        (98.1, "1.5.0"),
        (100, "1.5.0"),
        (101.9, "1.5.0"),
        (102.1, "1.5.1"),
        (104, "1.5.1"),
        (105.1, "1.5.2"),
        (107.0, "1.5.2"),
        (107.1, ""),
    ],
)
def test_each_image_reaches_half_way_to_the_next(height: float, uid: str) -> None:
    """Slices at 100, 104 and 106 mm: borders at 98, 102, 105 and 107 mm."""
    assert image_at(height, ct(0.0, 4.0, 6.0)) == uid


def test_slices_that_descend_are_found_too() -> None:
    scan = ct(0.0, 4.0, 6.0, axes=(0.0, 0.0, -1.0))  # at 100, 96 and 94 mm
    assert [image_at(z, scan) for z in (100, 96.5, 94, 92)] == [
        "1.5.0",
        "1.5.1",
        "1.5.2",
        "",
    ]


def test_a_single_slice_reaches_half_its_spacing() -> None:
    assert image_at(100.9, ct(0.0)) == "1.5.0"
    assert image_at(101.1, ct(0.0)) == ""


def test_a_contour_across_the_images_lies_on_none() -> None:
    sagittal = Contour(SQUARE[:, [2, 0, 1]] + np.array([0, 0, 98]))
    assert not ImagePlanes.of(ct(0.0, 4.0, 8.0)).image_of(sagittal)


def test_images_without_uids_cannot_be_referred_to() -> None:
    for nameless in (
        replace(ct(0.0), series_instance_uid=""),
        replace(ct(0.0), sop_instance_uids=()),
        replace(ct(0.0), sop_instance_uids=("not a uid",)),
    ):
        with pytest.raises(InputError, match="has no UID for its series and each"):
            ImagePlanes.of(nameless)
