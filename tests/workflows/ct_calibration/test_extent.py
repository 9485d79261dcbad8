from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.imaging.axial import AxialStack, axial_stack
from kerma.simulation import Scanner, simulate_ct, slice_stack
from kerma.simulation.shapes import slab_fraction
from kerma.workflows.ct_calibration.extent import (
    Extent,
    contrast_along_axis,
    find_extent,
)
from kerma.workflows.ct_calibration.phantoms import choose_phantoms

(CATPHAN,) = choose_phantoms("catphan504")
HALF_MM = CATPHAN.length_mm / 2

# An end in a slice of thickness T: that slice shows the part v, its neighbors 1 and
# 0. A line from v to 0 crosses one half off the true place by (v - 1/2)(1 - v)/v,
# which is at most 3/2 - √2 of T.
WORST = 3 / 2 - np.sqrt(2)


def stack_at(z: FloatArray) -> AxialStack:
    """A stack of which only the heights matter."""
    return AxialStack(
        hu=np.zeros((z.size, 2, 2)),
        x0=np.zeros(z.size),
        y0=np.zeros(z.size),
        z=z,
        dx=1.0,
        dy=1.0,
        slice_indices=np.arange(z.size),
    )


def extent_of(z: FloatArray, middle: float, thickness: float) -> Extent:
    """The extent of a module about a height, from its partial volumes."""
    contrast = slab_fraction(
        z, first=middle - HALF_MM, last=middle + HALF_MM, thickness=thickness
    )
    k = int(np.abs(z - middle).argmin())
    return find_extent(stack_at(z), contrast, k, CATPHAN.length_mm)


@given(st.sampled_from([0.6, 1.25, 2.5, 5.0]), st.floats(-5, 5))
def test_the_ends_are_found_between_the_slices(spacing: float, middle: float) -> None:
    z = np.arange(-60.0, 60.0, spacing)
    found = extent_of(z, middle, spacing)
    assert found.low_mm == pytest.approx(middle - HALF_MM, abs=WORST * spacing + 1e-9)
    assert found.high_mm == pytest.approx(middle + HALF_MM, abs=WORST * spacing + 1e-9)
    assert found.middle_mm == pytest.approx(middle, abs=WORST * spacing + 1e-9)


@given(st.floats(-5, 5))
def test_the_slices_read_are_those_of_the_central_half(middle: float) -> None:
    z = np.arange(-60.0, 60.0, 1.25)
    found = extent_of(z, middle, 1.25)
    assert (np.abs(z[found.slices] - middle) <= HALF_MM / 2 + 1.25 * WORST).all()
    assert found.slices.size == pytest.approx(HALF_MM / 1.25, abs=1.01)


def test_an_end_lies_where_the_contrast_falls_to_half() -> None:
    """Contrast 1, 1, 0.75, 0: half of it is passed a third of the way."""
    z = np.arange(-50.0, 50.0, 10.0)
    contrast = np.array([0.0, 0, 0, 1, 1, 1, 0.75, 0, 0, 0])
    found = find_extent(stack_at(z), contrast, 4, CATPHAN.length_mm)
    assert found.high_mm == pytest.approx(10 + 10 / 3)
    # At the other end the line from 1 to 0 is half way down half way between.
    assert found.low_mm == pytest.approx(-25)


def test_one_end_and_the_length_give_the_middle() -> None:
    z = np.arange(0.0, 60.0, 2.5)
    above = extent_of(z, 5.0, 2.5)
    assert above.low_mm is None
    assert above.high_mm is not None
    assert above.middle_mm == pytest.approx(above.high_mm - HALF_MM)
    below = extent_of(-z[::-1], -5.0, 2.5)
    assert below.high_mm is None
    assert below.middle_mm == pytest.approx(-above.middle_mm)


def test_without_any_end_the_slices_themselves_are_all_there_is() -> None:
    z = np.arange(-5.0, 5.1, 2.5)
    found = extent_of(z, 0.0, 2.5)
    assert (found.low_mm, found.high_mm) == (None, None)
    assert found.middle_mm == pytest.approx(0)


def test_a_gap_in_the_slices_hides_an_end() -> None:
    z = np.array([-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 30.0, 32.5])
    found = extent_of(z, 0.0, 2.5)
    assert found.high_mm is None


def test_a_single_slice_is_read_where_it_is() -> None:
    found = extent_of(np.array([3.0]), 3.0, 2.5)
    assert (found.low_mm, found.high_mm, found.middle_mm) == (None, None, 3.0)
    assert found.slices.tolist() == [0]


def test_a_gap_about_the_middle_still_leaves_a_slice_to_read() -> None:
    z = np.array([-30.0, -27.5, -10.0, -9.0, 9.0, 10.0, 27.5, 30.0])
    assert extent_of(z, 0.0, 1.0).slices.size >= 1


def test_the_contrast_of_a_scan_is_the_part_of_each_slice_in_the_module(
    models: Mapping[str, Phantom],
) -> None:
    """Relative to what is expected: 1 inside, 0 where the neighbors are uniform."""
    model = models["catphan504"]
    z = slice_stack(26, 2.5, center_mm=0.4)
    scanner = Scanner(
        matrix=(240, 240), pixel_mm=(0.9, 0.9), slice_positions_mm=z, psf_mm=0.5
    )
    stack = axial_stack(simulate_ct(model, scanner=scanner, seed=1).ct)
    contrast = contrast_along_axis(
        stack,
        np.array([insert.center_mm for insert in model.inserts]),
        np.array([insert.diameter_mm / 2 for insert in model.inserts]),
        np.array([model.material_of(insert).hu_at(120) for insert in model.inserts]),
    )
    expected = slab_fraction(
        stack.z, first=-HALF_MM, last=HALF_MM, thickness=scanner.slice_thickness_mm
    )
    # Whole HU of inserts that differ by 2000 HU.
    assert contrast == pytest.approx(expected, abs=0.002)
