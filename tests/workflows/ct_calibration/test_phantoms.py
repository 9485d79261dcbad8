from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.io import read_record
from kerma.simulation import (
    Artifacts,
    Noise,
    PhantomPlacement,
    Scanner,
    simulate_ct,
    slice_stack,
)
from kerma.workflows.ct_calibration.identity import Identity
from kerma.workflows.ct_calibration.phantoms import (
    SiteConfig,
    apply_config,
    choose_phantoms,
    load_tolerances,
    phantom_names,
    tolerance_names,
)
from kerma.workflows.ct_calibration.procedure import calibrate

SHIPPED = phantom_names()

OWN = """
name = "own"
title = "Our phantom"
source = "the certificate"
geometry_verified = true
background_hu = 0.0
length_mm = 50.0
outline = { shape = "ellipse", width_mm = 200.0, height_mm = 200.0 }

[materials.wax]
name = "Wax"
red = 0.93
hu_by_kv = { 120 = -110.0 }
source = "the certificate"

[[inserts]]
name = "left"
material = "wax"
radius_mm = 60.0
angle_deg = 0.0
diameter_mm = 20.0

[[inserts]]
name = "back"
material = "wax"
radius_mm = 60.0
angle_deg = 90.0
diameter_mm = 20.0

[[inserts]]
name = "right"
material = "wax"
radius_mm = 60.0
angle_deg = 180.0
diameter_mm = 20.0
"""


def test_the_phantoms_promised_are_shipped() -> None:
    assert {"catphan503", "catphan504", "catphan600", "catphan604"} <= set(SHIPPED)
    assert {"cirs062m", "cirs062m_head", "easycube"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_phantom_is_named_as_its_file(
    name: str, models: Mapping[str, Phantom]
) -> None:
    assert choose_phantoms(name) == (models[name],)
    assert models[name].name == name


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_a_shipped_phantom_has_a_source(
    name: str, models: Mapping[str, Phantom]
) -> None:
    model = models[name]
    assert len(model.source) > 20
    for key, material in model.materials.items():
        assert material.source, key
        seeds = ("", "catphan_ctp404", "cirs062")
        assert material.seed_name or model.seed_name in seeds, key
        assert material.red is not None or "RED is" in material.source, key
        assert material.red_uncertainty >= 0, key


@pytest.mark.parametrize("name", SHIPPED)
def test_a_geometry_that_was_not_verified_says_what_to_beware_of(
    name: str, models: Mapping[str, Phantom]
) -> None:
    """Only the Catphan 504 was checked on real scans."""
    model = models[name]
    assert model.geometry_verified == (name == "catphan504")
    assert model.geometry_verified or len(model.caveat) > 20


@pytest.mark.parametrize("name", SHIPPED)
def test_the_inserts_of_a_shipped_phantom_fit_into_it_side_by_side(
    name: str, models: Mapping[str, Phantom]
) -> None:
    model = models[name]
    half = (model.outline.width_mm / 2, model.outline.height_mm / 2)
    for index, one in enumerate(model.inserts):
        x, y = one.center_mm
        assert abs(x) + one.diameter_mm / 2 < half[0]
        assert abs(y) + one.diameter_mm / 2 < half[1]
        for other in model.inserts[:index]:
            apart = abs(complex(*one.center_mm) - complex(*other.center_mm))
            assert apart > (one.diameter_mm + other.diameter_mm) / 2


@pytest.mark.parametrize(
    ("name", "material", "red"),
    [
        ("catphan504", "pmp", 0.853),
        ("catphan504", "polystyrene", 0.998),
        ("catphan504", "acrylic", 1.147),
        ("catphan504", "teflon", 1.868),
        ("catphan604", "bone20", 1.084),
        ("catphan604", "bone50", 1.312),
        ("cirs062m", "lung_inhale", 0.190),
        ("cirs062m", "bone200", 1.117),
        ("cirs062m", "bone800", 1.456),
    ],
)
def test_the_electron_densities_are_those_of_the_makers(
    name: str, material: str, red: float, models: Mapping[str, Phantom]
) -> None:
    """Catphan manuals; the maker's reference values for the CIRS 062M."""
    assert models[name].materials[material].red == red


@pytest.mark.parametrize(
    ("alias", "names"),
    [
        ("cirs062", {"cirs062m", "cirs062m_head"}),
        ("easycube", {"easycube"}),
        (
            "catphan_ctp404",
            {"catphan503", "catphan504", "catphan600", "catphan604"},
        ),
    ],
)
def test_a_name_of_the_first_scripts_stands_for_all_that_it_could_mean(
    alias: str, names: set[str]
) -> None:
    assert {model.name for model in choose_phantoms(alias)} == names


def test_auto_tries_all_models() -> None:
    assert tuple(model.name for model in choose_phantoms("auto")) == SHIPPED


def test_a_site_can_bring_its_own_phantom(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    (own,) = choose_phantoms(str(file))
    assert own.name == "own"
    assert own.materials["wax"].hu_at(100) == -110
    assert [insert.slack_mm for insert in own.inserts] == [0.3] * 3


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_phantom_written_as_json_reads_back_equal(
    name: str, tmp_path: Path, models: Mapping[str, Phantom]
) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(TypeAdapter(Phantom).dump_json(models[name]))
    assert choose_phantoms(str(file)) == (models[name],)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("length_mm", "lenght_mm"), "lenght_mm: "),
        (("angle_deg = 90.0", "angle = 90.0"), r"inserts\.1\.angle: "),
        (("red = 0.93", "RED = 0.93"), r"materials\.wax\.RED: "),
        (("50.0", '"long"'), "length_mm: .*number"),
        (("red = 0.93", "red = 93"), "between 0 and 20; got 93"),
        (('material = "wax"', 'material = "wx"'), "is of 'wx'.*materials are wax"),
        (('"ellipse"', '"egg"'), r"outline\.shape: "),
        (("length_mm = 50.0", "length_mm ="), "line 7"),
    ],
)
def test_a_mistake_in_a_phantom_file_is_named_with_its_key(
    tmp_path: Path, wrong: tuple[str, str], message: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN.replace(*wrong))
    with pytest.raises(InputError, match=rf"own\.toml: .*{message}"):
        choose_phantoms(str(file))


