"""Learning a phantom, held against the truth of simulated and the reading of real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.errors import RecognitionError
from kerma.io import read_ct
from kerma.simulation import (
    Artifacts,
    Noise,
    PhantomPlacement,
    Scanner,
    SimulatedCT,
    crude_patient,
    empty_field,
    scan,
    simulate_ct,
    slice_stack,
    water_cylinder,
)
from kerma.workflows.ct_calibration.learning import (
    LearnedPhantom,
    learn,
    template_text,
)
from kerma.workflows.ct_calibration.learning.template import likely_materials
from kerma.workflows.ct_calibration.phantoms import choose_phantoms
from kerma.workflows.ct_calibration.procedure import calibrate

VISIBLE_HU = 24.0
# Shipped phantoms of all kinds; what is not here differs in its materials only.
SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("acr464", "catphan604", "cirs062m", "gammex467")
]
KINDS = ["catphan500", "easycube", *SLOW]

Simulate = Callable[..., SimulatedCT]


@pytest.fixture(scope="module")
def simulate(models: Mapping[str, Phantom]) -> Simulate:
    """A scan on a couch that touches, with noise of 10 HU."""

    def simulated(name: str, *, roll_deg: float = 3.0, seed: int = 1) -> SimulatedCT:
        phantom = models[name]
        field = max(phantom.outline.width_mm, phantom.outline.height_mm) + 60
        half = min(phantom.length_mm / 2 + 10, 30.0)
        scanner = Scanner(
            matrix=(256, 256),
            pixel_mm=(field / 256, field / 256),
            slice_positions_mm=slice_stack(int(2 * half / 2.5), 2.5),
            noise=Noise(sd_hu=10.0, correlation_px=0.6),
            artifacts=Artifacts(couch="touching"),
        )
        placement = PhantomPlacement(center_mm=(6.0, -4.0, 1.0), roll_deg=roll_deg)
        return simulate_ct(phantom, placement=placement, scanner=scanner, seed=seed)

    return simulated


def pairs(learned: LearnedPhantom, simulated: SimulatedCT) -> dict[str, str]:
    """The true insert at each learned one, by name; all within 0.3 mm."""
    truth = simulated.truth.inserts
    found = {}
    for one in learned.inserts:
        away = {
            name: np.hypot(one.x - true.center_mm[0], one.y - true.center_mm[1])
            for name, true in truth.items()
        }
        nearest = min(away, key=lambda name: away[name])
        assert away[nearest] < 0.3
        found[one.insert.name] = nearest
    assert len(set(found.values())) == len(found)
    return found


@pytest.mark.parametrize("name", KINDS)
def test_every_insert_that_can_be_seen_is_found_where_it_is(
    name: str, simulate: Simulate, models: Mapping[str, Phantom]
) -> None:
    phantom, simulated = models[name], simulate(name)
    learned = learn(simulated.ct, "mine")
    found = pairs(learned, simulated)
    visible = {
        insert.name
        for insert in phantom.inserts
        if abs(phantom.material_of(insert).hu_at(120) - phantom.background_hu)
        > VISIBLE_HU
    }
    assert visible <= set(found.values())
    inserts = {insert.name: insert for insert in phantom.inserts}
    for one in learned.inserts:
        true = simulated.truth.inserts[found[one.insert.name]]
        assert one.hu == pytest.approx(true.hu, abs=3.0)
        diameter = inserts[found[one.insert.name]].diameter_mm
        assert one.insert.diameter_mm == pytest.approx(diameter, abs=0.5)
    model = learned.phantom
    assert model.outline.shape == phantom.outline.shape
    assert model.outline.width_mm == pytest.approx(phantom.outline.width_mm, abs=1.0)
    assert model.outline.height_mm == pytest.approx(phantom.outline.height_mm, abs=1.0)
    assert model.background_hu == pytest.approx(phantom.background_hu, abs=3.0)
    if phantom.length_mm < 45:
        assert model.length_mm == pytest.approx(phantom.length_mm, abs=0.5)
        assert learned.notes == ()
    else:
        assert "An end of the inserts is not in the scan" in learned.notes[0]
    if phantom.outline.shape == "rectangle" or name == "cirs062m":
        assert learned.outline.turn_deg == pytest.approx(3.0, abs=0.3)
    if phantom.module_diameter_mm is not None:
        diameter = phantom.module_diameter_mm
        assert model.module_diameter_mm == pytest.approx(diameter, abs=2.0)
        assert model.housing_hu == pytest.approx(phantom.housing_hu, abs=3.0)


@pytest.mark.parametrize("name", ["easycube", *SLOW])
def test_a_learned_phantom_reads_a_second_scan_as_the_shipped_one_does(
    name: str, simulate: Simulate, models: Mapping[str, Phantom], tmp_path: Path
) -> None:
    """To 1 HU, from another scan with another roll."""
    phantom, first = models[name], simulate(name)
    learned = learn(first.ct, "mine")
    file = tmp_path / "mine.toml"
    file.write_text(template_text(learned))
    (mine,) = choose_phantoms(str(file))
    found = pairs(learned, first)
    inserts = {insert.name: insert for insert in phantom.inserts}
    named = {
        insert.material: replace(
            mine.materials[insert.material],
            red=phantom.material_of(inserts[found[insert.name]]).red,
        )
        for insert in mine.inserts
    }
    second = simulate(name, roll_deg=-6.0, seed=99).ct
    ours = calibrate(second, [replace(mine, materials=named)])
    theirs = calibrate(second, [phantom])
    for one in mine.inserts:
        hu = theirs.reading_of(found[one.name]).mean_hu
        assert ours.reading_of(one.name).mean_hu == pytest.approx(hu, abs=1.0)


def test_the_template_reads_back_as_the_learned_phantom(
    simulate: Simulate, tmp_path: Path
) -> None:
    learned = learn(simulate("catphan500").ct, "mine")
    file = tmp_path / "mine.toml"
    file.write_text(template_text(learned))
    assert choose_phantoms(str(file)) == (learned.phantom,)
    text = file.read_text()
    assert "likely: Teflon (red 1.868)" in text
    assert "insert at 3 o'clock" in text


def test_likely_materials_are_those_of_the_same_ct_number() -> None:
    assert [one.name for one in likely_materials(-1000.0, 120.0)] == ["Air"]
    assert likely_materials(990.0, None)[0].name == "Teflon"
    assert likely_materials(3000.0, 120.0) == ()


REAL = {-990.2: -90.0, 987.3: -60.0, 339.2: 0.0, -990.9: 90.0, -46.5: 120.0,
        -102.4: 180.0, -197.1: -120.0}  # fmt: skip


@pytest.mark.slow
def test_a_real_catphan_shows_all_inserts_but_acrylic(real_data: Path) -> None:
    """HU as an independent program read them; acrylic is 20 HU above its module."""
    learned = learn(read_ct(real_data / "ct_phantoms/catphan504_obi_head"), "mine")
    assert len(learned.inserts) == len(REAL)
    for one, (hu, angle) in zip(learned.inserts, REAL.items(), strict=True):
        assert one.hu == pytest.approx(hu, abs=3.0)
        turned = (one.insert.angle_deg - angle - 0.46 + 180) % 360 - 180
        assert turned == pytest.approx(0.0, abs=0.4)
        assert one.insert.radius_mm == pytest.approx(58.68 * 0.9947, abs=0.5)
    assert learned.phantom.length_mm == pytest.approx(25.0, abs=0.5)
    assert learned.phantom.outline.width_mm == pytest.approx(202 * 0.9947, abs=0.5)


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        (empty_field(), "outline of a phantom"),
        (crude_patient(), "outline of a phantom|round inserts"),
        (water_cylinder(200.0), "only 0 round inserts"),
    ],
)
def test_what_is_no_phantom_is_refused(scene: object, message: str) -> None:
    scanner = Scanner(
        matrix=(200, 200),
        pixel_mm=(2.2, 2.2),
        slice_positions_mm=slice_stack(8, 5.0),
        noise=Noise(sd_hu=10.0),
    )
    with pytest.raises(RecognitionError, match=message):
        learn(scan(scene, scanner=scanner, seed=1), "mine")  # type: ignore[arg-type]  # a scene


def test_a_real_patient_is_refused(real_data: Path) -> None:
    with pytest.raises(RecognitionError, match="is it the scan of a phantom"):
        learn(read_ct(real_data / "organ_dose/torso_ct/dicom"), "mine")
