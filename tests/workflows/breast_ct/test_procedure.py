"""The whole procedure on a small simulated breast, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.simulation.breast import (
    PRESETS,
    SimulatedBreast,
    VirtualBreastCT,
    simulate_breast,
)
from kerma.workflows.breast_ct import (
    BreastCT,
    SegmentedBreast,
    Settings,
    Tissue,
    segment,
)

SCANNER = VirtualBreastCT(spacing_mm=(0.6, 0.6, 0.6), cylinder=True)


@pytest.fixture(scope="module")
def scan() -> SimulatedBreast:
    return simulate_breast(PRESETS["rib"], SCANNER, seed=3)


@pytest.fixture(scope="module")
def segmented(scan: SimulatedBreast) -> SegmentedBreast:
    return segment(scan.ct, name="one")


def test_glandularity_comes_out_within_its_interval(
    scan: SimulatedBreast, segmented: SegmentedBreast
) -> None:
    vgf = segmented.result.glandularity.vgf
    assert scan.summary.glandularity is not None
    assert vgf.low <= scan.summary.glandularity <= vgf.high
    assert abs(vgf.value - scan.summary.glandularity) < 0.015


@pytest.mark.parametrize(
    ("tissue", "least"),
    [(Tissue.FAT, 0.9), (Tissue.SKIN, 0.85), (Tissue.MUSCLE, 0.9), (Tissue.BONE, 0.9)],
)
def test_every_tissue_lies_where_it_is(
    scan: SimulatedBreast, segmented: SegmentedBreast, tissue: Tissue, least: float
) -> None:
    there, here = scan.truth.numbers == tissue, segmented.numbers == tissue
    assert 2 * np.count_nonzero(there & here) > least * (there.sum() + here.sum())


def test_volumes_are_those_of_the_label_map(segmented: SegmentedBreast) -> None:
    voxel_ml = 0.6**3 / 1000
    for tissue in Tissue:
        if tissue is not Tissue.AIR:
            count = np.count_nonzero(segmented.numbers == tissue)
            volume = segmented.result.volumes_ml[tissue.title]
            assert volume == pytest.approx(count * voxel_ml)


def test_the_cylinder_is_in_the_map_on_request_only(
    scan: SimulatedBreast, segmented: SegmentedBreast
) -> None:
    assert not (segmented.numbers == Tissue.CYLINDER).any()
    ring = segmented.label_map(cylinder=True).mask(int(Tissue.CYLINDER))
    truth = scan.truth.numbers == Tissue.CYLINDER
    assert 2 * (ring & truth).sum() > 0.9 * (ring.sum() + truth.sum())


def test_any_orientation_gives_the_same_numbers(
    scan: SimulatedBreast, segmented: SegmentedBreast
) -> None:
    ct = scan.ct
    grid = ct.grid
    k, j, i = grid.axes
    # Axial, feet first: slices along -z become the first axis, rows along y the second.
    axial = Grid(
        (grid.shape[1], grid.shape[0], grid.shape[2]),
        grid.origin, (0.6, 0.6, 0.6), (j, k, i), grid.frame_of_reference,
    )  # fmt: skip
    other = replace(ct, array=ct.hu.transpose(1, 0, 2).copy(), grid=axial)
    again = segment(other, name="one")
    assert again.result == segmented.result
    np.testing.assert_array_equal(
        again.label_map().numbers.transpose(1, 0, 2), segmented.label_map().numbers
    )


def test_the_result_comes_back_from_json(segmented: SegmentedBreast) -> None:
    result = segmented.result
    assert BreastCT.from_json(result.to_json()) == result


def test_the_summary_names_numbers_and_flags(segmented: SegmentedBreast) -> None:
    summary = segmented.result.summary()
    assert summary.startswith("one (L)")
    assert "glandularity" in summary
    for flag in segmented.result.flags:
        assert flag.sentence in summary


def test_quadrants_need_a_side(scan: SimulatedBreast) -> None:
    unknown = replace(
        scan.ct, acquisition=replace(scan.ct.acquisition, laterality=None)
    )
    assert segment(unknown).result.quadrants == ()
    parts = segment(unknown, laterality="R").result.quadrants
    assert {part.name for part in parts} == {
        "upper outer", "upper inner", "lower outer", "lower inner",
    }  # fmt: skip


def test_the_fixed_scale_of_the_first_scripts_is_taken_as_it_is(
    scan: SimulatedBreast,
) -> None:
    result = segment(scan.ct, Settings.shipped("fixed")).result
    assert (result.scale.fat_hu, result.scale.gland_hu) == (-255.0, -41.0)


def test_numbers_with_fractions_are_rounded_to_whole_hu(
    scan: SimulatedBreast, segmented: SegmentedBreast
) -> None:
    as_float = replace(scan.ct, array=scan.ct.hu.astype(np.float32) + np.float32(0.2))
    assert segment(as_float, name="one").result == segmented.result


def test_voxels_that_are_no_numbers_are_refused(scan: SimulatedBreast) -> None:
    hu = scan.ct.hu.astype(np.float32)
    hu[3, 4, 5:7] = np.nan
    with pytest.raises(InputError, match=r"2 of .* voxels are not numbers"):
        segment(replace(scan.ct, array=hu))


def test_an_empty_scan_is_refused() -> None:
    random = np.random.default_rng(1)
    hu = (-1000 + 20 * random.standard_normal((40, 60, 60))).astype(np.int16)
    ct = scan_of(hu)
    with pytest.raises(InputError, match="is this a breast"):
        segment(ct)


def test_uneven_slices_are_refused(scan: SimulatedBreast) -> None:
    ct = scan.ct
    count = ct.grid.shape[0]
    offsets = [0.6 * k + (3.0 if k > count // 2 else 0.0) for k in range(count)]
    uneven = replace(ct, grid=replace(ct.grid, offsets=tuple(offsets)))
    with pytest.raises(GeometryError, match="a slice missing"):
        segment(uneven)


def scan_of(hu: np.ndarray[tuple[int, int, int], np.dtype[np.int16]]) -> CT:
    axes = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0))
    return CT(hu, Grid(hu.shape, (0.0, 0.0, 0.0), (0.6, 0.6, 0.6), axes, "1.2"))


def test_a_single_slice_is_no_breast(scan: SimulatedBreast) -> None:
    grid = replace(scan.ct.grid, shape=(1, *scan.ct.grid.shape[1:]))
    one = CT(scan.ct.hu[:1].copy(), grid)
    with pytest.raises(InputError, match="at least 3 along each axis"):
        segment(one)