def test_an_unknown_phantom_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no phantom 'catfan'; there are acr464"):
        choose_phantoms("catfan")
    with pytest.raises(InputError, match=r"own\.toml: cannot be read"):
        choose_phantoms("own.toml")


def test_the_tolerance_profiles_promised_are_shipped() -> None:
    assert set(tolerance_names()) == {"dose", "iaea", "seed"}
    for name in tolerance_names():
        assert load_tolerances(name).name == name
        assert len(load_tolerances(name).source) > 20


@pytest.mark.parametrize(
    ("profile", "material", "limits"),
    [
        ("seed", "water", (30, 30)),
        ("seed", "dense_bone", (50, 50)),
        ("seed", "muscle", (40, 40)),
        ("seed", "anything", (40, 40)),
        ("iaea", "teflon", (20, 20)),
        ("dose", "water", (5, 22)),
        ("dose", "bone800", (45, 90)),
        ("dose", "lung_inhale", (22, 44)),
    ],
)
def test_the_profiles_hold_the_limits_of_their_sources(
    profile: str, material: str, limits: tuple[float, float]
) -> None:
    assert load_tolerances(profile).of(material) == limits


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("profile", ["dose", "iaea", "seed"])
def test_every_profile_judges_every_shipped_material(
    profile: str, name: str, models: Mapping[str, Phantom]
) -> None:
    tolerances = load_tolerances(profile)
    for key, material in models[name].materials.items():
        assert tolerances.of(key, material.seed_name) is not None, key


