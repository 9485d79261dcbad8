from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kerma.core.phantom import Phantom
from kerma.core.phantom_parts import HoleSquare, Ramp, UniformPart
from kerma.core.result import Verdict
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io import read_ct
from kerma.workflows.ct_calibration.image_checks import (
    ImageCheck,
    ImageChecks,
    check_image,
    load_image_limits,
)
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration


def test_the_limit_itself_passes() -> None:
    check = ImageCheck("length", "mm", 50.3, expected=50.0, tolerance=0.3)
    assert check.verdict is Verdict.PASS
    assert replace(check, value=50.31).verdict is Verdict.FAIL
    assert replace(check, value=49.69).verdict is Verdict.FAIL


def test_what_was_not_measured_or_has_no_limit_does_not_pass() -> None:
    unmeasured = ImageCheck("noise", "HU", None, reason="no room")
    reported = ImageCheck("noise", "HU", 8.0)
    assert unmeasured.verdict is Verdict.INCONCLUSIVE
    assert reported.verdict is None
    assert ImageChecks("ct", (unmeasured, reported)).verdict is Verdict.INCONCLUSIVE
    assert "not measured: no room" in unmeasured.line()


def test_one_figure_beyond_its_limit_fails_the_image() -> None:
    good = ImageCheck("a", "mm", 1.0, expected=1.0, tolerance=0.1)
    bad = replace(good, name="b", value=2.0)
    assert ImageChecks("ct", (good,)).passed
    checks = ImageChecks("ct", (good, bad))
    assert checks.verdict is Verdict.FAIL
    assert checks.failed == (bad,)
    with pytest.raises(InputError, match=r"no image check 'c'; there are a, b"):
        checks.check_of("c")


def test_a_bad_image_leaves_the_verdict_of_the_calibration_alone(
    ordinary: tuple[CT, Phantom, Calibration],
) -> None:
    _, _, calibration = ordinary
    bad = ImageCheck("uniformity", "HU", 40.0, expected=0.0, tolerance=5.0)
    marred = replace(calibration, image_checks=ImageChecks("ct", (bad,)))
    assert calibration.passed
    assert marred.passed
    assert "image: fail (limits ct)" in marred.summary()


def test_image_checks_survive_being_stored(
    ordinary: tuple[CT, Phantom, Calibration],
) -> None:
    _, _, calibration = ordinary
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_a_record_from_before_there_were_image_checks_is_read(
    ordinary: tuple[CT, Phantom, Calibration],
) -> None:
    _, _, calibration = ordinary
    content = json.loads(calibration.to_json())
    del content["image_checks"]
    old = Calibration.from_json(json.dumps(content))
    assert old == replace(calibration, image_checks=None)


def test_a_stored_calibration_can_be_checked_again(
    ordinary: tuple[CT, Phantom, Calibration],
) -> None:
    ct, model, calibration = ordinary
    stored = Calibration.from_json(calibration.to_json())
    again = check_image(ct, stored, model, load_image_limits("cone_beam"))
    assert again.limits == "cone_beam"
    assert again.check_of("uniformity").tolerance == 40.0
    assert calibration.image_checks is not None
    assert again.regions == calibration.image_checks.regions
    assert again.ramps == calibration.image_checks.ramps


def test_a_scan_or_phantom_that_was_not_calibrated_is_refused(
    ordinary: tuple[CT, Phantom, Calibration],
) -> None:
    ct, model, calibration = ordinary
    with pytest.raises(InputError, match=r"found catphan504, but .* given other"):
        check_image(ct, calibration, replace(model, name="other"))
    far = replace(calibration.pose, slice_indices=(900,))
    with pytest.raises(InputError, match=r"Slices 900 to 900 .* this CT has 16"):
        check_image(ct, replace(calibration, pose=far), model)


def test_limits_are_read_by_name_or_from_a_file(tmp_path: Path) -> None:
    assert load_image_limits().uniformity_hu == 5.0
    with pytest.raises(
        InputError, match="no image limits 'mri'; there are cone_beam, ct"
    ):
        load_image_limits("mri")
    file = tmp_path / "mine.json"
    file.write_text('{"name": "mine"}')
    with pytest.raises(InputError, match=r"mine\.json.*length_percent"):
        load_image_limits(str(file))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("uniformity_hu", 0.0, "uniformity_hu must be positive; got 0.0"),
        ("slice_thickness_least_mm", 2.0, "lies above slice_thickness_most_mm"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    field: str, value: float, message: str
) -> None:
    change: dict[str, Any] = {field: value}
    with pytest.raises(InputError, match=message):
        replace(load_image_limits(), **change)


@pytest.mark.parametrize(("nominal", "allowed"), [(0.6, 0.5), (1.5, 0.75), (5.0, 1.0)])
def test_a_slice_may_deviate_by_a_part_within_bounds(
    nominal: float, allowed: float
) -> None:
    assert load_image_limits().slice_thickness_mm(nominal) == pytest.approx(allowed)


def test_parts_of_a_phantom_that_make_no_sense_are_refused(catphan504: Phantom) -> None:
    with pytest.raises(InputError, match="inclined by 5 to 60 degrees; got 0"):
        Ramp(38.1, 0.0, 0.0, 50.0, 0.3, 9000.0)
    with pytest.raises(InputError, match="positive length and wire"):
        Ramp(38.1, 0.0, 23.0, 0.0, 0.3, 9000.0)
    with pytest.raises(InputError, match="smaller than its side; got 60 and 50 mm"):
        HoleSquare(50, 60)
    with pytest.raises(InputError, match="uniform part 'CTP999' is none of its"):
        replace(catphan504, uniform_part=UniformPart("CTP999", 5.0))


# Length of the 50 mm lines and slice thickness by pylinac 3.49 on the same scans.
@pytest.mark.parametrize(
    ("series", "line", "within"),
    [
        ("catphan504_obi_head", 49.91, 0.15),
        ("catphan504_obi_pelvis", 49.72, 0.15),
        # Its slices are truly wider than they say: 2.4 mm on every ramp.
        ("catphan504_truebeam_head", 49.97, 0.25),
    ],
)
def test_real_scans_have_the_lengths_and_slices_they_state(
    real_data: Path, catphan504: Phantom, series: str, line: float, within: float
) -> None:
    ct = read_ct(real_data / "ct_phantoms" / series)
    checks = calibrate(ct, [catphan504]).image_checks
    assert checks is not None
    for axis in "xy":
        found = checks.check_of(f"length in {axis}")
        assert found.value == pytest.approx(50, rel=0.005)
        assert found.value == pytest.approx(line, abs=0.08)
    thickness = checks.check_of("slice thickness")
    assert thickness.value == pytest.approx(thickness.expected, rel=within)
    assert len(checks.ramps) == 4
    assert checks.check_of("uniformity").method.find("CTP486") > 0
