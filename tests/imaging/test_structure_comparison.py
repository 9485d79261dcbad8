from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.core.packed_fractions import PackedFractions
from kerma.core.structures import StructureSet
from kerma.errors import GeometryError, InputError
from kerma.imaging.masks import mask_of
from kerma.imaging.structure_agreement import PairComparison, StructureComparison
from kerma.imaging.structure_comparison import compare, compare_masks, match_names
from kerma.simulation.rt_set import Layout, simulate_rt_set
from tests.imaging.balls import axial_grid, ball

GRID = axial_grid()


def nothing(name: str = "nothing") -> Mask:
    return Mask.of(np.zeros(GRID.shape), GRID, name=name)


def test_two_balls_shifted_overlap_as_the_closed_form_says() -> None:
    """Two caps of height R - d/2 are common: Dice = 1 - 3d/(4R) + d³/(16R³)."""
    found = compare_masks(
        ball(GRID, 20.0, (-2, 0.1, 0.3)), ball(GRID, 20.0, (2, 0.1, 0.3))
    )
    dice = 1 - 3 * 4 / 80 + 4**3 / (16 * 20**3)
    assert found.dice == pytest.approx(dice, abs=0.002)
    assert found.jaccard == pytest.approx(dice / (2 - dice), abs=0.003)
    assert found.binary_dice == pytest.approx(dice, abs=0.003)
    assert found.centroid_distance_mm == pytest.approx(4.0, abs=0.005)
    assert found.volume_ratio == pytest.approx(1.0, abs=1e-3)
    assert found.reference_cc == pytest.approx(4 / 3 * np.pi * 8, rel=1e-3)
    assert found.hausdorff_mm == pytest.approx(4.0, abs=0.05)
    assert found.hausdorff_95_mm == pytest.approx(3.8, abs=0.05)
    assert found.mean_distance_mm == pytest.approx(2.0, abs=0.02)
    assert found.surface_dice == pytest.approx(0.5, abs=0.02)


def test_fractions_overlap_exactly_where_one_of_the_two_is_whole() -> None:
    """Boxes of 2.5 and 4 voxels length share 2.5: Dice is 5 / 6.5.

    What is in a voxel counts at its center: (10 + 11 + 12 / 2) / 2.5 = 10.8 for the
    short one, 11.5 for the long one.
    """
    short, long = np.zeros(GRID.shape), np.zeros(GRID.shape)
    short[5:9, 5:9, 10:12], short[5:9, 5:9, 12] = 1, 0.5
    long[5:9, 5:9, 10:14] = 1
    found = compare_masks(
        Mask.of(long, GRID, name="long"), Mask.of(short, GRID, name="short")
    )
    assert found.dice == pytest.approx(5 / 6.5)
    assert found.jaccard == pytest.approx(2.5 / 4)
    assert found.binary_dice == pytest.approx(6 / 7)
    assert found.volume_ratio == pytest.approx(2.5 / 4)
    assert found.centroid_distance_mm == pytest.approx(0.7 * 0.98)


def test_a_structure_agrees_with_itself() -> None:
    mask = ball(GRID, 12.0)
    found = compare_masks(mask, mask, tolerance_mm=0.0)
    assert found.dice == found.jaccard == found.surface_dice == found.volume_ratio == 1
    assert found.hausdorff_mm == found.mean_distance_mm == 0
    assert found.added_path_length_mm == found.volume_difference_cc == 0
    assert not found.notes


def test_the_pooled_and_the_directed_percentile_differ() -> None:
    """A spot far away is more than 5 % of a small surface, but less of both."""
    large = ball(GRID, 20.0, (0, 0, 1))
    spoilt = large.full()
    spoilt[2:4, 2:6, 2:6] = 1
    found = compare_masks(large, Mask.of(spoilt, GRID, name="spoilt"))
    assert found.hausdorff_95_mm is not None
    assert found.hausdorff_95_directed_mm is not None
    assert found.hausdorff_95_directed_mm >= found.hausdorff_95_mm
    assert found.mean_from_test_mm is not None
    assert found.mean_from_reference_mm is not None
    assert found.mean_from_test_mm > found.mean_from_reference_mm
    assert found.mean_distance_mm is not None
    assert found.mean_from_reference_mm < found.mean_distance_mm
    assert found.mean_distance_mm < found.mean_from_test_mm


