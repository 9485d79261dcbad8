"""Damaged registrations, segmentations and reports end in one sentence."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kerma.core.code import Code
from kerma.core.grid import Grid
from kerma.core.registration import Registration
from kerma.core.report import Finding, Measurement
from kerma.core.segmentation import Segment, Segmentation
from kerma.core.transform import AffineTransform, DeformableTransform
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io.registration.reader import read_registration
from kerma.io.registration.writer import write_registration
from kerma.io.report.reader import read_report
from kerma.io.report.writer import write_measurements
from kerma.io.segmentation.reader import read_segmentation
from kerma.io.segmentation.writer import write_segmentation

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = Grid((2, 3, 4), (0.0, 0.0, 0.0), (5.0, 4.0, 3.0), AXIAL, "1.2")
SCAN = CT(
    np.zeros(GRID.shape, np.int16),
    GRID,
    series_instance_uid="1.2.7",
    sop_instance_uids=("1.2.7.1", "1.2.7.2"),
)


def rigid(file: Path) -> Path:
    return write_registration(
        Registration("1.2", (AffineTransform(np.eye(4), "1.3", "1.2"),)), file
    )


def deformable(file: Path) -> Path:
    field = DeformableTransform(GRID, np.zeros((2, 3, 4, 3), np.float32), "1.3")
    return write_registration(Registration("1.2", (field,)), file)


def segments(file: Path) -> Path:
    one = Segment(1, "a", np.ones(GRID.shape, np.bool_))
    return write_segmentation(Segmentation(GRID, (one,)), file, ct=SCAN)


def report(file: Path) -> Path:
    volume = Measurement(Code("118565006", "SCT"), 1.0, Code("mm3", "UCUM"))
    return write_measurements([Finding("a", (volume,))], file, ct=SCAN)


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (rigid, read_registration),
        (deformable, read_registration),
        (segments, read_segmentation),
        (report, read_report),
    ],
    ids=["rigid", "deformable", "segmentation", "report"],
)
def test_whatever_the_damage_it_ends_in_a_sentence_or_a_record(
    write: Callable[[Path], Path], read: Callable[[Path], object], tmp_path: Path
) -> None:
    whole = write(tmp_path / "object.dcm").read_bytes()
    file = tmp_path / "damaged.dcm"
    chance = random.Random(7)
    refused = 0
    for turn in range(90):
        content = bytearray(whole)
        if turn % 3 == 0:
            del content[chance.randrange(140, len(whole)) :]
        for _ in range(turn % 3 * 3):
            place = chance.randrange(132, len(whole))
            content[place : place + 1] = chance.choice((b"\0", b"\xff", b"9", b"\\"))
        file.write_bytes(content)
        try:
            read(file)
        except InputError:
            refused += 1
    assert refused > 20
