from __future__ import annotations

from collections import Counter

import numpy as np

from kerma.kernels.surface_cases import (
    CELL_EDGES,
    CORNERS,
    cell_triangles,
    square_lines,
)


def ends_of(edge: int) -> set[int]:
    axis, *corner = CELL_EDGES[edge].tolist()
    other = list(corner)
    other[axis] += 1
    return {CORNERS.index((c[0], c[1], c[2])) for c in (corner, other)}


def test_every_crossed_edge_and_no_other_is_used() -> None:
    for case, row in enumerate(cell_triangles()):
        inside = [bool(case >> n & 1) for n in range(8)]
        crossed = {
            edge for edge in range(12) if sum(inside[c] for c in ends_of(edge)) == 1
        }
        assert set(row[row >= 0].tolist()) == crossed


def test_the_triangles_of_a_cell_have_no_gap_but_on_its_faces() -> None:
    """A side of a triangle belongs to two triangles, or lies in a face of the cell."""
    for row in cell_triangles():
        triangles = row[row >= 0].reshape(-1, 3).tolist()
        sides = Counter(
            frozenset((t[n], t[(n + 1) % 3])) for t in triangles for n in range(3)
        )
        for side, count in sides.items():
            corners = np.array([CORNERS[c] for e in side for c in ends_of(e)])
            in_a_face = (corners == corners[0]).all(axis=0).any()
            assert count == 2 or (count == 1 and in_a_face)


def test_one_corner_makes_one_triangle_and_a_half_cell_makes_two() -> None:
    table = cell_triangles()
    assert (table[0b00000001] >= 0).sum() == 3
    assert (table[0b00001111] >= 0).sum() == 6
    assert (table[[0, 255]] == -1).all()


def test_opposite_corners_of_a_square_are_kept_apart() -> None:
    assert square_lines()[0b0101].tolist() == [3, 0, 1, 2, -1]