def test_swapping_the_two_swaps_what_has_a_direction() -> None:
    first, second = ball(GRID, 15.0), ball(GRID, 12.0, (3, 0, 0))
    one, other = compare_masks(first, second), compare_masks(second, first)
    assert one.dice == other.dice
    assert one.hausdorff_mm == other.hausdorff_mm
    assert one.hausdorff_95_mm == pytest.approx(other.hausdorff_95_mm, abs=1e-3)
    assert one.mean_from_reference_mm == other.mean_from_test_mm
    assert one.volume_difference_cc == -other.volume_difference_cc
    assert one.added_path_length_mm != other.added_path_length_mm


def test_two_empty_structures_have_no_agreement() -> None:
    found = compare_masks(nothing(), nothing())
    assert found.dice is None
    assert found.jaccard is None
    assert found.surface_dice is None
    assert found.hausdorff_mm is None
    assert found.added_path_length_mm is None
    assert len(found.notes) == 2


def test_an_empty_structure_has_no_overlap_and_no_distance() -> None:
    there = ball(GRID, 12.0)
    missed, invented = compare_masks(there, nothing()), compare_masks(nothing(), there)
    for found in (missed, invented):
        assert found.dice == found.binary_jaccard == found.surface_dice == 0
        assert found.hausdorff_mm is None
        assert found.centroid_distance_mm is None
        assert not found.is_measured
    assert (missed.volume_ratio, invented.volume_ratio) == (0, None)
    assert missed.notes == ("The test is empty, so distances have no value.",)
    assert missed.added_path_length_mm is not None
    assert missed.added_path_length_mm > 0
    assert invented.added_path_length_mm == 0


def test_a_structure_finer_than_the_voxels_has_a_volume_but_no_surface() -> None:
    thin = np.zeros(GRID.shape)
    thin[5, 5:20, 5:20] = 0.3
    found = compare_masks(ball(GRID, 12.0), Mask.of(thin, GRID, name="thin"))
    assert found.test_cc > 0
    assert found.hausdorff_mm is None
    assert "No voxel is half within the test" in found.notes[0]


def test_a_structure_at_the_border_of_the_grid_is_named() -> None:
    found = compare_masks(ball(GRID, 20.0), ball(GRID, 20.0, (10, 0, 0)))
    assert found.notes == (
        "The test reaches the border of the grid, where it may be cut off.",
    )


def test_how_masks_are_cropped_makes_no_difference() -> None:
    first, second = ball(GRID, 10.0), ball(GRID, 8.0, (5, 0, 0))
    cropped = asdict(compare_masks(first, second))
    whole = asdict(
        compare_masks(first, Mask("ball", GRID, PackedFractions.of(second.full())))
    )
    assert whole.pop("notes")  # of the border, which the box now reaches
    assert whole == pytest.approx(
        {key: value for key, value in cropped.items() if key != "notes"}
    )


def test_uneven_slices_count_with_their_thickness() -> None:
    """A box of slices 1, 1 and 4 mm apart is centered where its volume is."""
    grid = Grid(
        (4, 8, 8), (0, 0, 0), (1, 1, 1), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), "1.2.3",
        offsets=(0.0, 1.0, 2.0, 6.0),
    )  # fmt: skip
    boxes = []
    for last in (2, 3):
        array = np.zeros(grid.shape)
        array[1:last, 2:6, 2:6] = 1
        boxes.append(Mask.of(array, grid, name="box"))
    found = compare_masks(boxes[0], boxes[1])
    # Slice 1 reaches from 0.5 to 1.5 mm, slice 2 on to 4 mm.
    assert (found.reference_cc, found.test_cc) == pytest.approx((0.016, 0.056))
    assert found.centroid_distance_mm == pytest.approx(2.25 - 1.0)
    assert found.dice == pytest.approx(2 * 16 / (16 + 56))


