"""Values of a volume on another grid, or at positions."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, TypeVar, get_args

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.transform import Transform
from kerma.core.volume import CT, Volume
from kerma.errors import GeometryError, InputError
from kerma.imaging.axis_weights import Interpolation
from kerma.imaging.interpolation import Source, values_on

__all__ = ["AIR_HU", "Interpolation", "coverage", "resample", "sample"]

V = TypeVar("V", bound=Volume)

AIR_HU = -1024.0
"""CT number where a resampled CT has no data: below that of any tissue and of air."""

# What names the object that was read, or was computed from its very voxels.
_NOT_OF_THE_RESULT: dict[str, Any] = {
    "series_instance_uid": "",
    "sop_instance_uid": "",
    "sop_instance_uids": (),
    "dvhs": (),
}


def resample(
    volume: V,
    onto: Grid,
    *,
    transform: Transform | None = None,
    interpolation: Interpolation = "linear",
    antialias: bool | None = None,
    outside: float | None = None,
) -> V:
    """Bring a volume onto another grid.

    Each voxel of the result has the value that the volume has at its center. The
    volume reaches from its first to its last voxel centers, and half its thickness to
    both sides along an axis with one voxel only; nothing is extrapolated.

    Parameters
    ----------
    volume
        CT, dose, label map or any other volume.
    onto
        The grid of the result. Any orientation, tilt and slice distances are allowed
        on either side.
    transform
        Links two frames of reference, in either direction. A transform within one
        frame is taken to move the volume: from where it lies to where it shall lie.
    interpolation
        "nearest": the voxel that is nearest along each axis of the volume's grid, the
        one of lower index half way; keeps the type of the values. "linear": exact
        for values that rise evenly. "cubic": piecewise cubic with the slopes of
        parabolas through three voxels (on even voxels the kernel of Keys), exact for
        second degree; it may overshoot at edges, but never makes a dose negative
        that nowhere was. Linear and cubic give float32, or float64 from float64.
    antialias
        Where the voxels of `onto` are more than a quarter larger than those of the
        volume along an axis, average over their width along that axis (the mean of
        the straight lines between the voxels, whatever the interpolation), so that
        noise and detail finer than the new voxels is averaged and not picked at
        random. By default done for all but doses: a dose is asked for at a point,
        and a mean would blunt its maxima and gradients. "nearest" never averages.
    outside
        Value where the volume has no data; by default 0 for doses and labels, -1024
        for a CT, NaN for other volumes. Give NaN to see in a dose what it does not
        reach, or ask `coverage`.

    Returns
    -------
    Volume
        Of the class of `volume`, on the grid `onto`. Patient and study stay; series
        and instance UIDs and stored histograms go, since they are of other voxels.

    Raises
    ------
    GeometryError
        The frames of reference differ, or one is unknown, and no transform links them.
    InputError
        Labels with another interpolation than "nearest", no such interpolation, or a
        value for outside that the type of the voxels does not hold.

    References
    ----------
    R. G. Keys, IEEE Trans Acoust Speech Signal Process 1981;29:1153.
    """
    _check_interpolation(volume, interpolation)
    back = _way_back(volume.grid, onto, transform)
    dtype = volume.array.dtype
    if interpolation != "nearest":
        dtype = np.result_type(dtype, np.float32)
    if antialias is None:
        antialias = not isinstance(volume, Dose)
    array = values_on(
        onto,
        Source(volume.array, volume.grid, interpolation),
        back=back,
        antialias=antialias and interpolation != "nearest",
        outside=_outside(volume, dtype, outside),
        dtype=dtype,
    )
    if (
        isinstance(volume, Dose)
        and interpolation == "cubic"
        and volume.array.min() >= 0
    ):
        np.maximum(array, 0, out=array)
    names = {field.name for field in fields(volume)}
    gone = {name: none for name, none in _NOT_OF_THE_RESULT.items() if name in names}
    return replace(volume, array=array, grid=onto, **gone)


def coverage(
    grid: Grid, onto: Grid, *, transform: Transform | None = None
) -> BoolArray:
    """Where a volume on one grid has data for another grid.

    Parameters
    ----------
    grid, onto, transform
        Grid of the volume, grid of the result, and what links them: as for `resample`.

    Returns
    -------
    BoolArray
        (nk, nj, ni) of `onto`.

    Raises
    ------
    GeometryError
        As for `resample`.
    """
    everywhere = Volume(np.broadcast_to(np.uint8(1), grid.shape), grid)
    reached = resample(
        everywhere, onto, transform=transform, interpolation="nearest", outside=0
    )
    return reached.array.astype(bool)


def sample(
    volume: Volume, positions: FloatArray, *, interpolation: Interpolation = "linear"
) -> FloatArray:
    """Values (...) of a volume at patient positions (..., 3) in mm; NaN outside it.

    The positions are in the frame of reference of the volume. Interpolation and reach
    are those of `resample`; nothing is averaged.

    Raises
    ------
    InputError
        Labels with another interpolation than "nearest", no such interpolation, or
        positions that are not threes.
    """
    from kerma.imaging.interpolation import values_at

    _check_interpolation(volume, interpolation)
    positions = np.asarray(positions, dtype=np.float64)
    if positions.shape[-1:] != (3,):
        raise InputError(f"Positions are (..., 3); got shape {positions.shape}.")
    source = Source(volume.array, volume.grid, interpolation)
    values = values_at(source, positions.reshape(-1, 3), outside=math.nan)
    return values.reshape(positions.shape[:-1])


def _check_interpolation(volume: Volume, interpolation: str) -> None:
    known = get_args(Interpolation)
    if interpolation not in known:
        raise InputError(
            f"No interpolation {interpolation!r}; there are: {', '.join(known)}."
        )
    if _has_labels(volume) and interpolation != "nearest":
        raise InputError(
            f"Voxels of type {volume.array.dtype} are numbers of regions, between which "
            f"there is nothing: use interpolation='nearest' instead of "
            f"{interpolation!r}, or make the values float32 if they are quantities."
        )


def _has_labels(volume: Volume) -> bool:
    """Whether the values are names, not quantities: whole numbers, save those of a CT."""
    return volume.array.dtype.kind in "biu" and not isinstance(volume, CT)


def _way_back(grid: Grid, onto: Grid, transform: Transform | None) -> Transform | None:
    """The transform from the grid of the result to that of the volume."""
    here, there = grid.frame_of_reference, onto.frame_of_reference
    if transform is None:
        # Two unknown frames are taken to be one, as by `Grid.is_same_as`: formats
        # without frames of reference could not be used otherwise.
        if here == there:
            return None
        raise GeometryError(
            f"The volume lies in the frame of reference {here or '(unknown)'} and the "
            f"grid in {there or '(unknown)'}, so their positions cannot be compared; "
            f"give the transform that registers one to the other."
        )
    ends = transform.source_frame, transform.target_frame
    if ends == (here, there):
        return transform.inverse()
    if ends == (there, here):
        return transform
    raise GeometryError(
        f"The transform leads from {ends[0] or '(unknown)'} to "
        f"{ends[1] or '(unknown)'}, which does not link the frame of reference of the "
        f"volume, {here or '(unknown)'}, with that of the grid, {there or '(unknown)'}."
    )


def _outside(volume: Volume, dtype: np.dtype[Any], outside: float | None) -> float:
    """Value where there is no data, one that the type holds."""
    if outside is None:
        if isinstance(volume, CT):
            return AIR_HU
        return 0.0 if isinstance(volume, Dose) or _has_labels(volume) else math.nan
    if dtype.kind in "biu":
        limits = (
            (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        )
        # NaN fails the comparison.
        if not (limits[0] <= outside <= limits[1] and outside == int(outside)):
            raise InputError(
                f"Voxels of type {dtype} cannot hold {outside} outside the volume; "
                f"give a whole number from {limits[0]} to {limits[1]}."
            )
    return float(outside)
