"""Volumes on grids of any orientation, for the tests of the research formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.volume import CT, Volume

LABELS = (Label(1, "lung & heart <left>"), Label(7, "Prostata süß", (255, 128, 3)))


def grid_of(
    shape: tuple[int, int, int] = (3, 4, 5),
    *,
    origin: Vec3 = (-120.5, 33.25, -804.5),
    spacing: Vec3 = (2.5, 0.9765625, 1.25),
    axes: FloatArray | None = None,
    offsets: tuple[float, ...] | None = None,
) -> Grid:
    rows = np.eye(3)[::-1] if axes is None else axes
    k_axis, j_axis, i_axis = (
        (float(row[0]), float(row[1]), float(row[2])) for row in rows
    )
    return Grid(shape, origin, spacing, (k_axis, j_axis, i_axis), "", offsets)


def ct_of(grid: Grid, *, seed: int = 1) -> CT:
    numbers = np.random.default_rng(seed).integers(-1024, 3071, grid.shape)
    return CT(numbers.astype(np.int16), grid)


def labels_on(grid: Grid) -> LabelMap:
    numbers = np.random.default_rng(1).integers(0, 9, grid.shape)
    return LabelMap(numbers.astype(np.uint8), grid, LABELS)


def oblique() -> FloatArray:
    """(3, 3) axes of slices that no plane of the patient contains."""
    return Rotation.from_euler("xyz", [20, -35, 110], degrees=True).as_matrix()


def sheared() -> FloatArray:
    """(3, 3) axes of slices with a gantry tilt of 18.5 degrees."""
    tilt = np.radians(18.5)
    return np.array([[0.0, np.sin(tilt), np.cos(tilt)], [0, 1, 0], [1, 0, 0]])


@st.composite
def grids(draw: st.DrawFn, *, shear: bool = False) -> Grid:
    """Any orientation, left- or right-handed, axes in any order and direction."""
    angles = draw(st.tuples(*[st.floats(-180, 180)] * 3))
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    axes = axes[list(draw(st.permutations(range(3))))]
    axes = (
        axes * np.array(draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)))[:, None]
    )
    if shear:
        drift = draw(st.tuples(*[st.floats(-0.5, 0.5)] * 2))
        axes[0] = axes[0] + drift[0] * axes[1] + drift[1] * axes[2]
        axes[0] /= np.linalg.norm(axes[0])
    shape = draw(st.tuples(*[st.integers(1, 6)] * 3))
    x, y, z = draw(st.tuples(*[st.floats(-500, 500)] * 3))
    k, j, i = draw(st.tuples(*[st.floats(0.1, 10)] * 3))
    return grid_of(shape, origin=(x, y, z), spacing=(k, j, i), axes=axes)


def apart_mm(first: Grid, second: Grid) -> float:
    """How far the corners of two grids lie apart."""
    corners = np.array([[k, j, i] for k in (0, 1) for j in (0, 1) for i in (0, 1)])
    indices = (corners * (np.array(first.shape) - 1)).astype(float)
    return float(np.abs(first.to_patient(indices) - second.to_patient(indices)).max())


def assert_itk_sees(file: Path, volume: Volume, *, tolerance_mm: float = 1e-3) -> None:
    """SimpleITK, which knows nothing of us, finds each number where it lies."""
    import SimpleITK

    image = SimpleITK.ReadImage(str(file))
    numbers = SimpleITK.GetArrayFromImage(image)
    assert numbers.dtype == volume.array.dtype
    assert np.array_equal(numbers, volume.array)
    nk, nj, ni = volume.grid.shape
    for k, j, i in [
        (0, 0, 0),
        (nk - 1, 0, 0),
        (0, nj - 1, 0),
        (0, 0, ni - 1),
        (1, 2, 3),
    ]:
        theirs = image.TransformIndexToPhysicalPoint((i, j, k))
        ours = volume.grid.to_patient(np.array([k, j, i], dtype=float))
        assert np.abs(np.array(theirs) - ours).max() < tolerance_mm


def write_with_itk(file: Path, volume: Volume, *, compressed: bool = False) -> None:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.array(volume.array))
    image.SetOrigin(volume.grid.origin)
    image.SetSpacing(volume.grid.spacing[::-1])
    image.SetDirection(np.array(volume.grid.axes)[::-1].T.ravel().tolist())
    SimpleITK.WriteImage(image, str(file), useCompression=compressed)