@pytest.mark.parametrize(
    "other", [axial_grid(frame="9.9"), axial_grid(spacing=(2.5, 0.98, 0.99))]
)
def test_masks_on_two_grids_are_refused(other: Grid) -> None:
    with pytest.raises(GeometryError, match="'ball' and 'b' are masks on two grids"):
        compare_masks(ball(GRID, 5.0), ball(other, 5.0, name="b"))


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_is_a_distance(tolerance: float) -> None:
    with pytest.raises(InputError, match="A tolerance is a distance of 0 mm or more"):
        compare_masks(ball(GRID, 5.0), ball(GRID, 5.0), tolerance_mm=tolerance)


def test_names_are_matched_whatever_their_capitals_and_blanks() -> None:
    pairs, notes = match_names(
        ["PTV 70", "Cord", "Lung_L"], ["cord", "PTV 70", "Brain"]
    )
    assert pairs == (("PTV 70", "PTV 70"), ("Cord", "cord"))
    assert notes == (
        "'Cord' is compared with 'cord'.",
        "'Lung_L' of the reference has no counterpart.",
        "'Brain' of the test has no counterpart.",
    )


def test_a_name_that_fits_several_is_left_to_the_user() -> None:
    assert match_names(["Cord"], ["cord", "CORD"]) == (
        (),
        ("'Cord' fits several structures; name the pair yourself.",),
    )
    assert match_names(["cord", "CORD"], ["CORD"])[0] == (("CORD", "CORD"),)
    pairs, notes = match_names(["a", "a"], ["a"])
    assert not pairs
    assert notes == ("The reference has 'a' several times; it is left out.",)


def test_many_pairs_make_a_table_that_can_be_stored() -> None:
    first = [ball(GRID, 12.0, name="PTV"), ball(GRID, 6.0, name="Cord"), nothing("Eye")]
    second = [
        ball(GRID, 11.0, name="ptv"),
        ball(GRID, 6.0, name="Cord"),
        nothing("Eye"),
    ]
    found = compare(first, second)
    assert [pair.reference for pair in found.pairs] == ["PTV", "Cord", "Eye"]
    assert not found.passed  # nobody can say how far apart the eyes are
    assert StructureComparison.from_json(found.to_json()) == found
    rows = found.to_rows()
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[2]["dice"] is None
    assert rows[0]["volume_difference_cc"] == pytest.approx(-1.663, abs=0.01)
    summary = found.summary().splitlines()
    assert summary[1].startswith("PTV / ptv ")
    assert "–" in summary[3]
    assert "'PTV' is compared with 'ptv'." in summary


def test_pairs_may_be_named() -> None:
    first, second = [ball(GRID, 12.0, name="PTV")], [ball(GRID, 11.0, name="AI target")]
    found = compare(first, second, pairs=[("PTV", "AI target")], tolerance_mm=1.2)
    assert found.passed
    assert found.pairs[0].surface_dice == 1
    assert not compare(first, second).passed
    with pytest.raises(InputError, match="The test has no structure 'PTV' among: 'AI"):
        compare(first, second, pairs=[("PTV", "PTV")])


def drawn(structures: StructureSet, name: str, grid: Grid) -> PairComparison:
    mask = mask_of(structures[name], grid)
    array = np.roll(mask.full(), 2, axis=2)
    return compare_masks(mask, Mask.of(array, grid, name=name), tolerance_mm=1.0)


@pytest.mark.parametrize("layout", [Layout(), Layout("FFP"), Layout(tilt_deg=18.0)])
def test_contours_moved_by_two_pixels_are_two_pixels_away(layout: Layout) -> None:
    """Whatever the position and tilt: 2 pixels of 3 mm along a row of the image."""
    patient = simulate_rt_set(layout)
    name = patient.structures.names[-1]
    found = drawn(patient.structures, name, patient.ct.grid)
    assert found.centroid_distance_mm == pytest.approx(6.0, abs=1e-6)
    assert found.hausdorff_mm == pytest.approx(6.0, abs=0.2)
    assert found.mean_from_reference_mm == pytest.approx(
        found.mean_from_test_mm, abs=0.1
    )
