from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.phantom_parts import Ramp
from kerma.simulation.cuts import Cut, Plane
from kerma.simulation.wires import Wire, add_wires, wires_of
from kerma.workflows.ct_calibration.phantoms import choose_phantoms

MATRIX = (161, 161)
PLANE = Plane((-40.0, -40.0), (0.0, 0.5), (0.5, 0.0), MATRIX)
BLUR = ((1.2, 0.8), (-0.2, 1.6))
RISE = float(np.tan(np.deg2rad(23)))
WIRE = Wire((3.0, -7.0), (1.0, 0.0), RISE, 50.0, 0.3, 9000.0)


def seen(w: float, thickness: float = 2.5, wire: Wire = WIRE) -> FloatArray:
    hu = np.zeros(MATRIX)
    add_wires(hu, [wire], Cut(PLANE, (w, 0.0, 0.0), thickness), blur=BLUR)
    return hu


def test_a_slice_holds_as_much_wire_as_lies_in_it() -> None:
    """Volume: the wire's section times its length between the faces of the slice."""
    slanted_length = 2.5 / np.sin(np.deg2rad(23))
    volume = np.pi / 4 * 0.3**2 * slanted_length
    assert seen(1.0).sum() * 0.25 * 2.5 == pytest.approx(9000 * volume, rel=1e-3)


@pytest.mark.parametrize("w", [-4.0, 0.0, 3.5])
def test_the_wire_is_seen_where_it_passes_the_slice(w: float) -> None:
    hu = seen(w)
    j, i = np.indices(MATRIX)
    p, q = -40 + 0.5 * i, -40 + 0.5 * j
    assert (hu * p).sum() / hu.sum() == pytest.approx(3.0 + w / RISE, abs=0.01)
    assert (hu * q).sum() / hu.sum() == pytest.approx(-7.0, abs=0.01)


def test_a_wire_ends() -> None:
    assert seen(25 * RISE + 1.3).max() == 0
    half = seen(25 * RISE)
    assert half.sum() == pytest.approx(seen(0.0).sum() / 2, rel=1e-3)


def test_a_slice_leaning_along_the_wire_shows_more_of_it() -> None:
    """Against a slice that rises by 0.1 the wire rises by 0.1 less."""
    hu = np.zeros(MATRIX)
    leaning = Cut(PLANE, (-4.3, 0.0, 0.05), 2.5)  # per column of 0.5 mm
    add_wires(hu, [WIRE], leaning, blur=BLUR)
    ratio = RISE / (RISE - 0.1)
    assert hu.sum() == pytest.approx(seen(0.0).sum() * ratio, rel=1e-3)


def test_the_ramps_of_a_phantom_run_across_their_radius() -> None:
    phantom = choose_phantoms("catphan504")[0]
    ramp = phantom.ramps[0]
    assert isinstance(ramp, Ramp)
    for wire in wires_of(phantom):
        assert np.hypot(*wire.middle_mm) == pytest.approx(38.1)
        assert np.dot(wire.middle_mm, wire.along) == pytest.approx(0, abs=1e-9)
        assert wire.rise == pytest.approx(RISE)
