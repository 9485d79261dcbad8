"""How well two structures agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerma.core.mask import Mask
from kerma.errors import GeometryError, InputError
from kerma.imaging.mask_overlap import overlap_of
from kerma.imaging.structure_agreement import PairComparison, StructureComparison
from kerma.imaging.surface_distances import (
    Surface,
    added_path_length_mm,
    surface_distances,
    surface_of,
)

__all__ = ["DEFAULT_TOLERANCE_MM", "compare", "compare_masks", "match_names"]

DEFAULT_TOLERANCE_MM = 2.0
"""Tolerance of the surface Dice and the added path length, where none is given."""


def compare(
    reference: Sequence[Mask],
    test: Sequence[Mask],
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
) -> StructureComparison:
    """Compare structures with those of a reference.

    Parameters
    ----------
    reference, test
        Masks on one grid.
    pairs
        Names of what is compared, reference first; by default what is named alike.
    tolerance_mm
        Of the surface Dice and the added path length.

    Raises
    ------
    GeometryError
        The masks are not on one grid.
    InputError
        The tolerance is negative; no mask has a name that is asked for, or several have.
    """
    notes: tuple[str, ...] = ()
    if pairs is None:
        pairs, notes = match_names([m.name for m in reference], [m.name for m in test])
    compared = tuple(
        compare_masks(
            _named(first, reference, "reference"),
            _named(second, test, "test"),
            tolerance_mm=tolerance_mm,
        )
        for first, second in pairs
    )
    return StructureComparison(tolerance_mm=tolerance_mm, pairs=compared, notes=notes)


def match_names(
    reference: Sequence[str], test: Sequence[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Pair names that are the same, save capitals and blanks, and say what is left.

    A name that fits several is left alone: which of them is meant is for the user.

    Returns
    -------
    tuple
        Pairs of names in the order of the reference, and notes.
    """
    pairs, notes, matched = [], [], set()
    for name in reference:
        alike = [t for t in test if t == name] or [
            t for t in test if _plain(t) == _plain(name)
        ]
        rivals = [r for r in reference if _plain(r) == _plain(name)]
        if not alike:
            notes.append(f"{name!r} of the reference has no counterpart.")
        elif len(alike) > 1 or (len(rivals) > 1 and alike[0] != name):
            notes.append(f"{name!r} fits several structures; name the pair yourself.")
            matched.update(alike)
        elif reference.count(name) > 1:
            notes.append(f"The reference has {name!r} several times; it is left out.")
            matched.update(alike)
        else:
            pairs.append((name, alike[0]))
            matched.add(alike[0])
            if alike[0] != name:
                notes.append(f"{name!r} is compared with {alike[0]!r}.")
    notes += [
        f"{t!r} of the test has no counterpart." for t in test if t not in matched
    ]
    return tuple(pairs), tuple(dict.fromkeys(notes))


def compare_masks(
    reference: Mask, test: Mask, *, tolerance_mm: float = DEFAULT_TOLERANCE_MM
) -> PairComparison:
    """Compare one structure with a reference.

    Overlap is exact where at most one of the two ends within a voxel; where both do, the
    smaller fraction is taken as common. Surfaces are those of `surface_of`. Where both
    are empty nothing but the volumes has a value; where one is, overlap is zero and
    distances have no value.

    Raises
    ------
    GeometryError
        The masks are not on one grid.
    InputError
        The tolerance is negative or no number.
    """
    if not (math.isfinite(tolerance_mm) and tolerance_mm >= 0):
        raise InputError(
            f"A tolerance is a distance of 0 mm or more; got {tolerance_mm} mm."
        )
    if not reference.grid.is_same_as(test.grid):
        raise GeometryError(
            f"{reference.name!r} and {test.name!r} are masks on two grids, of shape "
            f"{reference.grid.shape} and {test.grid.shape} or in two frames of "
            f"reference; make both on the grid of one CT."
        )
    overlap = overlap_of(reference, test)
    volumes = overlap.volumes_mm3
    values: dict[str, Any] = {
        "dice": overlap.dice,
        "jaccard": overlap.jaccard,
        "binary_dice": overlap.binary_dice,
        "binary_jaccard": overlap.binary_jaccard,
        "centroid_distance_mm": overlap.centroid_distance_mm,
    }
    if volumes[0] > 0:
        values["volume_ratio"] = volumes[1] / volumes[0]
    surfaces = [surface_of(m) for m in (reference, test)]
    values |= _surface_values(surfaces[0], surfaces[1], tolerance_mm)
    return PairComparison(
        reference.name,
        test.name,
        volumes[0] / 1000,
        volumes[1] / 1000,
        **values,
        notes=_notes(reference, test),
    )


def _surface_values(
    reference: Surface, test: Surface, tolerance_mm: float
) -> dict[str, float]:
    """What is measured between surfaces; less of it where one is missing."""
    if reference.is_empty and test.is_empty:
        return {}
    length = added_path_length_mm(reference, test, tolerance_mm=tolerance_mm)
    if reference.is_empty or test.is_empty:
        return {"surface_dice": 0.0, "added_path_length_mm": length}
    distances = surface_distances(reference, test)
    means = distances.directed_means_mm
    return {
        "hausdorff_mm": distances.hausdorff_mm,
        "hausdorff_95_mm": distances.pooled_percentile_mm(95),
        "hausdorff_95_directed_mm": max(distances.directed_percentiles_mm(95)),
        "mean_distance_mm": distances.pooled_mean_mm,
        "mean_from_reference_mm": means[0],
        "mean_from_test_mm": means[1],
        "surface_dice": distances.share_within(tolerance_mm),
        "added_path_length_mm": length,
    }


def _notes(reference: Mask, test: Mask) -> tuple[str, ...]:
    notes = []
    for mask, role in ((reference, "reference"), (test, "test")):
        notes += [f"The {role}: {note}" for note in mask.notes]
        if mask.is_empty:
            notes.append(f"The {role} is empty, so distances have no value.")
        elif mask.voxels.values.max() < 0.5:
            notes.append(
                f"No voxel is half within the {role}, so it has no surface; use a finer "
                f"grid."
            )
        if _is_at_border(mask):
            notes.append(
                f"The {role} reaches the border of the grid, where it may be cut off."
            )
    return tuple(notes)


def _is_at_border(mask: Mask) -> bool:
    ends = np.add(mask.corner, mask.shape)
    at_border = (np.array(mask.corner) == 0) | (ends == mask.grid.shape)
    return bool(not mask.is_empty and at_border.any())


def _named(name: str, masks: Sequence[Mask], role: str) -> Mask:
    found = [mask for mask in masks if mask.name == name]
    if len(found) != 1:
        amount = "several structures" if found else "no structure"
        listed = ", ".join(repr(mask.name) for mask in masks) or "none"
        raise InputError(f"The {role} has {amount} {name!r} among: {listed}.")
    return found[0]


def _plain(name: str) -> str:
    return "".join(name.casefold().split())
