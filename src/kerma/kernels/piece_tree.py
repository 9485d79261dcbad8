"""The nearest of many triangles or lines, by a tree of boxes around them.

Pieces are put in an order in which neighbors in space mostly are neighbors in the list
(G. M. Morton's: the bits of the three coordinates interleaved), and each eight of them
make a block, each eight blocks a node, each eight nodes a node of the next level. What is
asked of the eight is worked out for all of them at a time. A block or node is passed over
where its box is farther away than the nearest piece so far, so that the search is exact.
Positions are asked for in the same order, each beginning with the block that held the
nearest piece to the one before.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = [
    "BLOCK",
    "NODE",
    "WIDE",
    "box_blocks",
    "distances_to_pieces",
    "fill_blocks",
    "space_codes",
]

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]

WIDE = 8
"""Pieces of a block, and boxes of a node."""

BLOCK, NODE = 13 * WIDE, 6 * WIDE
"""Numbers that are kept of a block and of a node."""

_BITS = 10  # of each coordinate: a thousandth of the longest side
_DEPTH = 64  # waiting nodes: seven for each of nine levels, enough for 8^10 pieces
_SLIVER = 1e-10  # sin² of an angle so small that rounding moves a foot on the plane


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
def fill_blocks(points: Floats, pieces: Ints, order: Ints, blocks: Floats) -> None:
    """Put what distances to pieces need side by side, in blocks.

    Parameters
    ----------
    points
        (n, 3) positions, mm.
    pieces
        (m, 3) or (m, 2) numbers of the corners of each triangle or line.
    order
        (m,) in which pieces go into the blocks.
    blocks
        (b, 104) filled with eight of each: x, y and z of a corner of the pieces, of the
        ways from there to the other two, and the inverses of the squares of the three
        sides and of twice the area, 0 where there is none. The last block repeats its
        last piece.
    """
    third = pieces.shape[1] - 1
    for n in range(len(blocks)):
        for lane in range(WIDE):
            piece = order[min(n * WIDE + lane, len(order) - 1)]
            a, b, c = pieces[piece, 0], pieces[piece, 1], pieces[piece, third]
            uu, vv, uv = 0.0, 0.0, 0.0
            for axis in range(3):
                u = points[b, axis] - points[a, axis]
                v = points[c, axis] - points[a, axis]
                blocks[n, WIDE * axis + lane] = points[a, axis]
                blocks[n, 24 + WIDE * axis + lane] = u
                blocks[n, 48 + WIDE * axis + lane] = v
                uu, vv, uv = uu + u * u, vv + v * v, uv + u * v
            across, whole = uu + vv - 2 * uv, uu * vv - uv * uv
            blocks[n, 72 + lane] = 1 / uu if uu > 0 else 0.0
            blocks[n, 80 + lane] = 1 / vv if vv > 0 else 0.0
            blocks[n, 88 + lane] = 1 / across if across > 0 else 0.0
            flat = whole <= _SLIVER * uu * vv
            blocks[n, 96 + lane] = 0.0 if flat else 1 / whole


@compiled
def box_blocks(blocks: Floats, starts: Ints, boxes: Floats) -> None:
    """Boxes around blocks, around eight of them, and so on.

    Parameters
    ----------
    blocks
        As `fill_blocks` fills them.
    starts
        (levels + 1,) number of the first node of each level, that above the blocks first.
    boxes
        (nodes, 48) filled with eight of each: lowest x, y and z, highest x, y and z of
        the parts of a node. Where there are fewer, they are infinitely far away.
    """
    boxes[:, :24], boxes[:, 24:] = math.inf, -math.inf
    for n in range(len(blocks)):
        node, part = n // WIDE, n % WIDE
        for axis in range(3):
            low, high = math.inf, -math.inf
            for lane in range(WIDE):
                a = blocks[n, WIDE * axis + lane]
                u = blocks[n, 24 + WIDE * axis + lane]
                v = blocks[n, 48 + WIDE * axis + lane]
                low = min(low, a, a + u, a + v)
                high = max(high, a, a + u, a + v)
            boxes[node, WIDE * axis + part] = low
            boxes[node, 24 + WIDE * axis + part] = high
    for level in range(1, len(starts) - 1):
        for n in range(starts[level] - starts[level - 1]):
            node, part = starts[level] + n // WIDE, n % WIDE
            below = starts[level - 1] + n
            for axis in range(3):
                boxes[node, WIDE * axis + part] = boxes[
                    below, WIDE * axis : WIDE * (axis + 1)
                ].min()
                boxes[node, 24 + WIDE * axis + part] = boxes[
                    below, 24 + WIDE * axis : 32 + WIDE * axis
                ].max()


@compiled
def distances_to_pieces(
    queries: Floats,
    order: Ints,
    blocks: Floats,
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
    blocks
        As `fill_blocks` fills them.
    tree
        `starts` and `boxes` of `box_blocks`.
    enough
        From here on pieces do not count, mm.
    distances
        (q,) filled with the distances, mm, at most `enough`.
    """
    starts, boxes = tree
    waiting = np.empty((_DEPTH, 2), np.int64)  # level, and number on the level
    away = np.empty(_DEPTH)
    squares, lanes = np.empty(WIDE), np.empty(WIDE)
    last = 0
    for q in order:
        x, y, z = queries[q, 0], queries[q, 1], queries[q, 2]
        square = min(_to_block(x, y, z, blocks, last, lanes), enough * enough)
        waiting[0], away[0] = (len(starts) - 2, 0), 0.0
        count = 1
        while count:
            count -= 1
            if away[count] >= square:
                continue
            level, node = waiting[count]
            _to_boxes(x, y, z, boxes, starts[level] + node, squares)
            if level == 0:
                for part in range(WIDE):
                    if squares[part] < square:
                        n = node * WIDE + part
                        now = _to_block(x, y, z, blocks, n, lanes)
                        if now < square:
                            last, square = n, now
                continue
            for part in range(WIDE):
                if squares[part] < square:
                    waiting[count] = (level - 1, node * WIDE + part)
                    away[count] = squares[part]
                    count += 1
        distances[q] = math.sqrt(square)


