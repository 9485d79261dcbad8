from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.io.records import read_record
from kerma.simulation.changes import InsertChange, Void, missing, swapped
from kerma.simulation.ct_phantom import SimulatedCT, simulate_ct
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Artifacts, HUScale, Noise, Scanner, slice_stack
from kerma.simulation.shapes import blurred_disc

SHIPPED = resources.files("kerma.workflows.ct_calibration") / "data" / "phantoms"
SCANNER = Scanner(
    matrix=(200, 200),
    pixel_mm=(0.9, 0.8),
    slice_positions_mm=slice_stack(5, 2.0),
    slice_thickness_mm=2.0,
)
TURNED = PhantomPlacement(center_mm=(6.0, -4.0, 1.0), roll_deg=25.0)


def pixel_positions(ct: CT, k: int) -> tuple[FloatArray, FloatArray]:
    """Where the pixels of slice k lie in x and y, mm."""
    index = np.moveaxis(np.indices(ct.grid.shape[1:], dtype=float), 0, -1)
    at = ct.grid.to_patient(np.insert(index, 0, k, axis=-1))
    return at[..., 0], at[..., 1]


def centroid(ct: CT, k: int, around: tuple[float, float, float]) -> tuple[float, float]:
    """(x, y) of the middle of a rod's contrast, in the slice k."""
    x, y = pixel_positions(ct, k)
    near = np.hypot(x - around[0], y - around[1]) < 12
    weight = np.abs(ct.hu[k].astype(float) - 50)[near]
    return (
        float((x[near] * weight).sum() / weight.sum()),
        float((y[near] * weight).sum() / weight.sum()),
    )


def measured(simulated: SimulatedCT, name: str) -> float:
    """CT number at the true center of a rod, which lies between four pixels."""
    ct = simulated.ct
    center = np.array(simulated.truth.inserts[name].center_mm)
    k, j, i = np.rint(ct.grid.to_index(center)).astype(int)
    return float(ct.hu[k, j, i])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("roll", [0.0, 25.0, 90.0, -140.0])
def test_a_rod_lies_where_trigonometry_says(
    phantom: Phantom, *, roll: float, mirrored: bool
) -> None:
    """Bone at 40 mm to the left turns by the roll; mirrored, it starts at right."""
    placement = PhantomPlacement((6.0, -4.0, 1.0), roll, mirrored=mirrored)
    simulated = simulate_ct(phantom, placement=placement, scanner=SCANNER, seed=1)
    angle = np.deg2rad(roll + (180 if mirrored else 0))
    expected = (6 + 40 * np.cos(angle), -4 + 40 * np.sin(angle), 1.0)
    assert simulated.truth.inserts["left"].center_mm == pytest.approx(expected)
    assert centroid(simulated.ct, 2, expected) == pytest.approx(expected[:2], abs=0.01)
    assert measured(simulated, "left") == 800


def test_rods_of_a_leaning_phantom_drift_from_slice_to_slice(phantom: Phantom) -> None:
    """A tilt of 3° moves them towards anterior by tan 3° per mm of z."""
    placement = PhantomPlacement(tilt_deg=3.0)
    ct = simulate_ct(phantom, placement=placement, scanner=SCANNER, seed=1).ct
    for k, z in enumerate(SCANNER.slice_positions_mm):
        x, y = centroid(ct, k, (40.0, 0.0, z))
        assert x == pytest.approx(40, abs=0.02)
        assert y == pytest.approx(-z * np.tan(np.deg2rad(3)), abs=0.02)


def test_a_leaning_phantom_enters_the_slices_one_side_first(phantom: Phantom) -> None:
    """With a yaw of 5° the left end lies lower by 40 sin 5° = 3.5 mm than the axis.

    The phantom ends at 15 mm: a slice at 13 mm still is in the right rod but no
    longer in the left one, which ends at 15 cos 5° - 3.5 = 11.5 mm.
    """
    scanner = replace(SCANNER, slice_positions_mm=(13.0,), slice_thickness_mm=1.0)
    placement = PhantomPlacement(yaw_deg=5.0)
    ct = simulate_ct(phantom, placement=placement, scanner=scanner, seed=1).ct
    left, right = (
        ct.grid.to_index(np.array([x + 13 * np.tan(np.deg2rad(5)), 0.0, 13.0]))
        for x in (40.0, -40.0)
    )
    assert ct.hu[0, int(left[1]), int(left[2])] == -1000
    assert ct.hu[0, int(right[1]), int(right[2])] == -700


