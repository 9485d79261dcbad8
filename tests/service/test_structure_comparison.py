from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from kerma.core.label_map import Label, LabelMap
from kerma.core.segmentation import Segment, Segmentation
from kerma.core.structures import Structure, StructureSet
from kerma.core.transform import AffineTransform
from kerma.errors import GeometryError, InputError
from kerma.imaging.contour_grid import grid_of_contours
from kerma.imaging.masks import mask_of
from kerma.imaging.structure_agreement import StructureComparison
from kerma.io import write_ct, write_segmentation, write_structures, write_volume
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


@pytest.fixture(scope="module")
def segments(patient: RTSet, folder: Path) -> Path:
    """The small structures as a segmentation of as many slices as they have."""
    grid = patient.ct.grid
    masks = [mask_of(one, grid) for one in small(patient)]
    made = Segmentation(
        grid,
        tuple(
            Segment(n, mask.name, mask.fraction, mask.corner)
            for n, mask in enumerate(masks, start=1)
        ),
    )
    return write_segmentation(
        made, folder / "seg.dcm", ct=patient.ct, kind="FRACTIONAL", uid_seed="s"
    )


def test_a_segmentation_is_compared_with_contours_from_either_side(
    folder: Path, segments: Path
) -> None:
    """Its steps of 1/255 of a voxel are all that it loses.

    Two voxels of 3 mm, each off by half a step, place the surface to 0.012 mm.
    """
    for files in (
        (segments, folder / "planned.dcm"),
        (folder / "planned.dcm", segments),
    ):
        found = compare_structures(*files)
        assert [pair.reference for pair in found.pairs] == ["GTV", "PTV"]
        for pair in found.pairs:
            assert pair.dice == pytest.approx(1, abs=0.003)
            assert pair.mean_distance_mm is not None
            assert pair.mean_distance_mm <= 0.012
            assert pair.notes == ()
    moved = compare_structures(segments, folder / "moved.dcm")
    for pair in moved.pairs:
        assert pair.centroid_distance_mm == pytest.approx(2.0, abs=0.05)


def test_two_segmentations_of_one_image_need_no_image(
    patient: RTSet, segments: Path, tmp_path: Path
) -> None:
    ptv = np.roll(
        mask_of(patient.structures["PTV"], patient.ct.grid).full() >= 0.5, 3, 0
    )
    made = Segmentation(patient.ct.grid, (Segment(1, "PTV", ptv),))
    other = write_segmentation(made, tmp_path / "o.dcm", ct=patient.ct, uid_seed="o")
    found = compare_structures(segments, other, pairs=["PTV=PTV"]).pairs[0]
    assert found.centroid_distance_mm == pytest.approx(
        3 * patient.ct.grid.spacing[0], abs=0.1
    )
    assert found.volume_ratio == pytest.approx(1, abs=0.02)


def test_what_is_neither_contours_nor_a_segmentation_is_refused(
    patient: RTSet, tmp_path: Path
) -> None:
    write_ct(patient.ct, tmp_path / "ct", uid_seed="c")
    file = next((tmp_path / "ct").iterdir())
    with pytest.raises(InputError, match="RT Structure Set"):
        compare_structures(file, file)


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
