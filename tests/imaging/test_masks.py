"""From contours to masks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.core.structures import Contour, ContourKind
from kerma.errors import GeometryError, InputError
from kerma.imaging.masks import mask_of
from kerma.io import read_dose, read_structures
from kerma.simulation.anatomy import THORAX, structure_of
from kerma.simulation.rt_set import Layout, simulate_rt_set
from tests.imaging.solids import (
    FRAME,
    ball,
    circle,
    dice,
    sampled,
    square,
    structure,
    upright,
)

GRID = upright()  # 40 slices of 2 mm at -39, -37, ..., 39
SLICES = [float(z) for z in -39 + 2.0 * np.arange(40)]


def sections(mask: Mask) -> list[float]:
    """Area on each slice of the grid, mm²."""
    return [float(area) for area in mask.full().sum(axis=(1, 2), dtype=float)]


def area_of(contour: Contour) -> float:
    around = contour.points - contour.points.mean(axis=0)
    return float(
        np.linalg.norm(np.cross(around, np.roll(around, -1, axis=0)).sum(0)) / 2
    )


@pytest.mark.parametrize(
    "layout",
    [Layout(), Layout(position="FFS"), Layout(position="HFP"), Layout(tilt_deg=18.0)],
    ids=["HFS", "FFS", "HFP", "tilted"],
)
def test_the_volume_is_that_of_the_polygons_times_the_slabs(layout: Layout) -> None:
    patient = simulate_rt_set(layout)
    grid = patient.ct.grid
    thickness = grid.spacing[0] * abs(np.dot(grid.axes[0], grid.normal))
    for one in patient.structures:
        expected = sum(area_of(c) for c in one.contours) * thickness
        assert mask_of(one, grid).volume_mm3 == pytest.approx(expected, rel=1e-6)


def test_an_ellipsoid_in_a_tilted_scan_lies_where_it_is() -> None:
    patient = simulate_rt_set(Layout(tilt_deg=18.0))
    (heart,) = (organ for organ in THORAX if organ.name == "Heart")
    grid = patient.ct.grid
    mask = mask_of(patient.structures["Heart"], grid)
    assert mask.volume_mm3 == pytest.approx(heart.volume_mm3, rel=2e-3)
    index = np.moveaxis(np.indices(grid.shape, float), 0, -1)
    center = np.average(
        grid.to_patient(index).reshape(-1, 3), axis=0, weights=mask.full().ravel()
    )
    np.testing.assert_allclose(center, heart.center_mm, atol=0.05)


def test_a_cube_on_voxel_borders_is_found_voxel_by_voxel() -> None:
    drawn = structure(square(10, z) for z in SLICES[10:20])
    expected = np.zeros(GRID.shape)
    expected[10:20, 20:40, 22:42] = 1
    mask = mask_of(drawn, GRID)
    np.testing.assert_allclose(mask.full(), expected, atol=1e-6)
    assert mask.notes == ()


# For each solid the squares of its radii at a height: rims and what they enclose.
RADII: dict[str, Callable[[float], tuple[float, float]]] = {
    "sphere": lambda z: (14**2 - z * z, 0),
    "cylinder": lambda z: (121.0 if -24 < z < 20 else 0.0, 0),
    "straw": lambda z: (121.0, 64.0) if -24 < z < 20 else (0.0, 0.0),
    "hollow": lambda z: (16**2 - z * z, max(0.0, 8**2 - z * z)),
    "ellipsoid": lambda z: (15**2 * (1 - z * z / 30**2), 0),
    "torus": lambda z: (
        (16 + math.sqrt(36 - z * z)) ** 2 if abs(z) < 6 else 0.0,
        (16 - math.sqrt(36 - z * z)) ** 2 if abs(z) < 6 else 0.0,
    ),
}


@pytest.mark.parametrize("solid", RADII)
def test_solids_are_what_points_in_them_say(solid: str) -> None:
    radii = RADII[solid]
    squares = {z: radii(z) for z in SLICES}
    drawn = structure(
        circle(math.sqrt(r2), z) for z, both in squares.items() for r2 in both if r2 > 0
    )
    mask = mask_of(drawn, GRID)
    slabs = sum(
        2 * math.pi * (max(outer, 0) - inner) for outer, inner in squares.values()
    )
    assert mask.volume_mm3 == pytest.approx(slabs, rel=1e-6)

    def inside(p: FloatArray) -> BoolArray:
        square = (p[..., 0] - 0.37) ** 2 + (p[..., 1] + 0.21) ** 2
        limits = np.array([radii(z) for z in p[:, 0, 0, 2]])[
            :, :, np.newaxis, np.newaxis
        ]
        return np.asarray((square <= limits[:, 0]) & (square > limits[:, 1]))

    truth = sampled(GRID, inside, parts=3)
    assert dice(mask.binary(), truth.binary()) > 0.99


def test_a_sphere_of_slabs_is_too_large_by_what_the_slabs_make() -> None:
    """Slabs of h in their middle: dV/V = h² / 8R²; interpolated shapes lie within."""
    truth = 4 / 3 * math.pi * 14**3
    drawn = ball(14, SLICES)
    slabs = mask_of(drawn, GRID).volume_mm3
    assert slabs / truth - 1 == pytest.approx(2**2 / (8 * 14**2), abs=1e-6)
    assert mask_of(drawn, GRID, between="shape").volume_mm3 == pytest.approx(
        truth, rel=0.01
    )


def test_a_cone_between_planes_is_stepped_in_slabs_and_slanted_in_shape() -> None:
    """Planes 8 mm apart over slices of 2 mm, radius from 20 to 8: r² on the way down."""
    drawn = structure(circle(20 - (z + 39) / 2, z) for z in (-39, -31, -23, -15))
    stepped = sections(mask_of(drawn, GRID))
    slanted = sections(mask_of(drawn, GRID, between="shape"))
    at = -37.0 + 2.0 * np.arange(11)
    np.testing.assert_allclose(
        slanted[1:12], np.pi * (20 - (at + 39) / 2) ** 2, rtol=0.01
    )
    assert stepped[1] == pytest.approx(math.pi * 400, rel=1e-4)
    assert stepped[3] == pytest.approx(math.pi * 256, rel=1e-4)


@pytest.mark.parametrize(
    ("end_cap", "length"), [("half", 24.0), ("none", 22.0), (0.5, 23.0), (3.0, 28.0)]
)
@pytest.mark.parametrize("between", ["slab", "shape"])
def test_a_cylinder_is_as_long_as_its_end_caps_make_it(
    end_cap: str | float, length: float, between: str
) -> None:
    drawn = structure(circle(12, z) for z in SLICES[9:21])
    mask = mask_of(drawn, GRID, end_cap=end_cap, between=between)  # type: ignore[arg-type]
    assert mask.volume_mm3 == pytest.approx(length * math.pi * 144, rel=1e-4)


def test_an_end_cap_on_tilted_slices_is_measured_across_them() -> None:
    patient = simulate_rt_set(Layout(tilt_deg=18.0))
    cord = patient.structures["Cord"]
    kept = replace(cord, contours=cord.contours[20:31])
    none = mask_of(kept, patient.ct.grid, end_cap="none").volume_mm3
    more = mask_of(kept, patient.ct.grid, end_cap=1.0).volume_mm3
    ends = area_of(kept.contours[0]) + area_of(kept.contours[-1])
    assert more - none == pytest.approx(ends, rel=1e-6)


def test_contours_between_slices_are_shared_out_and_not_moved() -> None:
    """Planes 0.9 mm above slices of 2 mm: 0.55 in their slice, 0.45 in the next."""
    drawn = structure(square(10, z + 0.9) for z in SLICES[10:20])
    areas = sections(mask_of(drawn, GRID))
    np.testing.assert_allclose(
        areas[9:22], [0, 220, *[400] * 9, 180, 0], rtol=1e-6, atol=1e-9
    )


def test_planes_finer_than_the_slices_are_averaged() -> None:
    """Planes 0.5 mm apart: four to a slice, of which some are there."""
    drawn = structure(square(5, z) for z in np.arange(-38.25, -34.7, 0.5))
    mask = mask_of(drawn, GRID)
    np.testing.assert_allclose(sections(mask)[:3], [25.0, 100.0, 75.0], rtol=1e-5)


def test_a_missing_plane_is_bridged_and_makes_no_ring() -> None:
    kept = [z for z in SLICES[10:30] if z != SLICES[17]]
    drawn = structure(circle(12, z) for z in kept)
    mask = mask_of(drawn, GRID)
    assert mask.volume_mm3 == pytest.approx(20 * 2 * math.pi * 144, rel=1e-4)
    assert (
        "1 contour planes in a row are missing; the structure was taken to go on"
        in (mask.notes[0])
    )
    apart = mask_of(drawn, GRID, fill_gaps=0)
    assert apart.volume_mm3 == pytest.approx(19 * 2 * math.pi * 144, rel=1e-4)
    assert sections(apart)[17] == 0


def test_parts_far_apart_stay_apart() -> None:
    drawn = structure(circle(6, z) for z in (*SLICES[4:9], *SLICES[25:30]))
    mask = mask_of(drawn, GRID)
    assert mask.volume_mm3 == pytest.approx(10 * 2 * math.pi * 36, rel=1e-4)
    assert "end there and begin anew" in mask.notes[0]
    bridged = mask_of(drawn, GRID, fill_gaps=20)
    assert bridged.volume_mm3 == pytest.approx(26 * 2 * math.pi * 36, rel=1e-4)


def test_contours_on_every_second_slice_fill_all() -> None:
    drawn = structure(circle(12, z) for z in SLICES[10:30:2])
    for between in ("slab", "shape"):
        mask = mask_of(drawn, GRID, between=between)
        assert mask.volume_mm3 == pytest.approx(20 * 2 * math.pi * 144, rel=1e-3)


def test_uneven_slices_each_keep_their_contours() -> None:
    """As a real head scan: gaps of 1, 4 and 7 mm, contours on every slice."""
    offsets = (0, 1, 2, 3, 7, 11, 18, 25)
    grid = replace(upright((8, 40, 40)), offsets=tuple(map(float, offsets)))
    bottom = grid.origin[2]
    drawn = structure(square(8, bottom + z) for z in offsets)
    mask = mask_of(drawn, grid)
    np.testing.assert_allclose(sections(mask), 256, rtol=1e-6)
    assert mask.volume_mm3 == pytest.approx(256 * (25 + 0.5 + 3.5), rel=1e-6)
    assert mask.notes == ()


def test_a_single_plane_is_as_thick_as_a_slice_and_says_so() -> None:
    mask = mask_of(structure([square(5, SLICES[7])]), GRID)
    assert mask.volume_mm3 == pytest.approx(200)
    assert "one plane only; taken to stand for 2 mm" in mask.notes[0]
    assert mask_of(structure([square(5, 0.0)]), GRID, end_cap="none").is_empty


def test_a_contour_of_a_tenth_of_a_millimeter_neither_vanishes_nor_cuts_a_pixel() -> (
    None
):
    organ = [circle(12, z) for z in SLICES[10:20]]
    with_dot = [*organ, square(0.06, SLICES[12], center=(25.0, 3.0))]
    plain, dotted = mask_of(structure(organ), GRID), mask_of(structure(with_dot), GRID)
    assert dotted.volume_mm3 - plain.volume_mm3 == pytest.approx(2 * 0.12**2, rel=1e-2)


def test_overlapping_contours_are_told_with_their_share() -> None:
    drawn = structure(
        square(6, z, center=(x, 0)) for z in SLICES[10:14] for x in (-3, 3)
    )
    mask = mask_of(drawn, GRID)
    assert mask.volume_mm3 == pytest.approx(8 * (288 - 2 * 72), rel=1e-5)
    assert "On 4 planes contours cross themselves or each other" in mask.notes[0]
    assert "50 % of the volume, was left out" in mask.notes[0]
    united = mask_of(drawn, GRID, overlap="union")
    assert united.volume_mm3 == pytest.approx(8 * (288 - 72), rel=1e-5)
    assert "taken in" in united.notes[0]


def test_what_lies_beyond_the_grid_is_cut_off_and_counted() -> None:
    drawn = structure(
        [
            *(square(10, z, center=(30, 0)) for z in SLICES[:5]),
            square(10, SLICES[0] - 2),
        ]
    )
    mask = mask_of(drawn, GRID)
    assert mask.volume_mm3 == pytest.approx(5 * 2 * 20 * 12, rel=1e-6)
    assert "6 of 6 contours reach beyond the grid" in mask.notes[0]
    away = mask_of(structure(square(5, z + 500) for z in SLICES), GRID)
    assert away.is_empty
    beside = mask_of(structure(square(5, z, center=(900, 0)) for z in SLICES), GRID)
    assert beside.is_empty


def test_points_and_open_contours_enclose_nothing() -> None:
    point = Contour(np.zeros((1, 3)), ContourKind.POINT)
    cube = structure(square(5, z) for z in SLICES[:4])
    mixed = mask_of(replace(cube, contours=(*cube.contours, point)), GRID)
    assert mixed.volume_mm3 == pytest.approx(800)
    assert mixed.notes == (
        "1 points or open contours enclose nothing and were left out.",
    )
    empty = mask_of(replace(cube, contours=(point,)), GRID)
    assert empty.is_empty
    assert "no closed contours" in empty.notes[-1]


@pytest.mark.parametrize("between", ["slab", "shape"])
def test_contours_oblique_to_the_grid_have_their_volume_and_place(between: str) -> None:
    """Drawn on tilted slices and on sagittal ones, asked for on upright voxels."""
    patient = simulate_rt_set(Layout(tilt_deg=18.0, pixel_mm=2, slice_mm=2))
    axes = (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)
    sagittal = Grid(
        (100, 90, 90),
        (-149, -89, 89),
        (2, 2, 2),
        axes,
        patient.ct.grid.frame_of_reference,
    )
    (gtv,) = (organ for organ in THORAX if organ.name == "GTV")
    onto = patient.dose.grid
    for grid in (patient.ct.grid, sagittal):
        mask = mask_of(structure_of(gtv, 1, grid), onto, between=between)  # type: ignore[arg-type]
        assert mask.volume_mm3 == pytest.approx(gtv.volume_mm3, rel=0.01)
        places = onto.to_patient(np.moveaxis(np.indices(onto.shape, float), 0, -1))
        center = np.average(places.reshape(-1, 3), axis=0, weights=mask.full().ravel())
        np.testing.assert_allclose(center, gtv.center_mm, atol=0.1)
        assert "contours stand at" in mask.notes[-1]


def test_contours_in_several_directions_and_bent_ones_are_refused() -> None:
    flat = square(10, 0.0)
    with pytest.raises(GeometryError, match="planes parallel to each other"):
        mask_of(structure([flat, flat[:, [2, 0, 1]]]), GRID)
    bent = circle(20, 0.0)
    bent[:, 2] = bent[:, 0] ** 2 / 40
    with pytest.raises(GeometryError, match="resample"):
        mask_of(structure([bent]), GRID)


def test_another_frame_of_reference_is_refused() -> None:
    drawn = replace(structure([square(5, 0.0)]), frame_of_reference="9.9")
    with pytest.raises(GeometryError, match=rf"9\.9 and the grid in {FRAME}"):
        mask_of(drawn, GRID)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"end_cap": "full"}, "'half', 'none' or a number of mm; got 'full'"),
        ({"end_cap": -1.0}, "got -1.0"),
        ({"end_cap": math.nan}, "got nan"),
        ({"between": "spline"}, "'slab' or 'shape'; got 'spline'"),
        ({"overlap": "or"}, "'xor' or 'union'"),
        ({"fill_gaps": -1}, "counted from 0; got -1"),
    ],
)
def test_options_that_are_none_are_refused(
    options: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        mask_of(structure([square(5, 0.0)]), GRID, **options)  # type: ignore[arg-type]


def test_a_real_plan_has_the_volumes_of_its_planning_system(real_data: Path) -> None:
    """Stated by the histograms in its dose: 437.5, 2009.0, 12.81 and 396.2 cm³."""
    folder = real_data / "dicom_rt" / "breast_plan"
    structures = read_structures(folder / "rtss.dcm")
    grid = read_dose(folder / "rtdose.dcm").grid
    stated = {"Heart": 437.5, "Lt Lung": 2009.0, "Tumor Bed": 12.81, "Breast": 396.2}
    for name, volume in stated.items():
        mask = mask_of(structures[name], grid)
        assert mask.volume_mm3 / 1000 == pytest.approx(volume, rel=0.03)
        areas = sum(area_of(c) for c in structures[name].contours)
        assert mask.volume_mm3 <= areas * 3 * (1 + 1e-6)
