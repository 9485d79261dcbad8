"""kerma simulate breast, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kerma.core.label_map import LabelMap
from kerma.io import read_ct, read_volume
from kerma.simulation.breast import PRESETS
from tests.conftest import Ending
from tests.io.validators import dciodvfy_errors

Kerma = Callable[..., Ending]
COARSE = ("--spacing", "2.0,1.6,1.6", "--noise", "10")


def test_all_breasts_are_listed(kerma: Kerma) -> None:
    done = kerma("simulate", "breast", "--list")

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(PRESETS)
    assert "silicone 300 ml" in done.out


def test_a_breast_is_written_with_its_truth(kerma: Kerma, tmp_path: Path) -> None:
    out = tmp_path / "scan"
    done = kerma(
        "simulate", "breast", "u-muscle", out, *COARSE, "--truth",
        "--laterality", "right",
    )  # fmt: skip

    assert done.code == 0, done.err
    ct = read_ct(out / "ct")
    truth = read_volume(out / "truth.nii.gz", kind="labels")
    told = json.loads((out / "truth.json").read_text())
    assert isinstance(truth, LabelMap)
    assert done.out == f"{ct.grid.shape[0] + 2} files in {out}\n"
    assert ct.acquisition.patient_position == "HFP"
    assert ct.acquisition.series_description == "Breast CT, right"
    assert ct.grid.spacing == pytest.approx((2.0, 1.6, 1.6))
    assert told["glandularity"] == pytest.approx(0.35, abs=0.002)
    assert {label.number for label in truth.labels} == {1, 2, 3, 4, 5, 6, 7, 9}

    muscle = truth.grid.to_patient(np.argwhere(truth.array == 4).astype(float))
    nearest = np.rint(ct.grid.to_index(muscle)).astype(int)
    assert np.median(ct.hu[tuple(nearest.T)]) == pytest.approx(10, abs=10)
    assert dciodvfy_errors(out / "ct" / "ct_0001.dcm") == []

    again = kerma("simulate", "breast", "dense", out, *COARSE)
    assert again.code == 3
    assert "is not empty" in again.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("obese", "x"), 3, "there are: dense, heterogeneous"),
        (("dense", "x", "--spacing", "thin"), 3, "one number or three"),
        (("dense", "x", "--spacing", "0.3,0.3"), 3, "one number or three"),
        (("dense", "x", "--spacing", "0"), 3, "up to 2 mm"),
        (("dense", "x", "--laterality", "both"), 3, "left, right"),
        (("dense", "x", "--seed", "-1"), 3, "not negative"),
        (("dense",), 2, "PRESET OUT"),
    ],
)
def test_what_cannot_be_made_is_said(
    kerma: Kerma,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = kerma("simulate", "breast", *arguments)

    assert done.code == code
    assert said in done.err
    assert not any(tmp_path.iterdir())
