from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.core.result import Verdict
from kerma.errors import InputError, ScopeError
from kerma.physics import (
    Stoichiometry,
    Substance,
    human_tissues,
    stopping_power_ratio,
)
from kerma.simulation import Noise, Scanner, simulate_ct, slice_stack
from kerma.workflows.ct_calibration.certificates import (
    Certificate,
    CertifiedMaterial,
)
from kerma.workflows.ct_calibration.curves import (
    CurveSet,
    compare_with_installed,
    fit_curves,
    with_hu_changes,
)
from kerma.workflows.ct_calibration.curves.conversion import MODELS
from kerma.workflows.ct_calibration.curves.installed import InstalledCurve
from kerma.workflows.ct_calibration.curves.quantity import QUANTITIES
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration, Uncertainty
from tests.calibrations import SCANNER, calibration_of, on_scale, seen_by

HARDER = Stoichiometry(4e-5, 1.8e-3, 0.0, 4)  # as behind a larger body


def line_through(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Slope and intercept by NumPy."""
    slope, intercept = np.polyfit([x for x, _ in points], [y for _, y in points], 1)
    return float(slope), float(intercept)


@pytest.fixture
def pair(models: Mapping[str, Phantom]) -> list[tuple[Calibration, Phantom]]:
    """A head and a body phantom, seen without noise."""
    head, body = models["cirs062m_head"], models["cirs062m"]
    return [
        (calibration_of(body, seen_by(HARDER, body)), body),
        (calibration_of(head, seen_by(SCANNER, head)), head),
    ]


def test_one_scan_gives_one_curve_and_two_give_three(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    assert [one.site for one in fit_curves(pair[:1]).curves] == ["scan"]
    assert [one.site for one in fit_curves(pair).curves] == ["head", "body", "average"]


def test_the_smaller_phantom_is_the_head_and_its_bone_is_brighter(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    curves = fit_curves(pair)
    (bone,) = [row for row in curves.inserts if row.material == "bone800"]
    (water,) = [row for row in curves.inserts if row.material == "water"]
    assert bone.beam_hardening_hu is not None
    assert water.beam_hardening_hu is not None
    assert bone.beam_hardening_hu > 50
    assert abs(water.beam_hardening_hu) < 5


def test_the_response_of_the_scanner_is_found_and_predicts_every_insert(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    head = fit_curves(pair).of("head").stoichiometry
    assert head is not None
    assert head.photoelectric == pytest.approx(SCANNER.photoelectric, rel=1e-3)
    for row in fit_curves(pair).inserts:
        reading = row.at("head")
        assert reading is not None
        assert reading.estimated_hu == pytest.approx(reading.measured_hu, abs=0.01)


def test_the_consensus_table_rests_on_inserts_and_tissues(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    """Kinks by the guide from all CT numbers of a group; bone by NumPy's polyfit."""
    curves = fit_curves(pair[1:], quantity="spr", model="consensus")
    curve = curves.main.curve
    points = [
        (t.group, SCANNER.hu_of(t.substance), stopping_power_ratio(t.substance))
        for t in human_tissues()
    ]
    for row in curves.inserts:
        reading = row.at("scan")
        assert reading is not None
        assert reading.measured_hu is not None
        assert row.value is not None
        points.append((row.group, reading.measured_hu, row.value))
    of = {g: [(h, v) for group, h, v in points if group == g] for g, _, _ in points}
    assert curve.hu[3] == round(min(h for h, _ in of["adipose"]) - 60)
    assert curve.hu[7] == round(max(h for h, _ in of["soft"]) + 10)
    assert curve.hu[8] == round(min(h for h, _ in of["bone"]) + 50)
    slope, intercept = line_through(of["bone"])
    assert float(curve.value_of(1500)) == pytest.approx(intercept + 1500 * slope)
    slope, intercept = line_through(of["lung"] + of["soft"])
    assert float(curve.value_of(-500)) == pytest.approx(intercept - 500 * slope)


def test_a_table_of_mass_density_rests_on_tissues_alone(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    curve = fit_curves(pair[1:], quantity="density", model="consensus").main.curve
    bone = [
        (SCANNER.hu_of(t.substance), t.substance.density_g_cm3)
        for t in human_tissues()
        if t.group == "bone"
    ]
    slope, intercept = line_through(bone)
    # To the fit of the scanner's response, which iterates.
    assert float(curve.value_of(1500)) == pytest.approx(intercept + 1500 * slope, 1e-6)


def test_tissues_come_back_within_three_percent_soft_within_one_on_average(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    for one in fit_curves(pair, quantity="spr", model="consensus").curves:
        assert [a.group for a in one.accuracy] == ["lung", "adipose", "soft", "bone"]
        for group in one.accuracy[1:]:
            assert abs(group.mean_percent) < 1
            assert abs(group.largest_percent) < 4
            assert group.average_mean_percent is not None


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("model", MODELS)
def test_every_curve_rises_and_survives_being_stored(
    pair: list[tuple[Calibration, Phantom]], quantity: str, model: str
) -> None:
    curves = fit_curves(pair, quantity=quantity, model=model)  # type: ignore[arg-type]  # from the list of them
    grid = np.arange(-1024, 3072, dtype=float)
    for one in curves.curves:
        assert np.diff(one.curve.value_of(grid)).min() >= 0
    assert CurveSet.from_json(curves.to_json()) == curves
    assert curves.passed
    assert curves.summary().endswith("PASS")


def test_a_curve_through_plastics_warns_of_the_tissue_that_it_misses(
    models: Mapping[str, Phantom],
) -> None:
    """Teflon has more electrons at its CT number than bone has at that one."""
    catphan = models["catphan504"]
    scan = (calibration_of(catphan, seen_by(SCANNER, catphan)), catphan)
    through = fit_curves([scan], model="piecewise")
    assert any("of the group bone by +" in note for note in through.notes)
    consensus = fit_curves([scan], model="consensus")
    (note,) = consensus.notes
    assert note.startswith(
        "No tissue substitutes, so not on the lines of the table: air"
    )


@pytest.mark.parametrize(("percent", "warned"), [(1.9, False), (2.5, True)])
def test_two_percent_in_soft_tissue_are_worth_a_warning(
    percent: float, *, warned: bool, models: Mapping[str, Phantom]
) -> None:
    """Soft rods denser than tissue of their CT number make the curve too high there."""
    head = models["cirs062m_head"]
    exact = calibration_of(head, seen_by(SCANNER, head))
    (soft,) = [
        one.mean_percent
        for one in fit_curves([(exact, head)]).main.accuracy
        if one.group == "soft"
    ]
    share = (1 + percent / 100) / (1 + soft / 100)
    denser = replace(
        exact,
        readings=tuple(replace(r, red=share * (r.red or 0.0)) for r in exact.readings),
    )
    notes = fit_curves([(denser, head)]).notes
    assert any("of the group soft by +" in note for note in notes) == warned


def test_a_curve_through_plastics_of_unknown_composition_is_not_to_plan_with(
    models: Mapping[str, Phantom],
) -> None:
    """A Catphan 500 has three materials besides air: too few for the response."""
    catphan = models["catphan500"]
    curves = fit_curves([(calibration_of(catphan, seen_by(SCANNER, catphan)), catphan)])
    (note,) = curves.notes
    assert "no tissue substitutes (teflon, acrylic, ldpe)" in note
    assert note.endswith("do not plan with it.")


def test_a_certificate_that_changes_the_red_changes_density_and_spr_alike(
    models: Mapping[str, Phantom],
) -> None:
    head = models["cirs062m_head"]
    hu = seen_by(SCANNER, head)
    plain = calibration_of(head, hu)
    heavier = replace(
        plain,
        readings=tuple(
            replace(r, red=1.02 * r.red) if r.material == "bone800" and r.red else r
            for r in plain.readings
        ),
    )
    for quantity in QUANTITIES:
        before, after = (
            next(
                row.value
                for row in fit_curves([(one, head)], quantity=quantity).inserts
                if row.material == "bone800"
            )
            for one in (plain, heavier)
        )
        assert before is not None
        assert after == pytest.approx(1.02 * before)


def certified(
    calibration: Calibration, materials: Mapping[str, CertifiedMaterial]
) -> Calibration:
    """A calibration that used a certificate of some materials."""
    paper = Certificate("any", "ED-1", dt.date(2024, 1, 2), "ours", materials)
    readings = tuple(
        replace(r, red=paper.materials[r.material].red, red_uncertainty=0.003)
        if r.material in paper.materials
        else r
        for r in calibration.readings
    )
    return replace(calibration, readings=readings, certificate=paper)


def test_density_and_spr_of_a_certificate_go_before_those_of_the_phantom(
    models: Mapping[str, Phantom],
) -> None:
    head = models["cirs062m_head"]
    paper = {
        "bone800": CertifiedMaterial(1.47, 0.003, 1.55, 0.004, 1.41, 0.006),
        "bone200": CertifiedMaterial(1.12, 0.003, 1.2, 0.005),
    }
    scan = (certified(calibration_of(head, seen_by(SCANNER, head)), paper), head)
    sets = {quantity: fit_curves([scan], quantity=quantity) for quantity in QUANTITIES}
    found = {
        quantity: {row.material: row for row in one.inserts}
        for quantity, one in sets.items()
    }
    assert found["red"]["bone800"].value == 1.47
    assert found["density"]["bone800"].value == 1.55
    assert found["spr"]["bone800"].value == 1.41
    # Without a measured one, of the certified density and the published composition.
    nominal = head.materials["bone200"]
    assert nominal.density_g_cm3 is not None
    substance = Substance("bone200", 1.2, nominal.composition)
    assert found["spr"]["bone200"].value == stopping_power_ratio(substance)
    # What the certificate does not name stays.
    assert found["density"]["muscle"].value == head.materials["muscle"].density_g_cm3
    # The certified uncertainty is that of the curve there: no reading adds to it.
    exact = calibration_of(head, seen_by(SCANNER, head))
    quiet = Uncertainty(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    sure = replace(
        exact, readings=tuple(replace(r, uncertainty=quiet) for r in exact.readings)
    )
    bone = seen_by(SCANNER, head)["bone800"]
    for quantity, expected in (("red", 0.003), ("density", 0.004), ("spr", 0.006)):
        curve = fit_curves([(certified(sure, paper), head)], quantity=quantity)  # type: ignore[arg-type]  # from the list of them
        assert curve.main.curve.uncertainty_at(bone) == pytest.approx(expected)


def test_a_certificate_of_the_red_alone_scales_density_and_spr(
    models: Mapping[str, Phantom],
) -> None:
    head = models["cirs062m_head"]
    muscle = head.materials["muscle"]
    assert muscle.red is not None
    assert muscle.density_g_cm3 is not None
    own = replace(
        head, materials={**head.materials, "muscle": replace(muscle, spr=1.05)}
    )
    paper = {"muscle": CertifiedMaterial(1.01 * muscle.red)}
    scan = (certified(calibration_of(head, seen_by(SCANNER, head)), paper), own)
    for quantity, nominal in (("density", muscle.density_g_cm3), ("spr", 1.05)):
        rows = fit_curves([scan], quantity=quantity).inserts  # type: ignore[arg-type]  # from the list of them
        (row,) = [one for one in rows if one.material == "muscle"]
        assert row.value == pytest.approx(1.01 * nominal)


def test_the_average_of_two_certificates_is_that_of_their_values(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    """Each insert counts alike: one of bone 800 in the head, two in the body."""
    (body, large), (head, small) = pair
    inserts = [sum(i.material == "bone800" for i in p.inserts) for p in (small, large)]
    first = certified(head, {"bone800": CertifiedMaterial(1.46, density_g_cm3=1.50)})
    second = certified(body, {"bone800": CertifiedMaterial(1.46, density_g_cm3=1.56)})
    curves = fit_curves([(first, small), (second, large)], quantity="density")
    expected = (1.50 * inserts[0] + 1.56 * inserts[1]) / sum(inserts)
    values = []
    for one in curves.curves:
        (row,) = [r for r in curves.inserts if r.material == "bone800"]
        reading = row.at(one.site)
        assert reading is not None
        values.append(reading.curve_value)
    assert values == pytest.approx([1.50, 1.56, expected])


def test_scans_that_were_not_made_alike_are_refused(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    (body, large), (head, small) = pair
    other = replace(head, acquisition=replace(head.acquisition, kv=100.0))
    with pytest.raises(ScopeError, match="not made alike: kv 100"):
        fit_curves([(body, large), (other, small)])
    with pytest.raises(InputError, match="phantom of 180 x 180 mm; two curves need"):
        fit_curves([(head, small), (head, small)])
    with pytest.raises(InputError, match="got 3"):
        fit_curves([*pair, pair[0]])


def test_a_scale_that_is_no_ct_number_gives_no_consensus_table(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    calibration, phantom = pair[0]
    direct = on_scale(calibration, "ED")
    with pytest.raises(InputError, match="calls 'ED', Rescale Type"):
        fit_curves([(direct, phantom)], model="consensus")
    assert fit_curves([(direct, phantom)], model="piecewise").passed


def test_a_phantom_of_unknown_composition_has_a_red_curve_only(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    calibration, phantom = pair[0]
    bare = replace(
        phantom,
        materials={
            key: replace(one, composition={}, density_g_cm3=None)
            for key, one in phantom.materials.items()
        },
    )
    assert fit_curves([(calibration, bare)]).main.stoichiometry is None
    with pytest.raises(InputError, match="two materials of known SPR"):
        fit_curves([(calibration, bare)], quantity="spr")
    with pytest.raises(InputError, match="composition of 4 materials"):
        fit_curves([(calibration, bare)], model="consensus")
    less = replace(
        phantom,
        materials={k: m for k, m in phantom.materials.items() if k != "water"},
        inserts=tuple(i for i in phantom.inserts if i.material != "water"),
    )
    with pytest.raises(InputError, match="a material 'water' that the phantom"):
        fit_curves([(calibration, less)])


def test_a_measured_stopping_power_goes_before_the_calculated_one(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    calibration, phantom = pair[0]
    known = replace(phantom.materials["muscle"], spr=1.05)
    measured = replace(phantom, materials={**phantom.materials, "muscle": known})
    rows = fit_curves([(calibration, measured)], quantity="spr").inserts
    (muscle,) = [row for row in rows if row.material == "muscle"]
    assert (muscle.value, muscle.measured_spr) == (1.05, 1.05)
    assert muscle.calculated_spr != 1.05


def test_a_comparison_decides_the_verdict(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    curves = fit_curves(pair)
    hu, values = (-1024.0, 0.0, 3000.0), (0.0, 1.0, 2.0)
    wrong = InstalledCurve("wrong.csv", hu, values)
    compared = compare_with_installed(curves, wrong, site="head")
    assert compared.verdict is Verdict.FAIL
    assert compared.comparison is not None
    assert compared.comparison.site == "head"
    assert "FAIL" in compared.summary()
    assert CurveSet.from_json(compared.to_json()) == compared
    with pytest.raises(InputError, match="no curve for 'scan'; there are head, body"):
        compare_with_installed(curves, wrong, site="scan")


def test_changes_of_ct_number_are_carried_to_dose_and_range(
    pair: list[tuple[Calibration, Phantom]],
) -> None:
    curves = with_hu_changes(fit_curves(pair), {"soft": 10.0})
    assert curves.effects[0].photon_dose_percent < 0 < curves.effects[0].proton_range_mm
    assert "CT numbers off by soft +10 HU:" in curves.summary()
    assert CurveSet.from_json(curves.to_json()) == curves


def test_a_table_from_simulated_scans_is_that_of_the_phantoms_ct_numbers(
    models: Mapping[str, Phantom],
) -> None:
    """Head and body scans with noise against the CT numbers that were simulated.

    An insert is read to 1 HU, and the slopes are about 0.001 per HU and less.
    """
    scans, exact = [], []
    for name in ("cirs062m_head", "cirs062m"):
        phantom = models[name]
        size = round((phantom.outline.width_mm + 30) / 1.4 / 2) * 2
        scanner = Scanner(
            matrix=(size, size),
            pixel_mm=(1.4, 1.4),
            slice_positions_mm=slice_stack(10, 5.0),
            slice_thickness_mm=5.0,
            psf_mm=0.7,
            noise=Noise(sd_hu=5.0, correlation_px=0.6),
        )
        ct = simulate_ct(phantom, scanner=scanner, seed=1).ct
        scans.append((calibrate(ct, (phantom,)), phantom))
        hu = {key: one.hu_at(120.0) for key, one in phantom.materials.items()}
        exact.append((calibration_of(phantom, hu), phantom))
    found, true = (
        fit_curves(pair, quantity="spr", model="consensus") for pair in (scans, exact)
    )
    grid = np.arange(-1000, 2001, dtype=float)
    for mine, other in zip(found.curves, true.curves, strict=True):
        assert mine.curve.hu == pytest.approx(other.curve.hu, abs=2)
        assert mine.curve.values == pytest.approx(other.curve.values, abs=2e-3)
        inside = np.abs(grid + 160) > 25  # the jump from lung to adipose tissue
        assert mine.curve.value_of(grid)[inside] == pytest.approx(
            other.curve.value_of(grid)[inside], abs=2e-3
        )
