"""How a surface runs through a cell of eight voxel centers, for each of its cases.

A corner of a cell is inside or outside, so there are 256 cases. On each face of the cell
the surface leaves lines between those edges that have one end inside; where all four
edges of a face have, each corner inside gets a line of its own. The rule asks the face
alone, so both cells beside it agree and the surface has no gaps. The lines of the six
faces join to closed loops, which are cut into triangles.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["CELL_EDGES", "cell_triangles", "square_lines"]

Ints: TypeAlias = NDArray[np.integer[Any]]
Corner: TypeAlias = tuple[int, int, int]

CORNERS: tuple[Corner, ...] = tuple(product((0, 1), repeat=3))  # type: ignore[arg-type]
"""Steps (k, j, i) to each corner; corner 4 k + 2 j + i is a bit of the case."""

CELL_EDGES: Ints = np.array(
    [(axis, *corner) for axis in range(3) for corner in CORNERS if not corner[axis]]
)
"""(12, 4) axis along which each edge runs, and the corner (k, j, i) where it starts."""


@cache
def cell_triangles() -> Ints:
    """(256, n) edges whose crossings make up triangles, three by three, then -1."""
    cases = [
        [e for loop in _loops(case) for n in range(1, len(loop) - 1)
         for e in (loop[0], loop[n], loop[n + 1])]
        for case in range(256)
    ]  # fmt: skip
    return _table(cases)


@cache
def square_lines() -> Ints:
    """(16, 4) edges of a square of four voxels joined by lines, two by two, then -1.

    Corners go round: (j, i), (j, i + 1), (j + 1, i + 1), (j + 1, i); bit n of the case
    is corner n, and edge n leads from it to the next.
    """
    cases = []
    for case in range(16):
        inside = [bool(case >> n & 1) for n in range(4)]
        cases.append([edge for line in _lines(inside) for edge in line])
    return _table(cases)


def _table(cases: list[list[int]]) -> Ints:
    table = np.full((len(cases), max(map(len, cases)) + 1), -1, np.int8)
    for row, case in zip(table, cases, strict=True):
        row[: len(case)] = case
    return table


def _lines(inside: list[bool]) -> list[tuple[int, int]]:
    """Pairs of edges of a face that are joined; edge n leads from corner n to n + 1."""
    crossed = [n for n in range(4) if inside[n] != inside[(n + 1) % 4]]
    if len(crossed) == 4:
        return [((n - 1) % 4, n) for n in range(4) if inside[n]]
    return [(crossed[0], crossed[1])] if crossed else []


def _loops(case: int) -> list[list[int]]:
    """Closed loops of crossed edges."""
    joined: dict[int, list[int]] = {}
    for face in _faces():
        inside = [bool(case >> (4 * k + 2 * j + i) & 1) for k, j, i in face]
        for line in _lines(inside):
            first, second = (_edge(face[n], face[(n + 1) % 4]) for n in line)
            joined.setdefault(first, []).append(second)
            joined.setdefault(second, []).append(first)
    loops = []
    while joined:
        loop = [next(iter(joined))]
        while onward := [edge for edge in joined.pop(loop[-1]) if edge in joined]:
            loop.append(onward[0])
        loops.append(loop)
    return loops


def _faces() -> list[list[Corner]]:
    """The corners around each face."""
    faces = []
    for axis, side in product(range(3), (0, 1)):
        around = []
        for first, second in ((0, 0), (1, 0), (1, 1), (0, 1)):
            corner = [first, second]
            corner.insert(axis, side)
            around.append((corner[0], corner[1], corner[2]))
        faces.append(around)
    return faces


def _edge(one: Corner, other: Corner) -> int:
    """Number of the edge between two corners."""
    axis = next(a for a in range(3) if one[a] != other[a])
    start = [axis, *min(one, other)]
    return CELL_EDGES.tolist().index(start)
