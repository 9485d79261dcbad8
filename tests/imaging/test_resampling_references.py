"""Resampling against SciPy and SimpleITK, and on grids of real plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import map_coordinates

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.imaging import coverage, covering_grid, resample, sample
from kerma.io import read_ct
from kerma.simulation.positions import image_axes

AXIAL = image_axes("HFS")


def turned(degrees: float) -> tuple[Vec3, Vec3, Vec3]:
    """Turned about x, then about z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    k, j, i = (np.array(AXIAL) @ about_x @ about_z).tolist()
    return (tuple(k), tuple(j), tuple(i))


def noise(grid: Grid) -> Volume:
    array = np.random.default_rng(2).random(grid.shape, dtype=np.float32)
    return Volume(array, grid)


SOURCE = Grid((20, 25, 30), (-31.0, -22.0, -30.0), (3.0, 2.0, 2.1), AXIAL, "1")
TILTED = Grid(
    SOURCE.shape,
    SOURCE.origin,
    SOURCE.spacing,
    image_axes("HFS", tilt_deg=15.0),
    "1",
)
TARGETS = {
    "aligned": Grid(
        (25, 21, 19), (-20.13, -15.17, -22.07), (1.7, 1.3, 2.6), AXIAL, "1"
    ),
    "oblique": Grid(
        (25, 21, 19), (-15.13, -10.17, -12.07), (1.7, 1.3, 1.6), turned(20), "1"
    ),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", [SOURCE, TILTED], ids=["upright", "tilted"])
def test_linear_values_are_those_of_scipy(source: Grid, target: str) -> None:
    onto = TARGETS[target]
    index = np.indices(onto.shape, dtype=float).reshape(3, -1).T
    there = source.to_index(onto.to_patient(index)).T
    volume = noise(source)
    expected = map_coordinates(volume.array, there, np.float64, order=1, cval=np.nan)
    found = resample(volume, onto, antialias=False).array.ravel()
    both = np.isfinite(expected) & np.isfinite(found)
    assert both.mean() > 0.5
    assert both.sum() == np.isfinite(found).sum()
    np.testing.assert_allclose(found[both], expected[both], atol=3e-7)


def itk_image(array: Any, grid: Grid) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(array)
    image.SetOrigin(grid.origin)
    image.SetSpacing(grid.spacing[::-1])
    image.SetDirection(np.array(grid.axes)[::-1].T.ravel().tolist())
    return image


@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("axes", [AXIAL, turned(-12.0)], ids=["axial", "turned"])
def test_values_are_those_of_simpleitk_between_the_voxel_centers(
    axes: tuple[Vec3, Vec3, Vec3], target: str, interpolation: str
) -> None:
    """ITK extends the outer voxels by half their size, so only the inside compares."""
    source = Grid(SOURCE.shape, SOURCE.origin, SOURCE.spacing, axes, "1")
    onto = TARGETS[target]
    volume = noise(source)
    theirs = SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(
            itk_image(volume.array, source),
            itk_image(np.zeros(onto.shape, np.float32), onto),
            SimpleITK.Transform(),
            SimpleITK.sitkLinear
            if interpolation == "linear"
            else SimpleITK.sitkNearestNeighbor,
            -1.0,
        )
    )
    if interpolation == "linear":
        ours = resample(volume, onto, antialias=False).array
    else:
        ours = resample(volume, onto, interpolation="nearest").array
    inside = coverage(source, onto)
    assert inside.mean() > 0.3
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=1e-5)


