"""Matrix size that a compressed image declares inside, read before it is decoded.

A decoder trusts its own header, not Rows and Columns: a file of one kilobyte may ask
it for gigabytes.
"""

from __future__ import annotations

__all__ = ["coded_size"]

_JPEG_START, _JPEG_SCAN = b"\xff\xd8", 0xDA
# ITU-T T.81, table B.1, and T.87 for JPEG-LS: start of frame, but no table markers.
_JPEG_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
# ITU-T T.800, A.5.1: start of codestream, then image and tile size.
_JPEG_2000_START = b"\xff\x4f\xff\x51"


def coded_size(codestream: bytes) -> tuple[int, int] | None:
    """Rows and columns; ``None`` for what is neither JPEG, JPEG-LS nor JPEG 2000."""
    start = codestream.find(_JPEG_2000_START, 0, 4096)  # it may be wrapped in boxes
    if start >= 0:
        right, lower, left, upper = (
            int.from_bytes(codestream[start + at : start + at + 4], "big")
            for at in (8, 12, 16, 20)
        )
        return lower - upper, right - left
    if codestream.startswith(_JPEG_START):
        return _jpeg_size(codestream)
    return None


def _jpeg_size(codestream: bytes) -> tuple[int, int] | None:
    position = 2
    while codestream[position : position + 1] == b"\xff":
        marker = codestream[position + 1 : position + 2]
        if marker == b"\xff":  # fill byte
            position += 1
            continue
        segment = codestream[position + 2 : position + 9]
        if not marker or marker[0] == _JPEG_SCAN or len(segment) < 7:
            return None
        if marker[0] in _JPEG_FRAMES:
            lines = int.from_bytes(segment[3:5], "big")
            return lines, int.from_bytes(segment[5:7], "big")
        position += 2 + int.from_bytes(segment[:2], "big")
    return None
