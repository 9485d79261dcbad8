"""The whole procedure on scans whose right answer is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.core.result import Verdict
from kerma.core.volume import CT
from kerma.errors import GeometryError, RecognitionError
from kerma.simulation import (
    HUScale,
    InsertChange,
    Noise,
    Scanner,
    Scene,
    SimulatedCT,
    Void,
    crude_patient,
    empty_field,
    hollow_cube,
    missing,
    phantom_scene,
    rod_cylinder,
    simulate_ct,
    slice_stack,
    swapped,
    water_cylinder,
)
from kerma.simulation import scan as scan_scene
from kerma.workflows.ct_calibration.phantoms import choose_phantoms, phantom_names
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration, Identity

Scan = Callable[..., SimulatedCT]
(CATPHAN,) = choose_phantoms("catphan504")

# Noise of 4 HU with a grain of 0.6 pixels: 5 slices of 70 voxels, of which one in
# 1 + 4π 0.6² is independent, give a mean good to 0.5 HU. A thousandth of the contrast
# may be lost at the edge, and CT numbers are whole.
NOISE_HU = 4 * np.sqrt((1 + 4 * np.pi * 0.6**2) / (5 * 70))
EDGE_PART = 1e-3


def allowed_hu(simulated: SimulatedCT, insert: str) -> float:
    contrast = simulated.truth.inserts[insert].hu - simulated.truth.background_hu
    return float(4 * NOISE_HU + EDGE_PART * abs(contrast) + 0.1)


def assert_read_right(found: Calibration, simulated: SimulatedCT) -> None:
    """Every confirmed insert reads what is truly there, where it truly is."""
    confirmed = [r for r in found.readings if r.identity is Identity.CONFIRMED]
    assert confirmed
    for reading in confirmed:
        true = simulated.truth.inserts[reading.name]
        off = abs(reading.mean_hu - true.hu - true.shading_hu)
        assert off <= allowed_hu(simulated, reading.name), reading.name
        # The model's own slack is the most that a rod without contrast may be off.
        assert np.hypot(*np.subtract(reading.center_mm, true.center_mm)[:2]) < 0.3


def assert_found_where_it_lies(found: Calibration, simulated: SimulatedCT) -> None:
    """Center to 0.1 mm and a tenth of a slice, roll to 0.1 degrees."""
    placement = simulated.truth.placement
    off = np.subtract(found.pose.center_mm, placement.center_mm)
    assert np.hypot(*off[:2]) < 0.1
    assert abs(off[2]) < 0.1 * 2.5
    turn = (found.pose.roll_deg - placement.roll_deg + 180) % 360 - 180
    assert abs(turn) < 0.1
    assert found.pose.mirrored == placement.mirrored
    assert found.pose.scale == pytest.approx(placement.scale, abs=0.001)


@pytest.mark.parametrize("name", phantom_names())
def test_every_shipped_phantom_is_recognized_and_read(
    name: str, models: Mapping[str, Phantom], scanner: Scanner
) -> None:
    """Among all of them, in an ordinary scan that shows both of its ends."""
    model = models[name]
    field = max(model.outline.width_mm, model.outline.height_mm) + 20
    size = round(field / 1.0)
    spacing = model.length_mm / 10
    simulated = simulate_ct(
        model,
        scanner=replace(
            scanner,
            matrix=(size, size),
            pixel_mm=(1.0, 1.0),
            slice_positions_mm=slice_stack(16, spacing, center_mm=0.2),
            slice_thickness_mm=min(spacing, 5.0),
        ),
        seed=1,
    )
    found = calibrate(simulated.ct, tuple(models.values()))
    assert found.recognition.phantom == name
    assert found.recognition.score > 0.9
    assert found.verdict is Verdict.PASS
    assert [one.name for one in found.readings] == [i.name for i in model.inserts]
    assert_read_right(found, simulated)
    assert abs(found.pose.roll_deg) < 0.2
    assert np.hypot(*found.pose.center_mm[:2]) < 0.1
    assert abs(found.pose.center_mm[2]) < 0.1 * spacing


PLACES = [
    {"center_mm": (6.0, -9.0, 4.0), "roll_deg": 37.3},
    {"roll_deg": 90.0},
    {"roll_deg": -45.0, "center_mm": (0.0, 0.0, -3.3)},
    {"mirrored": True, "roll_deg": -20.0},
    {"scale": 1.01, "roll_deg": 3.0},
]


@pytest.mark.parametrize("place", PLACES)
def test_a_phantom_is_found_however_it_lies(
    scan: Scan, tried: tuple[Phantom, ...], place: dict[str, object]
) -> None:
    simulated = scan(**place)
    found = calibrate(simulated.ct, tried)
    assert found.recognition.phantom == "catphan504"
    assert found.passed
    assert_found_where_it_lies(found, simulated)
    assert_read_right(found, simulated)


@pytest.mark.parametrize(("tilt", "yaw"), [(2.0, 0.0), (0.0, -2.0), (-1.5, 2.5)])
def test_the_inclination_of_a_phantom_is_measured(
    scan: Scan, tilt: float, yaw: float
) -> None:
    """The axis drifts by 12 mm · tan in its half: 0.1 mm of it is 0.5 degrees."""
    simulated = scan(tilt_deg=tilt, yaw_deg=yaw)
    found = calibrate(simulated.ct, [CATPHAN])
    assert found.pose.tilt_deg == pytest.approx(tilt, abs=0.2)
    assert found.pose.yaw_deg == pytest.approx(yaw, abs=0.2)
    assert_found_where_it_lies(found, simulated)
    assert_read_right(found, simulated)


def same_readings(first: Calibration, second: Calibration, *, abs_hu: float) -> None:
    for one, other in zip(first.readings, second.readings, strict=True):
        assert (one.name, one.identity) == (other.name, other.identity)
        assert other.mean_hu == pytest.approx(one.mean_hu, abs=abs_hu)
        assert other.center_mm == pytest.approx(one.center_mm, abs=0.02)
    assert second.pose.roll_deg == pytest.approx(first.pose.roll_deg, abs=0.01)


@pytest.mark.parametrize("position", ["FFS", "HFP", "FFP", "HFDR", "FFDL"])
def test_every_patient_position_gives_the_same_readings(
    scan: Scan, scanner: Scanner, position: str
) -> None:
    """Without noise the pixels lie at the same places and hold the same values."""
    quiet = replace(scanner, noise=Noise())
    place = {"roll_deg": 25.0, "center_mm": (4.0, -7.0, 2.0)}
    supine = calibrate(scan(scanner=quiet, **place).ct, [CATPHAN])
    turned = scan(scanner=replace(quiet, patient_position=position), **place)
    same_readings(supine, calibrate(turned.ct, [CATPHAN]), abs_hu=0.1)


def reversed_slices(ct: CT) -> CT:
    """The same scan, its slices written in the other order."""
    grid = ct.grid
    up = grid.axes[0]
    last = grid.to_patient(np.array([grid.shape[0] - 1, 0, 0]))
    turned = replace(
        grid,
        origin=(float(last[0]), float(last[1]), float(last[2])),
        axes=((-up[0], -up[1], -up[2]), *grid.axes[1:]),
    )
    return replace(ct, array=ct.hu[::-1].copy(), grid=turned)


def test_the_order_of_the_slices_does_not_matter(
    catphan: SimulatedCT, calibrated: Calibration
) -> None:
    found = calibrate(reversed_slices(catphan.ct), [CATPHAN])
    same_readings(calibrated, found, abs_hu=0.5)
    count = catphan.ct.grid.shape[0]
    last = [count - 1 - k for k in calibrated.pose.slice_indices]
    assert sorted(found.pose.slice_indices) == sorted(last)


def test_fractions_of_a_hounsfield_unit_are_read_as_well(
    catphan: SimulatedCT, calibrated: Calibration
) -> None:
    precise = replace(catphan.ct, array=catphan.ct.hu.astype(np.float32))
    same_readings(calibrated, calibrate(precise, [CATPHAN]), abs_hu=1e-3)


@pytest.mark.parametrize(("gain", "offset"), [(0.7, -40.0), (1.15, 50.0)])
def test_a_scanner_with_its_own_scale_is_read_as_it_is(
    scan: Scan, scanner: Scanner, gain: float, offset: float
) -> None:
    """Recognized by what differs, measured without correction."""
    scale = HUScale(gain=gain, offset_hu=offset)
    simulated = scan(scanner=replace(scanner, scale=scale))
    found = calibrate(simulated.ct, [CATPHAN])
    assert found.passed
    assert_read_right(found, simulated)
    for reading in found.readings:
        assert abs(reading.residual_hu) < allowed_hu(simulated, reading.name)


def test_air_that_12_bits_cannot_write_is_confirmed(
    scan: Scan, scanner: Scanner
) -> None:
    """On this scale it would read -1130 HU."""
    scale = HUScale(gain=1.15, offset_hu=20.0)
    simulated = scan(scanner=replace(scanner, scale=scale))
    found = calibrate(simulated.ct, [CATPHAN])
    assert found.passed
    assert_read_right(found, simulated)


def test_an_unknown_tube_voltage_is_no_obstacle(catphan: SimulatedCT) -> None:
    silent = replace(catphan.ct.acquisition, kv=None)
    found = calibrate(replace(catphan.ct, acquisition=silent), [CATPHAN])
    assert found.passed
    assert found.acquisition.kv is None


@pytest.mark.parametrize(
    ("scale", "said"), [("ED", True), ("HU_MOD", True), ("HU", False), ("US", False)]
)
def test_a_scan_on_another_scale_than_hounsfield_is_read_and_said_to_be(
    scale: str, *, said: bool, catphan: SimulatedCT
) -> None:
    other = replace(catphan.ct.acquisition, rescale_type=scale)
    found = calibrate(replace(catphan.ct, acquisition=other), [CATPHAN])
    assert any(f"calls '{scale}', Rescale Type" in note for note in found.notes) == said


@pytest.mark.parametrize(
    ("first", "second"), [("teflon", "ldpe"), ("acrylic", "pmp"), ("delrin", "teflon")]
)
def test_two_exchanged_inserts_are_named(scan: Scan, first: str, second: str) -> None:
    simulated = scan(changes=swapped(CATPHAN, first, second), roll_deg=8.0)
    found = calibrate(simulated.ct, [CATPHAN])
    assert {one.name for one in found.doubtful} == {first, second}
    assert found.reading_of(first).identity is Identity.SWAPPED
    assert f"belongs to {second}" in found.reading_of(first).remark
    assert found.verdict is Verdict.INCONCLUSIVE
    assert_found_where_it_lies(found, simulated)
    assert_read_right(found, simulated)
    on_curve = {name for point in found.curve.points for name in point.materials}
    assert on_curve.isdisjoint({first, second})


WRONG = [
    (missing("delrin"), Identity.MISSING, "like air: delrin is not there"),
    (InsertChange("ldpe", hu=2800.0), Identity.UNEXPECTED, "HU was expected"),
    (InsertChange("acrylic", void=Void(5.0)), Identity.VOID, "a bubble"),
    (InsertChange("teflon", void=Void(4.0, hu=0.0)), Identity.VOID, "a crack"),
]


@pytest.mark.parametrize(("change", "identity", "remark"), WRONG)
def test_an_insert_that_is_not_what_it_should_be_is_named(
    scan: Scan, change: InsertChange, identity: Identity, remark: str
) -> None:
    simulated = scan(changes=[change])
    found = calibrate(simulated.ct, [CATPHAN])
    (doubtful,) = found.doubtful
    assert (doubtful.name, doubtful.identity) == (change.insert, identity)
    assert remark in doubtful.remark
    assert found.verdict is Verdict.INCONCLUSIVE
    assert_found_where_it_lies(found, simulated)
    assert_read_right(found, simulated)


def test_an_insert_out_of_view_is_named(scan: Scan, scanner: Scanner) -> None:
    """Delrin, at 59 mm to the left, in a field that ends 20 mm nearer."""
    simulated = scan(scanner=replace(scanner, field_center_mm=(-50.0, 0.0)))
    found = calibrate(simulated.ct, [CATPHAN])
    assert found.unseen == ("delrin",)
    assert len(found.readings) == 7
    assert found.verdict is Verdict.INCONCLUSIVE
    assert_read_right(found, simulated)


def test_a_single_slice_is_enough(scan: Scan, scanner: Scanner) -> None:
    simulated = scan(scanner=replace(scanner, slice_positions_mm=(1.0,)))
    found = calibrate(simulated.ct, [CATPHAN])
    assert found.passed
    assert (found.pose.tilt_deg, found.pose.yaw_deg) == (None, None)
    assert found.pose.center_mm[2] == 1.0
    assert any("Neither end of the module" in note for note in found.notes)
    for reading in found.readings:
        true = simulated.truth.inserts[reading.name].hu
        # One slice in place of five.
        off = abs(reading.mean_hu - true)
        assert off < np.sqrt(5) * allowed_hu(simulated, reading.name)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_scan_of_one_end_of_the_module_says_so(
    scan: Scan, scanner: Scanner, side: int
) -> None:
    """It ends 5 mm beyond the middle; the other end is in view."""
    z = slice_stack(12, 2.5, center_mm=side * 8.75)
    simulated = scan(scanner=replace(scanner, slice_positions_mm=z))
    found = calibrate(simulated.ct, [CATPHAN])
    assert any("One end of the module is not in the scan" in n for n in found.notes)
    assert_found_where_it_lies(found, simulated)
    assert_read_right(found, simulated)


SCENES: dict[str, Scene] = {
    "water": water_cylinder(),
    "cube": hollow_cube(),
    "patient": crude_patient(),
    "air": empty_field(),
    "unknown": rod_cylinder(seed=3),
    "all alike": phantom_scene(
        CATPHAN, [InsertChange(one.name, material="acrylic") for one in CATPHAN.inserts]
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_what_is_no_known_phantom_is_refused(
    name: str, tried: tuple[Phantom, ...], scanner: Scanner
) -> None:
    """In one sentence with the scores, and what to do."""
    pixel = 1.8 if name == "patient" else 0.9
    wide = replace(scanner, pixel_mm=(pixel, pixel))
    ct = scan_scene(SCENES[name], scanner=wide, seed=1)
    with pytest.raises(RecognitionError, match="No known phantom") as refusal:
        calibrate(ct, tried)
    assert "describe your phantom in a file" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["cirs062m", "easycube"])
def test_a_wrong_phantom_that_was_asked_for_is_refused(
    name: str, catphan: SimulatedCT, models: Mapping[str, Phantom]
) -> None:
    message = f"does not show the phantom {name} .*: is it the right phantom"
    with pytest.raises(RecognitionError, match=message):
        calibrate(catphan.ct, [models[name]])


def test_a_tilted_gantry_is_refused(catphan: SimulatedCT) -> None:
    a = np.radians(10.0)
    down = (0.0, float(np.cos(a)), float(np.sin(a)))
    up, _, right = catphan.ct.grid.axes
    tilted = replace(catphan.ct.grid, axes=(up, down, right))
    with pytest.raises(GeometryError, match=r"inclined by 10\.0 degrees.*upright"):
        calibrate(replace(catphan.ct, grid=tilted), [CATPHAN])


def test_the_result_read_back_from_json_is_equal(calibrated: Calibration) -> None:
    assert Calibration.from_json(calibrated.to_json()) == calibrated


def test_the_same_scan_gives_the_same_result(
    catphan: SimulatedCT, calibrated: Calibration, models: Mapping[str, Phantom]
) -> None:
    again = calibrate(catphan.ct, tuple(models.values()), serial_number="CAT-1")
    assert again == calibrated
    assert again.to_json() == calibrated.to_json()


def test_the_scan_is_left_as_it_was(catphan: SimulatedCT) -> None:
    """A volume that was read from memory must not change under its owner."""
    before = catphan.ct.hu.copy()
    calibrate(catphan.ct, [CATPHAN])
    np.testing.assert_array_equal(catphan.ct.hu, before)


def test_what_is_known_of_the_scan_is_kept(
    catphan: SimulatedCT, calibrated: Calibration
) -> None:
    assert calibrated.acquisition == catphan.ct.acquisition
    assert calibrated.serial_number == "CAT-1"
    assert calibrated.recognition.candidates[0].phantom == "catphan504"
    assert calibrated.recognition.geometry_verified
    odd = replace(catphan.ct, notes=("A slice was there twice.",))
    assert "A slice was there twice." in calibrate(odd, [CATPHAN]).notes


def test_the_center_of_an_insert_is_given_in_pixels_too(
    catphan: SimulatedCT, calibrated: Calibration
) -> None:
    k = calibrated.pose.slice_indices[len(calibrated.pose.slice_indices) // 2]
    for one in calibrated.readings:
        index = np.array([k, one.center_row, one.center_column])
        position = catphan.ct.grid.to_patient(index)
        assert one.center_mm == pytest.approx(position)