CASES = {
    "2 mm": (
        Grid((159, 512, 512), (-300, -218, -676), (1, 1.171875, 1.171875), AXIAL, "1"),
        Grid((79, 145, 268), (-265.3, -41.9, -675), (2, 2, 2), AXIAL, "1"),
    ),
    "4 mm": (
        Grid((160, 512, 512), (-300, -207, -220), (1, 1.171875, 1.171875), AXIAL, "1"),
        Grid((107, 95, 135), (-268.6, -11.6, -219), (4, 4, 4), AXIAL, "1"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_dose_voxel_lies_where_its_position_says(case: str) -> None:
    ct, dose = CASES[case]
    m, row, column = np.indices(dose.shape)
    slice_, j, i = np.moveaxis(
        ct.to_index(dose.to_patient(np.stack([m, row, column], axis=-1))), -1, 0
    )
    x, y, z = np.array(dose.origin) - np.array(ct.origin)
    step = dose.spacing[0]
    np.testing.assert_allclose(i, (x + step * column) / 1.171875, atol=1e-9)
    np.testing.assert_allclose(j, (y + step * row) / 1.171875, atol=1e-9)
    np.testing.assert_allclose(slice_, z + step * m, atol=1e-9)


def test_the_first_dose_pixel_lies_at_column_29_611_and_row_150_272() -> None:
    ct, dose = CASES["2 mm"]
    plane, row, column = ct.to_index(dose.to_patient(np.array([[7.0, 0, 0]])))[0]
    assert plane == pytest.approx(2 * 7 + 1, abs=1e-9)
    assert column == pytest.approx(29.611, abs=1e-3)
    assert row == pytest.approx(150.272, abs=1e-3)


def resized_and_pasted(plane: FloatArray, ct: Grid, dose: Grid) -> FloatArray:
    """A dose plane stretched to 457 x 247 whole pixels and put at a whole offset.

    As image libraries resize: edges of the images are matched, not pixel centers.
    """
    columns, rows = 457, 247
    j = (np.arange(rows) + 0.5) * plane.shape[0] / rows - 0.5
    i = (np.arange(columns) + 0.5) * plane.shape[1] / columns - 0.5
    where = np.stack(np.meshgrid(j, i, indexing="ij"))
    resized = map_coordinates(plane, where, order=1, mode="nearest")
    first = ct.to_index(np.array(dose.origin))
    top, left = round(float(first[1])), round(float(first[2]))
    pasted = np.full(ct.shape[1:], np.nan)
    pasted[top : top + rows, left : left + columns] = resized
    return pasted


def test_pasting_a_resized_dose_is_off_by_nearly_a_millimeter_and_this_is_not() -> None:
    """The dose is its own position, D = x + 300 mm: an error of dose is one of position.

    Columns: 268 x 2 mm = 457.387 pixels are squeezed into 457, the first is put at 30
    instead of 29.611, and edges are matched instead of centers, so that column c shows
    the dose of -265.3 + 2 ((c - 29.5) 268/457 - 0.5) mm. That is 0.87 mm off at the
    first columns and 0.42 mm at the last.
    """
    ct, dose = CASES["2 mm"]
    x = dose.origin[0] + dose.spacing[2] * np.arange(dose.shape[2])
    array = np.broadcast_to(x + 300, dose.shape).astype(np.float32)
    column = np.arange(ct.shape[2])
    truth = ct.origin[0] + ct.spacing[2] * column + 300

    ours = resample(Dose(array, dose), ct, outside=np.nan).array[101]
    reached = np.isfinite(ours)
    assert reached.sum() == 246 * 456  # rows 150.27 to 396.03, columns 29.61 to 485.29
    assert np.abs(ours - truth)[reached].max() < 0.01

    off = (resized_and_pasted(array[50], ct, dose) - truth)[250, 31:486]
    shown = 300 - 265.3 + 2 * ((column - 29.5) * 268 / 457 - 0.5)
    np.testing.assert_allclose(off, (shown - truth)[31:486], atol=1e-4)
    assert off[[0, -1]] == pytest.approx([-0.869, -0.419], abs=1e-3)


def test_a_real_tilted_uneven_scan_is_set_upright(real_data: Path) -> None:
    """Against positions worked out from the headers alone, and another interpolator.

    28 slices, tilted by 18.5 degrees, 1.08, 4 or 7 mm apart.
    """
    folder = real_data / "dicom_rt" / "tilted_ct_ge"
    slices = sorted(
        (dcmread(file) for file in folder.glob("*.dcm")),
        key=lambda image: float(image.ImagePositionPatient[2]),
    )
    corners = np.array([image.ImagePositionPatient for image in slices], dtype=float)
    along = (corners[-1] - corners[0]) / np.linalg.norm(corners[-1] - corners[0])
    row, column = np.reshape(slices[0].ImageOrientationPatient, (2, 3)).astype(float)
    between_rows, between_columns = map(float, slices[0].PixelSpacing)

    ct = read_ct(folder)
    upright = resample(ct, covering_grid(ct.grid), antialias=False, outside=np.nan)
    assert not upright.grid.is_sheared
    assert upright.grid.is_even

    hu = np.stack([image.pixel_array.astype(float) for image in slices])
    hu[hu == slices[0].PixelPaddingValue] = -1024  # stored values; the intercept is 0
    lookup = RegularGridInterpolator(
        (
            (corners - corners[0]) @ along,
            between_rows * np.arange(hu.shape[1]),
            between_columns * np.arange(hu.shape[2]),
        ),
        hu,
        bounds_error=False,
    )
    some = np.random.default_rng(0).integers(0, upright.grid.shape, (4000, 3))
    positions = upright.grid.to_patient(some.astype(float)) - corners[0]
    expected = lookup(positions @ np.linalg.inv([along, column, row]))
    found = upright.array[tuple(some.T)]
    both = np.isfinite(expected) & np.isfinite(found)
    rounding_hu = 0.03  # direction cosines to 5e-8, over 250 mm, at 2000 HU/mm
    assert both.mean() > 0.5
    assert (np.isfinite(expected) != np.isfinite(found)).mean() < 0.002  # at the rim
    np.testing.assert_allclose(found[both], expected[both], atol=rounding_hu)
    np.testing.assert_allclose(
        sample(ct, upright.grid.to_patient(some.astype(float)))[both],
        expected[both],
        atol=0.5,
    )
