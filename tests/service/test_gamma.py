from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.dose import Dose
from kerma.core.label_map import Label, LabelMap
from kerma.core.study import Study
from kerma.core.volume import Volume
from kerma.dosimetry import GammaResult
from kerma.errors import GeometryError, InputError
from kerma.imaging.masks import mask_of
from kerma.io import write_dose, write_structures, write_volume
from kerma.service.commands.gamma import gamma as command
from kerma.service.gamma import compare_doses
from kerma.simulation.rt_set import Layout, simulate_rt_set
from tests.dosimetry.doses import grid


def dose(percent: float = 0.0, frame: str = "1.2.3", columns: int = 20) -> Dose:
    row = 1 + 0.001 * np.arange(columns)
    plane = (1 + percent / 100) * np.broadcast_to(row, (16, columns))
    array = np.stack([plane, plane, plane]).astype(np.float32)
    on = grid((3, 16, columns), (2.0, 2.0, 2.0), frame=frame)
    return Dose(array, on, plan_uid="1.2.9")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The same dose and one 2 % higher, as RT Dose and in other formats."""
    found = {}
    for name, one in (("plan", dose()), ("other", dose(2.0)), ("far", dose(9.0))):
        found[name] = write_dose(
            one, tmp_path / f"{name}.dcm", study=Study(), uid_seed=name
        )
        for suffix in ("nii.gz", "nrrd", "mha", "npy"):
            file = tmp_path / f"{name}.{suffix}"
            found[f"{name}.{suffix}"] = write_volume(one, file)
    return found


@pytest.mark.parametrize("suffix", ["", ".nii.gz", ".nrrd", ".mha", ".npy"])
def test_doses_of_every_format_are_compared(
    files: dict[str, Path], suffix: str
) -> None:
    found = compare_doses(files["plan"], files[f"other{suffix}"])
    assert found.pass_rate_percent == 100
    assert found.maximum == pytest.approx(2 / 3, abs=1e-2)
    assert found.passed
    named = [note for note in found.notes if "names no frame of reference" in note]
    assert len(named) == (suffix != "")
    assert found.provenance is not None
    assert ("dose_percent", "3.0") in found.provenance.parameters
    assert len({one.sha256 for one in found.provenance.inputs}) == 2


def test_a_report_is_written_where_it_is_wanted(
    files: dict[str, Path], tmp_path: Path
) -> None:
    found = compare_doses(files["plan"], files["far"], out=tmp_path / "out")
    assert not found.passed
    text = (tmp_path / "out" / "gamma.json").read_text(encoding="utf-8")
    assert GammaResult.from_json(text) == found


def test_structures_come_from_a_label_map(
    files: dict[str, Path], tmp_path: Path
) -> None:
    one = dose()
    array = np.zeros(one.array.shape, np.uint8)
    array[:, 8:, :] = 1
    labels = LabelMap(array, one.grid, (Label(1, "Lung"),))
    file = write_volume(labels, tmp_path / "labels.nrrd")
    found = compare_doses(files["plan"], files["other"], structures=file)
    assert [row.name for row in found.structures] == ["Lung"]
    assert 0 < found.structures[0].points < found.points
    moved = grid((3, 16, 20), (2.0, 2.0, 2.0), origin=(1.0, 0, 0))
    shifted = LabelMap(array.copy(), moved, (Label(1, "Lung"),))
    file = write_volume(shifted, tmp_path / "moved.nrrd")
    with pytest.raises(InputError, match=r"moved\.nrrd: its voxels are not those"):
        compare_doses(files["plan"], files["other"], structures=file)


def test_limits_of_ones_own_decide(files: dict[str, Path], tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "ours"\nsource = "us"\ntolerance_percent = 0\naction_percent = 0\n',
        encoding="utf-8",
    )
    found = compare_doses(files["plan"], files["far"], limits=own)
    assert found.passed
    assert found.limits.name == "ours"


def test_doses_of_two_patients_are_refused(
    files: dict[str, Path], tmp_path: Path
) -> None:
    other = write_dose(
        dose(frame="1.2.4"), tmp_path / "b.dcm", study=Study(), uid_seed="b"
    )
    with pytest.raises(GeometryError, match="cannot be compared"):
        compare_doses(files["plan"], other)


def test_the_map_of_uneven_slices_is_written_too(tmp_path: Path) -> None:
    array = dose().array
    uneven = grid((3, 16, 20), (2.0, 2.0, 2.0), offsets=(0.0, 2.0, 5.0), frame="")
    file = write_volume(Volume(array, uneven), tmp_path / "uneven.npy")
    compare_doses(file, file, out=tmp_path / "out")
    assert (tmp_path / "out" / "gamma_map.npy").exists()


def test_the_command_has_the_arguments_of_the_procedure() -> None:
    ours = inspect.signature(compare_doses).parameters
    asked = inspect.signature(command).parameters
    assert set(asked) - {"json"} == set(ours)
    assert all(asked[name].default == ours[name].default for name in ours)


@pytest.mark.parametrize(
    ("other", "code", "said"), [("other", 0, "PASS"), ("far", 1, "FAIL")]
)
def test_the_command_ends_with_the_code_of_the_verdict(
    files: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    other: str,
    code: int,
    said: str,
) -> None:
    import typer

    with pytest.raises(typer.Exit) as ending:
        command(files["plan"], files[other])
    assert ending.value.exit_code == code
    assert said in capsys.readouterr().out
    with pytest.raises(typer.Exit):
        command(files["plan"], files[other], json=True)
    assert '"pass_rate_percent"' in capsys.readouterr().out


def test_structures_come_from_a_structure_set(tmp_path: Path) -> None:
    """In the GTV the evaluated dose is 5 % too high, elsewhere it is the same."""
    made = simulate_rt_set(Layout(matrix=32, slices=20, pixel_mm=12, slice_mm=6))
    gtv = mask_of(made.structures["GTV"], made.dose.grid).full() >= 0.5
    changed = np.where(gtv, made.dose.gy * np.float32(1.05), made.dose.gy)
    other = replace(made.dose, array=changed, sop_instance_uid="1.2.99")
    planned = write_dose(made.dose, tmp_path / "planned.dcm")
    measured = write_dose(other, tmp_path / "measured.dcm", uid_seed="other")
    drawn = write_structures(made.structures, tmp_path / "rs.dcm", ct=made.ct)

    result = compare_doses(planned, measured, structures=drawn, distance_mm=0.1)

    rows = {row.name: row for row in result.structures}
    assert (rows["GTV"].pass_rate_percent or 0) < 30
    assert rows["Lung left"].pass_rate_percent == 100
    assert rows["GTV"].points == gtv.sum()
