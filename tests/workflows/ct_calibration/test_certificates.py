from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.workflows.ct_calibration.certificates import (
    apply_certificates,
    certificate_notes,
    read_certificates,
    require_certificate,
)

TEXT = """
[[certificate]]
phantom = "cirs062m"
serial_number = "A-17"
date = 2025-03-01
valid_until = 2027-03-01
source = "certificate 4711 of the maker"

[certificate.materials.bone800]
red = 1.512
red_uncertainty = 0.004
density_g_cm3 = 1.61

[certificate.materials.muscle]
red = 1.047
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "certificates.toml"
    path.write_text(TEXT)
    return path


def test_certified_values_count_and_the_others_stay(
    file: Path, models: Mapping[str, Phantom]
) -> None:
    nominal = models["cirs062m"]
    (phantom,), used = apply_certificates([nominal], read_certificates(file), "A-17")
    bone, muscle = phantom.materials["bone800"], phantom.materials["muscle"]
    assert (bone.red, bone.red_uncertainty, bone.density_g_cm3) == (1.512, 0.004, 1.61)
    assert bone.composition == nominal.materials["bone800"].composition
    assert muscle.red == 1.047
    assert muscle.red_uncertainty == nominal.materials["muscle"].red_uncertainty
    assert phantom.materials["liver"] == nominal.materials["liver"]
    assert phantom.inserts == nominal.inserts
    assert list(used) == ["cirs062m"]


def test_other_models_stay_as_they_are(
    file: Path, models: Mapping[str, Phantom]
) -> None:
    both = [models["catphan504"], models["cirs062m"]]
    (catphan, cirs), _ = apply_certificates(both, read_certificates(file), "A-17")
    assert catphan is models["catphan504"]
    assert cirs != models["cirs062m"]


def test_the_newest_certificate_counts(
    file: Path, models: Mapping[str, Phantom]
) -> None:
    newer = TEXT.replace("2025-03-01", "2026-03-01").replace("1.512", "1.508")
    file.with_name("renewed.toml").write_text(newer)
    every = read_certificates(file.parent)
    assert len(every) == 2
    (phantom,), used = apply_certificates([models["cirs062m"]], every, "A-17")
    assert phantom.materials["bone800"].red == 1.508
    assert used["cirs062m"].date.isoformat() == "2026-03-01"
    with pytest.raises(InputError, match="two certificates of 2025-03-01 for cirs062m"):
        apply_certificates([models["cirs062m"]], [every[0], every[0]], "A-17")


def test_the_notes_name_the_certificate_and_what_it_leaves_out(
    file: Path, models: Mapping[str, Phantom]
) -> None:
    (phantom,), used = apply_certificates(
        [models["cirs062m"]], read_certificates(file), "A-17"
    )
    certificate = used["cirs062m"]
    first, second = certificate_notes(certificate, phantom, "20260105")
    assert "bone800, muscle" in first
    assert "2025-03-01" in first
    assert "certificate 4711 of the maker" in first
    assert "does not name water, lung_inhale" in second
    assert len(certificate_notes(certificate, phantom, "20270301")) == 2
    late = certificate_notes(certificate, phantom, "20270302")[-1]
    assert late == "The certificate was valid until 2027-03-01, before this scan."


@pytest.mark.parametrize(
    ("name", "serial", "message"),
    [
        ("cirs062m", None, "give its serial number"),
        ("cirs062m", "A-18", "no certificate for the serial number 'A-18'.*for A-17"),
        ("catphan504", "A-17", "is for cirs062m, not for catphan504"),
    ],
)
def test_a_certificate_of_another_phantom_is_refused(
    file: Path,
    models: Mapping[str, Phantom],
    name: str,
    serial: str | None,
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        apply_certificates([models[name]], read_certificates(file), serial)


def test_a_scan_of_another_phantom_than_the_serial_number_says_is_refused(
    file: Path, models: Mapping[str, Phantom]
) -> None:
    _, used = apply_certificates([models["cirs062m"]], read_certificates(file), "A-17")
    assert require_certificate("cirs062m", used) is used["cirs062m"]
    with pytest.raises(InputError, match=r"shows catphan504, but .*'A-17'.*cirs062m"):
        require_certificate("catphan504", used)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("materials.muscle", "materials.muscles"), "names a material 'muscles'.*has "),
        (("1.047", "47.0"), "between 0 and 20; got 47"),
        (("red = 1.047", "density_g_cm3 = 1.06"), r"certificates\.toml: .*red: Field"),
        (("red_uncertainty", "red_uncertanty"), r"certificates\.toml: .*uncertanty"),
        (("2027-03-01", "2024-03-01"), r"ends on 2024-03-01, before its date"),
        (("date = 2025-03-01", 'date = "soon"'), r"certificates\.toml: .*date"),
    ],
)
def test_a_mistake_in_a_certificate_is_named(
    file: Path, models: Mapping[str, Phantom], wrong: tuple[str, str], message: str
) -> None:
    file.write_text(TEXT.replace(*wrong))
    with pytest.raises(InputError, match=message):
        apply_certificates([models["cirs062m"]], read_certificates(file), "A-17")


def test_a_folder_without_certificates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds 0 TOML and JSON files"):
        read_certificates(tmp_path)
