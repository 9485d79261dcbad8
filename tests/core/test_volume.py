from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.grid import Grid
from kerma.core.volume import CT, Acquisition, Volume
from kerma.errors import GeometryError

SHAPE = (3, 4, 5)
GRID = Grid(
    shape=SHAPE,
    origin=(0.0, 0.0, 0.0),
    spacing=(2.0, 1.0, 1.0),
    axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    frame_of_reference="1.2.3",
)
NUMBERS = np.arange(60, dtype=np.int16).reshape(SHAPE)


def ct(grid: Grid = GRID, numbers: object = NUMBERS) -> CT:
    return CT(array=np.array(numbers), grid=grid)


def test_an_array_of_another_shape_than_its_grid_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"\(3, 4, 6\) does not fit.*\(3, 4, 5\)"):
        Volume(np.zeros((3, 4, 6)), GRID)


def test_the_values_of_a_volume_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ct().hu[0, 0, 0] = 5


def test_the_hash_stays_when_only_the_description_changes() -> None:
    """Labels, UIDs and the order in memory are not what was measured."""
    described = CT(
        array=np.asfortranarray(NUMBERS),
        grid=GRID,
        acquisition=Acquisition(kv=120.0),
        series_instance_uid="1.2.3.4",
        notes=("odd",),
    )
    assert described.sha256 == ct().sha256


@given(st.integers(0, 59), st.integers(1, 1000))
def test_the_hash_changes_with_any_number(place: int, change: int) -> None:
    other = NUMBERS.copy()
    other.flat[place] += change
    assert ct(numbers=other).sha256 != ct().sha256


@pytest.mark.parametrize(
    "grid",
    [
        replace(GRID, origin=(0.0, 0.0, 1e-6)),
        replace(GRID, spacing=(2.0, 1.0, 1.001)),
        replace(GRID, axes=((0.0, 0.0, -1.0), *GRID.axes[1:])),
        replace(GRID, offsets=(0.0, 2.0, 4.5)),
        replace(GRID, frame_of_reference="1.2.4"),
    ],
)
def test_the_hash_changes_with_any_position(grid: Grid) -> None:
    assert ct(grid).sha256 != ct().sha256


def test_the_hash_does_not_change_between_runs() -> None:
    """It is written into results, so it must mean the same next year."""
    assert ct().sha256 == ct().sha256
    assert len(ct().sha256) == 64
