"""The nearest of many triangles or lines, by a tree of boxes around them.

Pieces are put in an order in which neighbors in space mostly are neighbors in the list
(G. M. Morton's: the bits of the three coordinates interleaved), and the list is parted
again and again. A part is passed over where its box is farther away than the nearest
piece so far, so that the search is exact. Positions are asked for in the same order, each
beginning with the piece that was nearest to the one before.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled, inlined
from kerma.kernels.surface_pieces import square_to_piece

__all__ = ["box_pieces", "distances_to_pieces", "space_codes"]

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]

_BITS = 10  # of each coordinate: a thousandth of the longest side
_FEW = 4  # pieces that are not parted; 2 and 8 are slower
_DEPTH = 3 * _BITS + 34  # a box for each bit, then one for each half of equal codes


@compiled
def space_codes(points: Floats, pieces: Ints, codes: Ints) -> None:
    """Codes by which to sort pieces so that neighbors come together.

    Parameters
    ----------
    points
        (n, 3) positions, mm.
    pieces
        (m, c) numbers of the corners of each piece.
    codes
        (m,) int64, filled with codes of 30 bits, of the middles of the pieces.
    """
    low, longest = np.empty(3), 0.0
    for axis in range(3):
        low[axis] = points[:, axis].min()
        longest = max(longest, points[:, axis].max() - low[axis])
    corners = pieces.shape[1]
    scale = ((1 << _BITS) - 1) / max(longest, 1e-9)
    for n in range(len(pieces)):
        code = 0
        for axis in range(3):
            total = 0.0
            for corner in range(corners):
                total += points[pieces[n, corner], axis]
            step = int((total / corners - low[axis]) * scale)
            # Two zeros between one bit and the next, by moving halves apart.
            step = (step | step << 16) & 0x030000FF
            step = (step | step << 8) & 0x0300F00F
            step = (step | step << 4) & 0x030C30C3
            step = (step | step << 2) & 0x09249249
            code |= step << axis
        codes[n] = code


@compiled
def box_pieces(
    points: Floats, pieces: Ints, codes: Ints, nodes: Ints, boxes: Floats
) -> None:
    """Boxes around parts of a list of pieces, and parts of those, down to a few.

    Parameters
    ----------
    points
        (n, 3) positions, mm.
    pieces, codes
        (m, c) numbers of the corners of each piece, and (m,) codes, sorted by these.
    nodes
        (2 m, 3) filled with where the pieces of each box start and stop, and with the
        number of the second of its two parts; the first is the box after it. 0 for a
        box without parts.
    boxes
        (2 m, 6) filled with the lowest and the highest coordinates, mm.
    """
    for n in range(_part(codes, nodes) - 1, -1, -1):
        start, stop, second = nodes[n]
        for axis in range(3):
            if second:
                low = min(boxes[n + 1, axis], boxes[second, axis])
                high = max(boxes[n + 1, 3 + axis], boxes[second, 3 + axis])
            else:
                low, high = math.inf, -math.inf
                for piece in range(start, stop):
                    for corner in range(pieces.shape[1]):
                        value = points[pieces[piece, corner], axis]
                        low, high = min(low, value), max(high, value)
            boxes[n, axis], boxes[n, 3 + axis] = low, high


@compiled
def _part(codes: Ints, nodes: Ints) -> int:
    """Fill in the nodes; gives their number."""
    waiting = np.zeros((_DEPTH, 3), np.int64)  # start, stop, and what it is a part of
    waiting[0] = (0, len(codes), -1)
    depth, count = 1, 0
    while depth:
        depth -= 1
        start, stop, whole = waiting[depth]
        if whole >= 0:
            nodes[whole, 2] = count
        while stop - start > _FEW:
            nodes[count] = (start, stop, 0)
            middle = _split(codes, start, stop)
            waiting[depth] = (middle, stop, count)
            depth += 1
            count += 1
            stop = middle
        nodes[count] = (start, stop, 0)
        count += 1
    return count


@compiled
def _split(codes: Ints, start: int, stop: int) -> int:
    """Where the highest bit changes in which sorted codes differ; else the middle."""
    first, differ = codes[start], codes[start] ^ codes[stop - 1]
    if differ == 0:
        return (start + stop) // 2
    while differ & (differ - 1):
        differ &= differ - 1
    low, high = start, stop - 1  # of the same side as the first; not of it
    while high - low > 1:
        middle = (low + high) // 2
        if (codes[middle] ^ first) & differ:
            high = middle
        else:
            low = middle
    return high


@compiled
def distances_to_pieces(
    queries: Floats,
    order: Ints,
    points: Floats,
    pieces: Ints,
    tree: tuple[Ints, Floats],
    enough: float,
    distances: Floats,
) -> None:
    """Distances to the nearest of the pieces.

    Parameters
    ----------
    queries
        (q, 3) positions, mm.
    order
        (q,) in which they are gone through.
    points
        (n, 3) positions of the corners, mm.
    pieces
        (m, 3) or (m, 2) numbers of the corners of each triangle or line.
    tree
        `nodes` and `boxes` of `box_pieces`.
    enough
        From here on pieces do not count, mm.
    distances
        (q,) filled with the distances, mm, at most `enough`.
    """
    nodes, boxes = tree
    waiting = np.empty(_DEPTH, np.int64)
    away = np.empty(_DEPTH)
    last = 0
    for q in order:
        x, y, z = queries[q, 0], queries[q, 1], queries[q, 2]
        square = min(square_to_piece(x, y, z, points, pieces, last), enough * enough)
        waiting[0], away[0] = 0, 0.0
        count = 1
        while count:
            count -= 1
            if away[count] >= square:
                continue
            n = waiting[count]
            second = nodes[n, 2]
            while second:
                nearer, farther = n + 1, second
                one = _square_to_box(x, y, z, boxes, nearer)
                other = _square_to_box(x, y, z, boxes, farther)
                if other < one:
                    nearer, farther, one, other = farther, nearer, other, one
                if other < square:
                    waiting[count], away[count] = farther, other
                    count += 1
                if one >= square:
                    break
                n = nearer
                second = nodes[n, 2]
            else:
                for piece in range(nodes[n, 0], nodes[n, 1]):
                    now = square_to_piece(x, y, z, points, pieces, piece)
                    if now < square:
                        last, square = piece, now
        distances[q] = math.sqrt(square)


@inlined
def _square_to_box(x: float, y: float, z: float, boxes: Floats, n: int) -> float:
    """Square of the distance of a position from a box, mm²."""
    dx = max(boxes[n, 0] - x, x - boxes[n, 3], 0.0)
    dy = max(boxes[n, 1] - y, y - boxes[n, 4], 0.0)
    dz = max(boxes[n, 2] - z, z - boxes[n, 5], 0.0)
    return dx * dx + dy * dy + dz * dz