@compiled
def _to_boxes(
    x: float, y: float, z: float, boxes: Floats, n: int, squares: Floats
) -> None:
    """Squares of the distances of a position from the boxes of a node, mm²."""
    # With the number eight written out, the compiler works on one after the other.
    for part in range(squares.size):
        dx = max(boxes[n, part] - x, x - boxes[n, 24 + part], 0.0)
        dy = max(boxes[n, 8 + part] - y, y - boxes[n, 32 + part], 0.0)
        dz = max(boxes[n, 16 + part] - z, z - boxes[n, 40 + part], 0.0)
        squares[part] = dx * dx + dy * dy + dz * dz


@compiled
def _to_block(
    x: float, y: float, z: float, blocks: Floats, n: int, squares: Floats
) -> float:
    """Square of the distance of a position from the nearest piece of a block, mm²."""
    for lane in range(squares.size):
        wx, wy = x - blocks[n, lane], y - blocks[n, 8 + lane]
        wz = z - blocks[n, 16 + lane]
        ux, uy, uz = blocks[n, 24 + lane], blocks[n, 32 + lane], blocks[n, 40 + lane]
        vx, vy, vz = blocks[n, 48 + lane], blocks[n, 56 + lane], blocks[n, 64 + lane]
        ww = wx * wx + wy * wy + wz * wz
        uu = ux * ux + uy * uy + uz * uz
        vv = vx * vx + vy * vy + vz * vz
        uv = ux * vx + uy * vy + uz * vz
        wu = wx * ux + wy * uy + wz * uz
        wv = wx * vx + wy * vy + wz * vz
        # The foot of w on the plane is s u + t v.
        whole = blocks[n, 96 + lane]
        s, t = (vv * wu - uv * wv) * whole, (uu * wv - uv * wu) * whole
        plane = max(ww - s * wu - t * wv, 0.0)
        part = min(max(wu * blocks[n, 72 + lane], 0.0), 1.0)
        ax, ay, az = wx - part * ux, wy - part * uy, wz - part * uz
        first = ax * ax + ay * ay + az * az
        part = min(max(wv * blocks[n, 80 + lane], 0.0), 1.0)
        ax, ay, az = wx - part * vx, wy - part * vy, wz - part * vz
        second = ax * ax + ay * ay + az * az
        # From u to v; (w - u) (v - u) = wv - wu - uv + uu.
        part = min(max((wv - wu - uv + uu) * blocks[n, 88 + lane], 0.0), 1.0)
        ax = wx - ux - part * (vx - ux)
        ay = wy - uy - part * (vy - uy)
        az = wz - uz - part * (vz - uz)
        third = ax * ax + ay * ay + az * az
        sides = min(first, second, third)
        inside = (whole > 0) & (s >= 0) & (t >= 0) & (s + t <= 1)
        squares[lane] = plane if inside else sides
    least = squares[0]
    for lane in range(1, WIDE):
        least = min(least, squares[lane])
    return float(least)