@pytest.mark.parametrize(
    "scale", [HUScale(), HUScale(gain=0.7, offset_hu=40.0), HUScale(highest_hu=500)]
)
def test_every_rod_shows_its_true_number_on_the_scale_of_the_scanner(
    phantom: Phantom, scale: HUScale
) -> None:
    simulated = simulate_ct(
        phantom, placement=TURNED, scanner=replace(SCANNER, scale=scale), seed=1
    )
    for name, insert in simulated.truth.inserts.items():
        assert measured(simulated, name) == pytest.approx(insert.hu, abs=0.5)
    assert simulated.truth.inserts["back"].hu == pytest.approx(
        scale.gain * -100 + scale.offset_hu
    )
    assert simulated.truth.inserts["left"].hu == pytest.approx(
        min(scale.gain * 800 + scale.offset_hu, scale.highest_hu)
    )


def test_the_background_shows_its_true_number(phantom: Phantom) -> None:
    scanner = replace(SCANNER, scale=HUScale(gain=0.8, offset_hu=7.0))
    simulated = simulate_ct(phantom, scanner=scanner, seed=1)
    assert simulated.truth.background_hu == pytest.approx(47)
    assert simulated.ct.hu[2, 100, 100] == 47


def test_shading_at_a_rod_is_told_apart_from_its_number(phantom: Phantom) -> None:
    """Cupping of 36 HU at 40 of 60 mm: 36 (4/9 - 1/2) = -2 HU."""
    scanner = replace(SCANNER, artifacts=Artifacts(cupping_hu=36.0))
    simulated = simulate_ct(phantom, scanner=scanner, seed=1)
    left = simulated.truth.inserts["left"]
    assert left.hu == 800
    assert left.shading_hu == pytest.approx(-2)
    assert measured(simulated, "left") == pytest.approx(798, abs=0.6)


def test_the_tube_voltage_picks_the_number_of_a_material(phantom: Phantom) -> None:
    simulated = simulate_ct(phantom, scanner=replace(SCANNER, kv=80.0), seed=1)
    assert measured(simulated, "left") == 1100


def test_swapped_rods_show_the_number_of_the_other(phantom: Phantom) -> None:
    simulated = simulate_ct(
        phantom, scanner=SCANNER, changes=swapped(phantom, "left", "right"), seed=1
    )
    assert measured(simulated, "left") == -700
    assert measured(simulated, "right") == 800
    assert simulated.truth.inserts["left"].material == "lung"


def test_missing_metal_deviating_and_shifted_rods_are_as_told(phantom: Phantom) -> None:
    changes = (
        missing("left"),
        InsertChange("back", hu=8000.0),
        InsertChange("right", deviation_hu=12.0, shift_mm=(1.5, -0.5)),
    )
    simulated = simulate_ct(phantom, scanner=SCANNER, changes=changes, seed=1)
    truth = simulated.truth.inserts
    assert (truth["left"].hu, truth["left"].material) == (-1000, None)
    assert (truth["back"].hu, truth["right"].hu) == (3071, -688)
    assert truth["right"].center_mm == pytest.approx((-38.5, -0.5, 0))
    assert [measured(simulated, name) for name in ("left", "back", "right")] == [
        -1000,
        3071,
        -688,
    ]
    found = centroid(simulated.ct, 2, truth["right"].center_mm)
    assert found == pytest.approx((-38.5, -0.5), abs=0.02)


def test_a_bubble_is_where_it_was_put(phantom: Phantom) -> None:
    """6 mm wide and 3 mm above the middle along the axis: from 0 to 6 mm."""
    bubble = Void(6.0, offset_mm=(2.0, 0.0, 3.0))
    change = InsertChange("left", void=bubble)
    ct = simulate_ct(phantom, scanner=SCANNER, changes=[change], seed=1).ct
    _, j, i = np.rint(ct.grid.to_index(np.array([42.0, 0.0, 0.0]))).astype(int)
    assert ct.hu[:2, j, i].tolist() == [800, 800]
    assert np.all(ct.hu[3:, j, i] < 0)


def test_the_middle_of_a_large_bubble_is_what_fills_it(phantom: Phantom) -> None:
    for hu in (-1000.0, 30.0):
        change = InsertChange("left", void=Void(12.0, hu=hu))
        simulated = simulate_ct(phantom, scanner=SCANNER, changes=[change], seed=1)
        assert measured(simulated, "left") == pytest.approx(hu, abs=0.5)


