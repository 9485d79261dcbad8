from __future__ import annotations

from pathlib import Path

import pytest

from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.installed import read_installed


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
