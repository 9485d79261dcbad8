"""Planar contours as VTK writes them (XML PolyData), and tables of histograms."""

from __future__ import annotations

import base64
import csv
import struct
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.structures import Contour, Structure

__all__ = ["read_histograms", "read_structure"]

_KINDS = {"Float32": "<f4", "Float64": "<f8", "Int64": "<i8", "String": "u1"}


def read_structure(file: Path, frame: str) -> Structure:
    """The closed lines of a file, from RAS to the LPS of DICOM."""
    root = ET.parse(file).getroot()
    piece = root.find("PolyData/Piece")
    assert piece is not None
    points = _array(piece, "Points", "Points").astype(float).reshape(-1, 3)
    points *= -1, -1, 1
    corners = _array(piece, "Lines", "connectivity")
    ends = _array(piece, "Lines", "offsets")
    lines = np.split(corners, ends[:-1])
    contours = tuple(Contour(points[line[:-1]]) for line in lines)
    name = next(
        _values(node).tobytes().rstrip(b"\0").decode()
        for node in root.iter("Array")
        if node.get("Name") == "Segment_Name"
    )
    return Structure(1, name, contours, frame_of_reference=frame)


def read_histograms(file: Path) -> dict[str, tuple[float, FloatArray]]:
    """Volume in cm³, and (n, 2) dose in Gy and percent of it, by structure."""
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    tables = {}
    for column in range(0, len(rows[0]), 2):
        name = rows[0][column].removesuffix("_DvhArray Dose (Gy)")
        volume = float(rows[0][column + 1].split("% of ")[1].removesuffix(" cc)"))
        cells = [row[column : column + 2] for row in rows[1:]]
        numbers = [(float(a), float(b)) for a, b in cells if a and b]
        tables[name] = volume, np.array(numbers)
    return tables


def _array(piece: ET.Element, group: str, name: str) -> Any:
    node = piece.find(f"{group}/DataArray[@Name='{name}']")
    assert node is not None
    return _values(node)


def _values(node: ET.Element) -> Any:
    """Values in base64: the sizes of the blocks, then each of them packed by zlib."""
    text = "".join((node.text or "").split())
    count = struct.unpack("<I", base64.b64decode(text[:8])[:4])[0]
    letters = -(-4 * (3 + count) // 3) * 4
    sizes = struct.unpack_from(f"<{count}I", base64.b64decode(text[:letters]), 12)
    packed = base64.b64decode(text[letters:])
    ends = np.cumsum(sizes)
    blocks = [packed[e - s : e] for s, e in zip(sizes, ends, strict=True)]
    return np.frombuffer(
        b"".join(map(zlib.decompress, blocks)), _KINDS[node.get("type", "")]
    )
