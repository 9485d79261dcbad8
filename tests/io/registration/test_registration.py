"""Spatial registrations, written and read."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (as everyone calls it)
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRBigEndian

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.image_reference import ImageReference
from kerma.core.registration import Registration
from kerma.core.study import Study
from kerma.core.transform import AffineTransform, DeformableTransform
from kerma.core.volume import CT
from kerma.errors import DicomError, GeometryError, InputError
from kerma.io.ct.writer import write_ct
from kerma.io.registration.matrix import matrix_type
from kerma.io.registration.reader import read_registration
from kerma.io.registration.writer import write_registration
from tests.io.validators import dciodvfy_errors, program

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
PLAN, RELAPSE = "1.2.100", "1.2.200"
STUDY = Study(
    patient_name="Doe^J",
    patient_id="7",
    study_instance_uid="1.2.9",
    study_id="1",
    date="20240102",
    time="101500",
)
IMAGES = (
    ImageReference(
        ("1.3.1", "1.3.2"), "1.2.840.10008.5.1.4.1.1.2", "1.3", "1.2.9", PLAN
    ),
    ImageReference(("1.4.1",), "1.2.840.10008.5.1.4.1.1.2", "1.4", "1.2.8", RELAPSE),
)
POINTS = np.array([[0.0, 0, 0], [10, -5, 7], [3.3, 8.1, -2.2]])


def rigid(source: str = RELAPSE, target: str = PLAN) -> AffineTransform:
    """30 degrees about an oblique axis, then a shift."""
    turn = sitk.VersorRigid3DTransform()
    turn.SetRotation((1.0, 2.0, 3.0), np.radians(30))
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(turn.GetMatrix(), (3, 3))
    matrix[:3, 3] = [12.3456789012, -0.1, 1e-5]
    return AffineTransform(matrix, source, target)


def field(frame: str = PLAN, axes: Any = AXIAL, k: int = 6) -> DeformableTransform:
    grid = Grid((k, 7, 8), (-20.0, -30.0, -12.5), (5.0, 8.0, 6.0), axes, frame)
    vectors = np.random.default_rng(5).normal(size=(*grid.shape, 3))
    return DeformableTransform(grid, vectors.astype(np.float32), RELAPSE)


def written(registration: Registration, tmp_path: Path) -> Path:
    created = datetime(2024, 5, 6, 7, 8, 9)  # noqa: DTZ001  (DICOM has local time)
    file = tmp_path / "reg.dcm"
    return write_registration(registration, file, uid_seed="test", created=created)


@pytest.fixture
def change(tmp_path: Path) -> Callable[..., Path]:
    """Write a rigid registration after something was done to its data set."""

    def write(what: Callable[[Dataset], object], **options: Any) -> Path:
        whole = options.pop(
            "registration", Registration(PLAN, (rigid(),), images=IMAGES)
        )
        file = written(whole, tmp_path)
        data = dcmread(file)
        what(data)
        data.save_as(file)
        return file

    return write


def test_a_rigid_registration_comes_back_as_it_was(tmp_path: Path) -> None:
    whole = Registration(PLAN, (rigid(),), images=IMAGES, study=STUDY, description="x")
    file = written(whole, tmp_path)
    back = read_registration(file)
    np.testing.assert_allclose(back.transforms[0].matrix, rigid().matrix, atol=1e-10)  # type: ignore[union-attr]  # it is affine
    assert back.transforms[0].target_frame == PLAN
    assert back.images == IMAGES
    assert back.study == STUDY
    assert (back.date, back.time, back.description) == ("20240506", "070809", "x")
    assert back.notes == ()
    assert dciodvfy_errors(file) == []


def test_a_deformable_registration_comes_back_as_it_was(tmp_path: Path) -> None:
    base = field()
    around = DeformableTransform(
        base.grid, base.displacements, RELAPSE, rigid().matrix, np.diag([1, 1.1, 1, 1])
    )
    whole = Registration(PLAN, (around,), images=IMAGES, study=STUDY)
    file = written(whole, tmp_path)
    back = read_registration(file)
    read = back.transforms[0]
    assert isinstance(read, DeformableTransform)
    assert read.grid.is_same_as(base.grid)
    np.testing.assert_array_equal(read.displacements, base.displacements)
    np.testing.assert_allclose(read.apply(POINTS), around.apply(POINTS), atol=1e-8)
    assert set(back.images) == set(IMAGES)
    assert dciodvfy_errors(file) == []


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    whole = Registration(PLAN, (rigid(),), study=STUDY)
    assert (
        written(whole, tmp_path).read_bytes() == written(whole, tmp_path).read_bytes()
    )
    kept = read_registration(written(whole, tmp_path))
    again = write_registration(kept, tmp_path / "again.dcm")
    assert read_registration(again).sop_instance_uid == kept.sop_instance_uid


def test_a_transform_from_the_registered_frame_is_turned_round_to_be_written(
    tmp_path: Path,
) -> None:
    file = written(Registration(PLAN, (rigid(PLAN, RELAPSE),)), tmp_path)
    back = read_registration(file)
    assert back.transforms[0].target_frame == PLAN
    np.testing.assert_allclose(
        back.transform(PLAN, RELAPSE).apply(POINTS), rigid().apply(POINTS), atol=1e-7
    )


def test_matrices_are_applied_in_the_order_of_their_items(
    change: Callable[..., Path],
) -> None:
    """First x doubles, then 10 mm are added: 3 goes to 16, not to 26."""

    def two(data: Dataset) -> None:
        step = data.RegistrationSequence[1].MatrixRegistrationSequence[0]
        first, second = Dataset(), Dataset()
        for item, matrix in ((first, np.diag([2.0, 1, 1, 1])), (second, np.eye(4))):
            matrix[0, 3] = 10 if item is second else 0
            item.FrameOfReferenceTransformationMatrix = matrix.ravel().tolist()
            item.FrameOfReferenceTransformationMatrixType = "AFFINE"
        step.MatrixSequence = [first, second]

    way = read_registration(change(two)).transform(RELAPSE, PLAN)
    np.testing.assert_allclose(way.apply(np.array([3.0, 1, 1])), [16, 1, 1])


def test_the_grid_is_entered_before_the_matrix_and_the_last_matrix_comes_last() -> None:
    """PS3.3, C.20.3.1.1: post (pre x + delta(x)), delta looked up at x itself."""
    grid = Grid((2, 2, 11), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), AXIAL, PLAN)
    ramp = np.zeros((2, 2, 11, 3))
    ramp[..., 0] = np.arange(11)  # delta = x
    pre, post = np.eye(4), np.diag([3.0, 1, 1, 1])
    pre[0, 3] = 100
    way = DeformableTransform(grid, ramp, RELAPSE, pre, post)
    np.testing.assert_allclose(way.apply(np.array([4.0, 0, 0])), [3 * (104 + 4), 0, 0])


def test_without_a_grid_a_deformable_item_is_its_matrices(
    change: Callable[..., Path],
) -> None:
    def strip(data: Dataset) -> None:
        item = data.DeformableRegistrationSequence[0]
        del item.DeformableRegistrationGridSequence
        shift = np.eye(4)
        shift[0, 3] = 5
        for name, matrix in (("Pre", shift), ("Post", np.diag([2.0, 1, 1, 1]))):
            one = Dataset()
            one.FrameOfReferenceTransformationMatrix = matrix.ravel().tolist()
            one.FrameOfReferenceTransformationMatrixType = "AFFINE"
            setattr(item, f"{name}DeformationMatrixRegistrationSequence", [one])

    read = read_registration(change(strip, registration=Registration(PLAN, (field(),))))
    way = read.transform(PLAN, RELAPSE)
    np.testing.assert_allclose(way.apply(np.array([1.0, 0, 0])), [12, 0, 0])


def test_an_oblique_grid_that_descends_maps_points_alike(tmp_path: Path) -> None:
    turn = rigid().matrix[:3, :3]
    axes = (tuple(-turn[:, 2]), tuple(turn[:, 1]), tuple(turn[:, 0]))
    there = field(axes=axes)
    back = read_registration(written(Registration(PLAN, (there,)), tmp_path))
    inside = there.grid.to_patient(np.array([[1.2, 2.3, 3.4], [0.0, 0, 0], [5, 6, 7]]))
    np.testing.assert_allclose(
        back.transforms[0].apply(inside), there.apply(inside), atol=1e-5
    )


def test_a_big_endian_grid_is_read_in_its_byte_order(
    tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    data = dcmread(written(Registration(PLAN, (field(),)), tmp_path))
    grid = data.DeformableRegistrationSequence[0].DeformableRegistrationGridSequence[0]
    vectors = np.frombuffer(grid.VectorGridData, "<f4")
    grid.VectorGridData = vectors.astype(">f4").tobytes()
    plain = Dataset(data)
    file = tmp_path / "big.dcm"
    file.write_bytes(encode(plain, ExplicitVRBigEndian))
    read = read_registration(file).transforms[0]
    assert isinstance(read, DeformableTransform)
    np.testing.assert_array_equal(read.displacements, field().displacements)


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (rigid().matrix, "RIGID"),
        (rigid().matrix @ np.diag([1.2, 0.9, 1, 1]), "RIGID_SCALE"),
        (np.diag([1.2, 0.9, 1, 1]) @ rigid().matrix, "AFFINE"),
        (np.diag([-1.0, 1, 1, 1]), "AFFINE"),
    ],
)
def test_a_matrix_is_called_what_it_is(matrix: FloatArray, kind: str) -> None:
    assert matrix_type(matrix) == kind


def test_a_wrong_label_is_noted_and_changes_nothing(
    change: Callable[..., Path],
) -> None:
    def scale(data: Dataset) -> None:
        step = data.RegistrationSequence[1].MatrixRegistrationSequence[0]
        matrix = np.diag([1.5, 1, 1, 1]).ravel().tolist()
        step.MatrixSequence[0].FrameOfReferenceTransformationMatrix = matrix

    read = read_registration(change(scale))
    np.testing.assert_allclose(
        read.transform(RELAPSE, PLAN).apply(POINTS), POINTS * [1.5, 1, 1]
    )
    assert read.notes == (
        "A matrix is called RIGID but is RIGID_SCALE; it is used as it is.",
    )


def first_step(data: Dataset) -> Dataset:
    step: Dataset = data.RegistrationSequence[1].MatrixRegistrationSequence[0]
    return step


def transposed(data: Dataset) -> None:
    matrix = rigid().matrix.T.ravel().tolist()
    first_step(data).MatrixSequence[0].FrameOfReferenceTransformationMatrix = matrix


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (transposed, r"Matrix \(3006,00C6\) is no transform\. The last row"),
        (lambda d: delattr(d, "FrameOfReferenceUID"), r"\(0020,0052\) is missing"),
        (lambda d: delattr(d, "RegistrationSequence"), r"\(0070,0308\) is missing"),
        (
            lambda d: setattr(
                first_step(d).MatrixSequence[0],
                "FrameOfReferenceTransformationMatrix",
                [1.0] * 12,
            ),
            r"item 2, .*\(3006,00C6\) has 12 values; 16 are needed",
        ),
        (
            lambda d: d.RegistrationSequence[1].MatrixRegistrationSequence.append(
                Dataset()
            ),
            "has 2 items; only one is allowed",
        ),
    ],
)
def test_what_would_change_a_position_is_refused(
    change: Callable[..., Path], what: Callable[[Dataset], object], message: str
) -> None:
    with pytest.raises(DicomError, match=message):
        read_registration(change(what))


def grid_of(data: Dataset) -> Dataset:
    item: Dataset = data.DeformableRegistrationSequence[0]
    grid: Dataset = item.DeformableRegistrationGridSequence[0]
    return grid


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("VectorGridData", b"\0" * 8, "has 8 bytes; a grid of 8 x 7 x 6 needs 4032"),
        ("GridDimensions", [0xFFFFFFFF] * 3, "needs 95073"),
        ("GridDimensions", [0, 7, 6], "at least one voxel"),
        ("GridResolution", [1.0, 0.0, 1.0], "positive spacing"),
        ("GridResolution", [1.0, float("nan"), 1.0], "finite numbers are needed"),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0], "perpendicular"),
        ("VectorGridData", b"\0\0\x80\x7f" * 1008, "finite, or NaN in all three"),
    ],
)
def test_a_damaged_grid_is_refused(
    change: Callable[..., Path], keyword: str, value: object, message: str
) -> None:
    file = change(
        lambda data: setattr(grid_of(data), keyword, value),
        registration=Registration(PLAN, (field(),)),
    )
    with pytest.raises(DicomError, match=message):
        read_registration(file)


def test_an_undefined_displacement_stays_undefined(tmp_path: Path) -> None:
    there = field()
    vectors = there.displacements.copy()
    vectors[3, 3, 3] = np.nan
    hole = DeformableTransform(there.grid, vectors, RELAPSE)
    back = read_registration(written(Registration(PLAN, (hole,)), tmp_path))
    assert np.isnan(back.transforms[0].apply(there.grid.to_patient([3, 3, 3]))).all()  # type: ignore[arg-type]  # a list of numbers


def test_a_missing_frame_is_taken_from_the_images(change: Callable[..., Path]) -> None:
    file = change(lambda d: delattr(d.RegistrationSequence[1], "FrameOfReferenceUID"))
    grid = Grid((1, 2, 2), (0.0, 0, 0), (1.0, 1, 1), AXIAL, RELAPSE)
    ct = CT(np.zeros(grid.shape, np.int16), grid, sop_instance_uids=("1.4.1",))
    read = read_registration(file, images=[ct])
    assert read.frames == (PLAN, RELAPSE)
    with pytest.raises(DicomError, match="give the one CT it was made from as images"):
        read_registration(file)


def test_an_object_of_nothing_but_the_identity_is_one(
    change: Callable[..., Path],
) -> None:
    file = change(lambda d: d.RegistrationSequence.pop())
    read = read_registration(file)
    assert read.frames == (PLAN,)
    np.testing.assert_allclose(read.transforms[0].apply(POINTS), POINTS)


def test_a_field_that_dicom_cannot_say_is_not_written(tmp_path: Path) -> None:
    turned_away = field(frame=RELAPSE)
    away = DeformableTransform(turned_away.grid, turned_away.displacements, PLAN)
    with pytest.raises(GeometryError, match="has to be the registered frame"):
        written(Registration(PLAN, (away,)), tmp_path)
    sheared = ((0.0, 0.6, 0.8), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match="even slices stacked along their normal"):
        written(Registration(PLAN, (field(axes=sheared),)), tmp_path)


def test_a_folder_of_several_registrations_needs_a_choice(tmp_path: Path) -> None:
    for seed in "ab":
        whole = Registration(PLAN, (rigid(),))
        write_registration(whole, tmp_path / f"{seed}.dcm", uid_seed=seed)
    with pytest.raises(
        InputError, match="holds 2 objects of kind spatial registration"
    ):
        read_registration(tmp_path)
    one = read_registration(tmp_path / "a.dcm")
    chosen = read_registration(tmp_path, sop_instance_uid=one.sop_instance_uid)
    assert chosen.sop_instance_uid == one.sop_instance_uid


def plastimatch(transform: Path, tmp_path: Path) -> Path:
    """The DICOM object that plastimatch makes of an ITK transform."""
    for name, frame in (("fixed", PLAN), ("moving", RELAPSE)):
        grid = field(frame).grid
        write_ct(CT(np.zeros(grid.shape, np.int16), grid), tmp_path / name)
    command = [program("plastimatch"), "xf-convert", "--input", str(transform)]
    command += ["--fixed-rcs", str(tmp_path / "fixed")]
    command += ["--moving-rcs", str(tmp_path / "moving")]
    command += ["--output-dicom", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / "out"


def test_a_rigid_registration_of_plastimatch_maps_as_itk_does(tmp_path: Path) -> None:
    """ITK maps from the fixed to the moving image, DICOM the other way round."""
    itk = sitk.VersorRigid3DTransform()
    itk.SetRotation((0, 0, 1), 0.3)
    itk.SetTranslation((1, 2, 3))
    sitk.WriteTransform(itk, str(tmp_path / "rigid.tfm"))
    read = read_registration(plastimatch(tmp_path / "rigid.tfm", tmp_path))
    ours = read.transform(PLAN, RELAPSE).apply(POINTS)
    theirs = [itk.TransformPoint(point) for point in POINTS.tolist()]
    np.testing.assert_allclose(ours, theirs, atol=2e-5)  # it writes six decimals
    assert [len(image.sop_instance_uids) for image in read.images] == [1, 1]


def test_a_field_of_plastimatch_maps_as_itk_does(tmp_path: Path) -> None:
    there = field()
    image = sitk.GetImageFromArray(there.displacements, isVector=True)
    image.SetOrigin(there.grid.origin)
    image.SetSpacing(there.grid.spacing[::-1])
    sitk.WriteImage(image, str(tmp_path / "field.mha"))
    read = read_registration(plastimatch(tmp_path / "field.mha", tmp_path))
    itk = sitk.DisplacementFieldTransform(sitk.Cast(image, sitk.sitkVectorFloat64))
    index = np.random.default_rng(2).uniform(0, 1, (50, 3)) * [5, 6, 7]
    points = there.grid.to_patient(index)
    theirs = [itk.TransformPoint(point) for point in points.tolist()]
    np.testing.assert_allclose(
        read.transform(PLAN, RELAPSE).apply(points), theirs, atol=1e-5
    )
