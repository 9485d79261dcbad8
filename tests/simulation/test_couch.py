from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Outline
from kerma.simulation.couch import couch_plane
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Artifacts, Couch, Scanner

SCANNER = Scanner(matrix=(401, 401), pixel_mm=(1.0, 1.0), psf_mm=0.5)
OUTLINE = Outline("ellipse", 200.0, 160.0)


def couch(
    kind: Couch, placement: PhantomPlacement, position: str = "HFS"
) -> FloatArray:
    scanner = replace(
        SCANNER, artifacts=Artifacts(couch=kind), patient_position=position
    )
    return couch_plane(scanner, outline=OUTLINE, placement=placement)


def first_row(plane: FloatArray, column: int) -> float:
    """Distance below the middle of the image where the couch begins, mm."""
    return float(np.argmax(plane[:, column] > 250)) - 200


def test_without_a_couch_there_is_none() -> None:
    assert not couch("none", PhantomPlacement()).any()


@pytest.mark.parametrize(
    ("kind", "gap"), [("flat", 10), ("touching", 0), ("curved", 10), ("box", 0)]
)
def test_a_couch_begins_below_the_lowest_point_of_the_phantom(
    kind: Couch, gap: float
) -> None:
    """The phantom is 160 mm high and its middle 20 mm below that of the image."""
    plane = couch(kind, PhantomPlacement(center_mm=(0.0, 20.0, 0.0)))
    assert first_row(plane, 200) == pytest.approx(20 + 80 + gap, abs=1)


@pytest.mark.parametrize("kind", ["flat", "curved"])
def test_a_couch_is_foam_between_two_skins(kind: Couch) -> None:
    """The phantom ends at 80 mm; the couch is 25 mm thick and begins 10 mm below."""
    below = couch(kind, PhantomPlacement())[200:, 200]
    assert below[91] == pytest.approx(1100, rel=0.1)
    assert below[102] == pytest.approx(70, abs=1)
    assert below[114] == pytest.approx(1100, rel=0.1)
    assert below[85] == pytest.approx(0, abs=1e-3)
    assert below[120] == pytest.approx(0, abs=1e-3)


def test_a_rolled_phantom_is_higher() -> None:
    plane = couch("touching", PhantomPlacement(roll_deg=90.0))
    assert first_row(plane, 200) == pytest.approx(100, abs=1)


def test_the_couch_is_below_in_the_image_in_every_patient_position() -> None:
    placement = PhantomPlacement(center_mm=(15.0, 20.0, 0.0))
    prone = couch("flat", placement, "HFP")
    assert first_row(prone, 200) == pytest.approx(-20 + 80 + 10, abs=1)


def test_a_curved_couch_rises_to_the_sides_and_a_box_has_walls() -> None:
    curved = couch("curved", PhantomPlacement())
    assert first_row(curved, 300) < first_row(curved, 200) - 10
    box = couch("box", PhantomPlacement())
    assert box[200, 200 + 121] == pytest.approx(600, abs=1)
    assert box[200, 200 - 121] == pytest.approx(600, abs=1)
    assert box[200, 200] == 0