def test_a_site_can_bring_its_own_tolerances(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('name = "ours"\nsource = "us"\ntolerance_hu = { water = 4.0 }\n')
    assert load_tolerances(str(file)).of("water") == (4.0, 4.0)
    file.write_text('name = "ours"\nsource = "us"\ntolerances_hu = { water = 4.0 }\n')
    with pytest.raises(InputError, match=r"ours\.toml: .*tolerances_hu: Unexpected"):
        load_tolerances(str(file))
    with pytest.raises(InputError, match="no tolerance profile 'ours'; there are dose"):
        load_tolerances("ours")


def config(phantom: str, **content: Any) -> SiteConfig:
    return TypeAdapter(SiteConfig).validate_python({"phantoms": {phantom: content}})


@pytest.mark.parametrize("name", ["catphan504", "catphan_ctp404"])
def test_a_site_sets_electron_densities_by_the_names_of_the_first_scripts(
    name: str, models: Mapping[str, Phantom]
) -> None:
    site = config(name, inserts=[{"name": "foam", "red": 0.86}])
    changed, notes = apply_config(models["catphan504"], site)
    assert changed.materials["pmp"].red == 0.86
    assert changed.materials["teflon"] == models["catphan504"].materials["teflon"]
    assert notes == ()


def test_a_site_sets_the_region_and_the_expected_ct_number(
    models: Mapping[str, Phantom],
) -> None:
    site = config(
        "catphan504",
        inserts=[{"name": "teflon", "red": 1.85, "hu_hint": 950.0}],
        roi_radius_fraction=0.65,
    )
    changed, _ = apply_config(models["catphan504"], site)
    assert changed.region_fraction == 0.65
    assert changed.materials["teflon"].hu_at(80.0) == 950


def test_a_placeholder_of_zero_keeps_the_published_value_and_is_noted(
    models: Mapping[str, Phantom],
) -> None:
    """The first scripts shipped RED 0 for every insert of the Catphan."""
    site = config("catphan_ctp404", inserts=[{"name": "teflon", "red": 0.0}])
    changed, notes = apply_config(models["catphan504"], site)
    assert changed == models["catphan504"]
    (note,) = notes
    assert "teflon a RED of 0, a placeholder; the published 1.868 was kept" in note


def test_a_configuration_of_another_phantom_changes_nothing(
    models: Mapping[str, Phantom],
) -> None:
    site = config("cirs062", inserts=[{"name": "muscle", "red": 1.05}])
    assert apply_config(models["catphan504"], site) == (models["catphan504"], ())


def test_an_unknown_insert_in_a_configuration_is_refused(
    models: Mapping[str, Phantom],
) -> None:
    site = config("catphan504", inserts=[{"name": "telfon", "red": 1.87}])
    message = "names an insert 'telfon' that catphan504 does not have; it has .*teflon"
    with pytest.raises(InputError, match=message):
        apply_config(models["catphan504"], site)


def test_an_impossible_value_in_a_configuration_is_refused(
    models: Mapping[str, Phantom],
) -> None:
    site = config("catphan504", inserts=[{"name": "teflon", "red": -1.0}])
    with pytest.raises(InputError, match=r"between 0 and 20; got -1\.0"):
        apply_config(models["catphan504"], site)
    site = config("catphan504", roi_radius_fraction=1.5)
    with pytest.raises(InputError, match=r"must cover between 0\.1 and 1 "):
        apply_config(models["catphan504"], site)


def test_a_misspelt_key_in_a_configuration_is_named(tmp_path: Path) -> None:
    file = tmp_path / "site.json"
    file.write_text('{"tolerance_hu": {"water": 30}}')
    with pytest.raises(InputError, match=r"site\.json: tolerance_hu: Unexpected"):
        read_record(file, SiteConfig)


def test_a_phantom_can_be_replaced_but_not_changed(
    models: Mapping[str, Phantom],
) -> None:
    model = models["catphan504"]
    with pytest.raises(AttributeError):
        model.length_mm = 1.0  # type: ignore[misc]  # that is the test
    assert asdict(replace(model)) == asdict(model)


# Charge and mass of the elements in the rods (CIAAW standard atomic weights).
ATOMS = {
    "H": (1, 1.008), "C": (6, 12.011), "N": (7, 14.007), "O": (8, 15.999),
    "F": (9, 18.998), "Mg": (12, 24.305), "Si": (14, 28.085), "P": (15, 30.974),
    "Cl": (17, 35.45), "Ar": (18, 39.95), "Ca": (20, 40.078),
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_electron_density_agrees_with_mass_density_and_composition(
    name: str, models: Mapping[str, Phantom]
) -> None:
    """RED is rho sum(w Z/A) over that of water, 0.5551 mol/g; rods vary by 2 %."""
    for key, material in models[name].materials.items():
        if not material.composition or material.red is None:
            continue
        electrons = sum(
            part * ATOMS[symbol][0] / ATOMS[symbol][1]
            for symbol, part in material.composition.items()
        )
        red = (material.density_g_cm3 or 0.0) * electrons / 0.5551
        assert red == pytest.approx(material.red, rel=0.02, abs=0.0002), key


@pytest.mark.parametrize(
    "name", ["acr464", "catphan500", "catphan700", "gammex467", "tomocheese"]
)
def test_a_phantom_without_a_real_scan_is_recognized_and_read_in_simulated_ones(
    name: str, models: Mapping[str, Phantom]
) -> None:
    """Among all models; to 1 HU and 0.5 % of the contrast, small rods to 3 HU."""
    phantom = models[name]
    pixel = (phantom.outline.width_mm + 40) / 320
    scanner = Scanner(
        matrix=(320, 320),
        pixel_mm=(pixel, pixel),
        slice_positions_mm=slice_stack(16, 3.0),
        slice_thickness_mm=3.0,
        kv=100.0,
        noise=Noise(sd_hu=8.0, correlation_px=0.6),
        artifacts=Artifacts(couch="flat"),
    )
    placement = PhantomPlacement(center_mm=(6.0, -4.0, 1.0), roll_deg=17.0)
    simulated = simulate_ct(phantom, placement=placement, scanner=scanner, seed=3)
    found = calibrate(simulated.ct, tuple(models.values()))
    assert found.recognition.phantom == name
    assert found.recognition.undecided_models == ()
    assert found.pose.roll_deg == pytest.approx(17.0, abs=0.2)
    for insert in phantom.inserts:
        reading = found.reading_of(insert.name)
        true = simulated.truth.inserts[insert.name].hu
        assert reading.identity is Identity.CONFIRMED
        small = insert.diameter_mm < 15
        within = 3.0 if small else 1 + 0.005 * abs(true - phantom.background_hu)
        assert reading.mean_hu == pytest.approx(true, abs=within), insert.name
