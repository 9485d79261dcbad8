from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from kerma.core.label_map import Label, LabelMap
from kerma.core.structures import Structure, StructureSet
from kerma.core.transform import AffineTransform
from kerma.errors import GeometryError, InputError
from kerma.imaging.contour_grid import grid_of_contours
from kerma.imaging.structure_agreement import StructureComparison
from kerma.io import write_structures, write_volume
from kerma.service.commands.compare import compare_structures as command
from kerma.service.structure_comparison import compare_structures
from kerma.simulation.rt_set import Layout, RTSet, simulate_rt_set


@pytest.fixture(scope="module")
def patient() -> RTSet:
    return simulate_rt_set()


def small(patient: RTSet) -> tuple[Structure, ...]:
    """All but the largest structures, which take long to write."""
    return tuple(
        s for s in patient.structures if sum(len(c.points) for c in s.contours) < 4000
    )


def shifted(patient: RTSet, way: tuple[float, float, float]) -> StructureSet:
    frame = patient.structures.frame_of_reference
    matrix = np.eye(4)
    matrix[:3, 3] = way
    move = AffineTransform(matrix, frame, frame)
    return replace(
        patient.structures,
        structures=tuple(s.mapped(move) for s in small(patient)),
        sop_instance_uid="1.2.3.4",
    )


@pytest.fixture(scope="module")
def folder(patient: RTSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("structures")
    write_structures(
        replace(patient.structures, structures=small(patient)), folder / "planned.dcm"
    )
    write_structures(shifted(patient, (2.0, 0.0, 0.0)), folder / "moved.dcm")
    return folder


def test_contours_moved_by_two_millimeters_are_found_two_millimeters_away(
    folder: Path,
) -> None:
    found = compare_structures(folder / "planned.dcm", folder / "moved.dcm")
    assert found.passed
    assert [pair.reference for pair in found.pairs] == ["GTV", "PTV"]
    for pair in found.pairs:
        assert pair.centroid_distance_mm == pytest.approx(2.0, abs=0.05)
        assert pair.hausdorff_mm == pytest.approx(2.0, abs=0.2)
        assert pair.volume_ratio == pytest.approx(1.0, abs=0.01)
    assert found.provenance is not None
    assert found.provenance.procedure == "compare-structures"


def test_the_result_is_written_and_not_replaced(folder: Path, tmp_path: Path) -> None:
    files = folder / "planned.dcm", folder / "moved.dcm"
    found = compare_structures(*files, out=tmp_path / "new")
    text = (tmp_path / "new/comparison.json").read_text(encoding="utf-8")
    assert StructureComparison.from_json(text) == found
    with (tmp_path / "new/comparison.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["reference"] for row in rows] == [p.reference for p in found.pairs]
    assert float(rows[0]["dice"]) == found.pairs[0].dice
    with pytest.raises(InputError, match=r"new: comparison.json is there already"):
        compare_structures(*files, out=tmp_path / "new")
    compare_structures(*files, out=tmp_path / "new", overwrite=True)


def test_label_maps_without_names_are_compared_by_number(
    patient: RTSet, tmp_path: Path
) -> None:
    regions = np.zeros(patient.ct.grid.shape, np.uint8)
    regions[20:30, 40:60, 40:60] = 3
    named = LabelMap(regions, patient.ct.grid, labels=(Label(3, "Cube"),))
    write_volume(named, tmp_path / "one.nii.gz")
    moved = np.roll(regions, 1, axis=2)
    write_volume(LabelMap(moved, patient.ct.grid), tmp_path / "other.nrrd")
    found = compare_structures(
        tmp_path / "one.nii.gz", tmp_path / "other.nrrd", pairs=["Cube=3"]
    )
    assert found.pairs[0].dice == pytest.approx(0.95)
    assert found.pairs[0].hausdorff_mm == pytest.approx(3.0)


def test_nothing_alike_is_a_result_that_does_not_pass(
    folder: Path, patient: RTSet, tmp_path: Path
) -> None:
    renamed = tuple(replace(s, name=f"{s.name} x") for s in small(patient))
    file = tmp_path / "other.dcm"
    write_structures(replace(patient.structures, structures=renamed), file)
    found = compare_structures(folder / "planned.dcm", file)
    assert not found.pairs
    assert not found.passed
    assert len(found.notes) == 2 * len(renamed)


def test_a_pair_is_two_names(folder: Path) -> None:
    with pytest.raises(InputError, match="A pair is two names as REFERENCE=TEST; got"):
        compare_structures(folder / "planned.dcm", folder / "moved.dcm", pairs=["PTV"])


def test_the_command_ends_as_its_result(folder: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    run = CliRunner().invoke
    files = [str(folder / "planned.dcm"), str(folder / "moved.dcm")]
    done = run(app, files)
    assert done.exit_code == 0
    assert "Dice" in done.stdout
    assert run(app, [*files, "--json"]).stdout.startswith('{\n  "kind": "structure_')


def test_the_grid_of_contours_has_its_slices_in_their_planes() -> None:
    tilted = simulate_rt_set(Layout("FFP", tilt_deg=12.0))
    one = tilted.structures[tilted.structures.names[-1]]
    grid = grid_of_contours([one], pixel_mm=1.5)
    assert grid.spacing == pytest.approx((3 * np.cos(np.radians(12)), 1.5, 1.5))
    assert abs(grid.normal @ tilted.ct.grid.normal) == pytest.approx(1)
    for contour in one.closed_contours:
        index = grid.to_index(contour.points)
        assert index[:, 0] == pytest.approx(round(index[0, 0]), abs=0.01)
        assert (index >= 1).all()
        assert (index <= np.array(grid.shape) - 2).all()


def test_a_grid_that_no_patient_fills_is_refused(patient: RTSet) -> None:
    one = small(patient)[0]
    far = AffineTransform(
        np.diag([1e5, 1e5, 1, 1]), one.frame_of_reference, one.frame_of_reference
    )
    with pytest.raises(GeometryError, match="remove the contours that are astray"):
        grid_of_contours([one.mapped(far)], pixel_mm=1.0)
    with pytest.raises(InputError, match="no closed contour"):
        grid_of_contours([replace(one, contours=())], pixel_mm=1.0)
    with pytest.raises(InputError, match="A spacing is positive"):
        grid_of_contours([one], pixel_mm=0.0)
    with pytest.raises(GeometryError, match="several frames of reference"):
        grid_of_contours([one, replace(one, frame_of_reference="9")], pixel_mm=1.0)