def test_a_module_shows_its_housing_its_pin_and_its_neighbor(module: Phantom) -> None:
    """The module reaches to 10 mm, its neighbor from there to 40 mm."""
    scanner = replace(SCANNER, slice_positions_mm=(0.0, 20.0, 50.0))
    ct = simulate_ct(module, scanner=scanner, seed=1).ct
    where = [(0.0, 0.0), (0.0, 55.0), (0.0, -30.0), (30.0, 0.0)]
    shown = []
    for k, z in enumerate(scanner.slice_positions_mm):
        index = ct.grid.to_index(np.array([(x, y, z) for x, y in where]))
        j, i = np.rint(index[:, 1:]).astype(int).T
        shown.append(ct.hu[k, j, i].tolist())
    assert shown == [[90, 20, 990, 800], [55, 20, 55, 55], [-1000] * 4]


def test_a_mirrored_module_has_its_neighbor_on_the_other_side(module: Phantom) -> None:
    scanner = replace(SCANNER, slice_positions_mm=(-20.0, 20.0))
    placement = PhantomPlacement(mirrored=True)
    ct = simulate_ct(module, placement=placement, scanner=scanner, seed=1).ct
    assert ct.hu[:, 100, 100].tolist() == [55, -1000]


def test_the_scale_of_a_phantom_moves_and_widens_its_rods(phantom: Phantom) -> None:
    """The contrast of a rod adds up to π R² (h - b), over pixels of 0.72 mm²."""
    total = []
    for scale in (1.0, 1.1):
        simulated = simulate_ct(
            phantom,
            placement=PhantomPlacement(scale=scale),
            scanner=SCANNER,
            seed=1,
        )
        assert simulated.truth.inserts["left"].center_mm[0] == pytest.approx(40 * scale)
        window = simulated.ct.hu[2, 86:115, 135:171].astype(float) - 50
        total.append(window.sum() * 0.72)
    assert total[0] == pytest.approx(np.pi * 64 * 750, rel=1e-3)
    assert total[1] == pytest.approx(np.pi * 64 * 750 * 1.21, rel=1e-3)


def test_the_blur_of_the_scanner_does_not_grow_with_the_phantom(
    phantom: Phantom,
) -> None:
    """A rod of 16 mm at twice the size, along x through its center at 80 mm."""
    scanner = replace(SCANNER, matrix=(201, 301))
    placement = PhantomPlacement(scale=2.0)
    ct = simulate_ct(phantom, placement=placement, scanner=scanner, seed=1).ct
    x, _ = pixel_positions(ct, 2)
    sigma = np.sqrt(scanner.psf_mm**2 + 0.9 * 0.8 / 12)
    near = np.abs(x[100] - 80) < 20
    disc = blurred_disc(np.abs(x[100] - 80), radius=16.0, sigma=sigma)
    expected = 50 + 750 * disc
    assert np.abs(ct.hu[2, 100] - expected)[near].max() < 0.6


@pytest.mark.parametrize(
    "name",
    ["catphan503", "catphan504", "catphan600", "catphan604", "cirs062m", "easycube"],
)
def test_shipped_phantoms_show_what_their_descriptions_say(name: str) -> None:
    with resources.as_file(SHIPPED / f"{name}.toml") as file:
        shipped = read_record(Path(file), Phantom)
    scanner = Scanner(
        matrix=(384, 384), pixel_mm=(1.0, 1.0), slice_positions_mm=(2.0, 4.0)
    )
    simulated = simulate_ct(
        shipped,
        placement=PhantomPlacement((3.0, -5.0, 2.0), roll_deg=33.0),
        scanner=scanner,
        seed=1,
    )
    assert set(simulated.truth.inserts) == {insert.name for insert in shipped.inserts}
    for insert in shipped.inserts:
        expected = shipped.material_of(insert).hu_at(120)
        assert measured(simulated, insert.name) == pytest.approx(expected, abs=0.6)


def test_noise_does_not_move_the_mean_of_a_rod(phantom: Phantom) -> None:
    """About 800 independent pixels in five slices within 6 mm of its center."""
    scanner = replace(SCANNER, noise=Noise(sd_hu=20.0))
    simulated = simulate_ct(phantom, scanner=scanner, seed=5)
    ct = simulated.ct
    x, y = pixel_positions(ct, 0)
    values = ct.hu[:, np.hypot(x - 40, y) < 6]
    assert values.mean() == pytest.approx(800, abs=4 * 20 / np.sqrt(values.size))
    assert values.std() == pytest.approx(20, rel=4 / np.sqrt(2 * values.size))
