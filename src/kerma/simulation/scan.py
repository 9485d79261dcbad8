"""A scene through a virtual scanner."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.study import Study
from kerma.core.uids import uid_from
from kerma.core.volume import CT
from kerma.simulation.couch import couch_plane
from kerma.simulation.cuts import Plane, cut_at
from kerma.simulation.noise import noise_plane
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import HUScale, Scanner
from kerma.simulation.shading import field_radius, field_shading, object_shading
from kerma.simulation.solids import Scene, patch_of, render
from kerma.simulation.wires import add_wires

__all__ = ["PHANTOM_STUDY", "scan"]

PHANTOM_STUDY = Study(patient_name="Kerma^Phantom", patient_id="KERMA")
"""Whose the simulated scans are."""


def scan(
    scene: Scene,
    *,
    placement: PhantomPlacement | None = None,
    scanner: Scanner | None = None,
    seed: int,
) -> CT:
    """Scan a scene; the same arguments give the same CT, UIDs included.

    The work grows with the number of pixels; where the axis is square to the
    slices, each shape is blurred once for all of them.

    Parameters
    ----------
    scene
        What lies in the scanner.
    placement
        How it lies there; by default in the middle, not turned.
    scanner
        The scanner and its protocol; by default a clean one.
    seed
        Seed of the noise, the rings and the UIDs, not negative. The noise of a
        slice depends on its number, not on how many slices there are.
    """
    placement = placement or PhantomPlacement()
    scanner = scanner or Scanner()
    uid = partial(uid_from, f"{seed} {scene} {placement} {scanner}")
    grid = scanner.grid(uid("frame of reference"))
    blur = tuple((weight, sigma / placement.scale) for weight, sigma in scanner.blur)
    patch = lru_cache(maxsize=64)(partial(patch_of, blur=blur))
    shading = lru_cache(maxsize=1)(_shading_of(scene, placement, scanner, seed))
    couch = couch_plane(scanner, outline=scene.outline, placement=placement)
    outside = field_radius(scanner) > scanner.field_radius_mm

    hu = np.empty(grid.shape, dtype=np.int16)
    for k in range(grid.shape[0]):
        cut = cut_at(grid, k, placement, thickness_mm=scanner.slice_thickness_mm)
        plane, body = render(scene.solids, cut, patch=patch)
        add_wires(plane, scene.wires, cut, blur=blur)
        plane += couch * (1 - body)
        plane *= np.float32(scanner.scale.gain)
        plane += np.float32(scanner.scale.offset_hu)
        plane += body * shading(cut.plane)
        plane += _noise(scanner, seed, k)
        hu[k] = _written(plane, scanner.scale, outside)
    return CT(
        array=hu,
        grid=grid,
        acquisition=scanner.acquisition,
        series_instance_uid=uid("series"),
        sop_instance_uids=tuple(uid(f"slice {k}") for k in range(grid.shape[0])),
        study=PHANTOM_STUDY,
    )


def _shading_of(
    scene: Scene, placement: PhantomPlacement, scanner: Scanner, seed: int
) -> Callable[[Plane], FloatArray]:
    """All shading of the body, as a function of where its pixels lie across it."""
    of_field = field_shading(scanner, seed=seed)

    def shading(plane: Plane) -> FloatArray:
        p, q = plane.positions(*plane.whole)
        of_object = object_shading(
            p,
            q,
            artifacts=scanner.artifacts,
            outline=scene.outline,
            placement=placement,
        )
        return (of_field + of_object).astype(np.float32)

    return shading


def _noise(scanner: Scanner, seed: int, k: int) -> FloatArray:
    noise = scanner.noise
    if noise.sd_hu == 0:
        return np.zeros((1, 1), dtype=np.float32)
    return noise_plane(
        scanner.matrix,
        sd_hu=noise.sd_hu,
        correlation_px=noise.correlation_px,
        slice_correlation=noise.slice_correlation,
        seed=seed,
        k=k,
    )


def _written(plane: FloatArray, scale: HUScale, outside: BoolArray) -> FloatArray:
    """CT numbers as a scanner stores them: whole, within limits, padded."""
    stored = np.clip(np.rint(plane), scale.lowest_hu, scale.highest_hu)
    if scale.padding_hu is not None:
        stored[outside] = scale.padding_hu
    return stored
