from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve, Node
from kerma.workflows.ct_calibration.curves.installed import (
    CurveLimits,
    InstalledCurve,
    compare_curves,
    read_installed,
)
from kerma.workflows.ct_calibration.curves.sample import Sample

CURVE = ConversionCurve(
    "red",
    "piecewise",
    (Node(-1000.0, 0.0), Node(0.0, 1.0), Node(1000.0, 1.5)),
    ((0.0,) * 3,) * 3,
    -1000.0,
    1000.0,
)


@pytest.mark.parametrize(
    "text",
    [
        "-1000,0.001\n0,1.0\n1500.5,1.75\n",
        "-1000, 0.001\n0, 1.0\n1500.5, 1.75\n",
        "HU;RED\n-1000;0,001\n0;1,0\n1500,5;1,75\n",
        "HU\tRED\r\n-1000\t0.001\r\n0\t1.0\r\n1500.5\t1.75\r\n",
        "# of the planning system\n\n-1000 0.001\n  0   1.0\n1500.5 1.75\n",
        "CT number electron density\n-1000 0,001\n0 1,0\n1500,5 1,75\n",
        '"HU","RED"\n"-1000","0.001"\n"0","1.0"\n"1500.5","1.75"\n',
        "\ufeff-1000;0.001\n0;1\n1500.5;1.75",
    ],
)
def test_a_table_is_read_whatever_separates_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "installed.csv"
    file.write_text(text, encoding="utf-8")
    curve = read_installed(file)
    assert curve.hu == (-1000.0, 0.0, 1500.5)
    assert curve.values == (0.001, 1.0, 1.75)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs two rows"),
        ("0 1.0\n", "needs two rows of HU and value; got 1"),
        ("0 1\n100 1.1\n50 1.2\n", "50 HU does not"),
        ("0 1\n0 1.1\n", "0 HU does not"),
        ("0.001,-1000\n1.0,0\n", "line 1: a value lies between 0 and 25; got -1000"),
        ("0 1\n100 much\n200 1.2\n", "line 2 is not a CT number and a value: '100 much'"),
        ("0 1\n100 nan\n200 1.2\n", "line 2 is not a CT number"),
        ("0 1 3\n100 1.1 4\n200 1.2 5\n", "line 2 is not a CT number"),
        ("1,000 0.5\n2,000 1.5\n", "line 2 is not a CT number"),
    ],
)  # fmt: skip
def test_what_is_no_curve_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "installed.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_installed(file)


def samples() -> list[Sample]:
    return [
        Sample("lung", "lung", -500.0, 1.0, 1.0, 0.0),
        Sample("muscle", "soft", 50.0, 1.0, 1.0, 0.0),
        Sample("bone", "bone", 900.0, 1.0, 1.0, 0.0),
    ]


def test_a_curve_agrees_with_itself() -> None:
    same = InstalledCurve("same", (-1000.0, 0.0, 1000.0), (0.0, 1.0, 1.5))
    found = compare_curves(CURVE, same, samples(), site="scan", energy_mev=100.0)
    assert found.verdict is Verdict.PASS
    assert found.largest_difference == 0
    assert all(effect.photon_dose_percent == 0 for effect in found.effects)


def test_the_largest_difference_is_found_between_the_inserts() -> None:
    """A bump of 0.1 at 300 HU, where no insert is."""
    bump = InstalledCurve(
        "bump",
        (-1000.0, 0.0, 200.0, 300.0, 400.0, 1000.0),
        (0.0, 1.0, 1.1, 1.25, 1.2, 1.5),
    )
    found = compare_curves(CURVE, bump, samples(), site="scan", energy_mev=100.0)
    assert (found.largest_at_hu, found.from_hu, found.to_hu) == (300, -1000, 1000)
    assert found.largest_difference == pytest.approx(0.1)
    assert found.verdict is Verdict.PASS


def test_the_limit_itself_passes_and_more_does_not() -> None:
    limits = CurveLimits("mine", {"soft": 0.02}, {"soft": 0.02}, {"soft": 0.02})
    for shift, verdict in ((0.02, Verdict.PASS), (0.0201, Verdict.FAIL)):
        values = tuple(float(v) for v in np.array([0.0, 1.0, 1.5]) + shift)
        moved = InstalledCurve("moved", (-1000.0, 0.0, 1000.0), values)
        found = compare_curves(
            CURVE, moved, samples(), site="scan", energy_mev=100.0, limits=limits
        )
        assert found.verdict is verdict
        assert all(m.difference == pytest.approx(shift) for m in found.materials)


def test_curves_without_a_common_ct_number_are_refused() -> None:
    far = InstalledCurve("far", (1500.0, 3000.0), (1.7, 2.5))
    with pytest.raises(InputError, match="1500 to 3000 HU and has no CT number"):
        compare_curves(CURVE, far, samples(), site="scan", energy_mev=100.0)


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="limits of red need one of soft"):
        CurveLimits("", {"lung": 0.02}, {"soft": 0.02}, {"soft": 0.02})
