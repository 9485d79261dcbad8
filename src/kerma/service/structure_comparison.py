"""The comparison of structures, from plain values."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np

from kerma import __version__
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.mask import Mask
from kerma.core.provenance import Provenance
from kerma.core.segmentation import Segmentation
from kerma.core.structures import StructureSet
from kerma.errors import DicomError, InputError
from kerma.imaging.contour_grid import grid_of_contours
from kerma.imaging.masks import mask_of
from kerma.imaging.segment_masks import grid_around, mask_of_segment
from kerma.imaging.structure_agreement import StructureComparison
from kerma.imaging.structure_comparison import (
    DEFAULT_TOLERANCE_MM,
    compare,
    match_names,
)
from kerma.io import (
    make_folder,
    read_ct,
    read_segmentation,
    read_structures,
    read_volume,
    write_file,
)

__all__ = ["compare_structures"]

Drawn: TypeAlias = StructureSet | LabelMap | Segmentation

_VOLUMES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy")
_FILES = "comparison.json", "comparison.csv"


def compare_structures(
    reference: Path,
    test: Path,
    *,
    ct: Path | None = None,
    pairs: Sequence[str] = (),
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
    pixel_mm: float = 1.0,
    out: Path | None = None,
    overwrite: bool = False,
) -> StructureComparison:
    """Compare structures with those of a reference.

    Parameters
    ----------
    reference, test
        RT Structure Set, DICOM segmentation, or a label map as NIfTI, NRRD, MetaImage
        or NumPy file. A label map that names no frame of reference is taken to lie in
        that of the other.
    ct
        The CT they were drawn on, whose grid is used. Without it, that of a label map
        or segmentation, else a grid laid through the planes of the contours.
    pairs
        What is compared, as ``REFERENCE=TEST``; by default what is named alike.
    tolerance_mm
        Of the surface Dice and the added path length.
    pixel_mm
        Spacing of rows and columns of a grid laid through contours.
    out
        Folder for comparison.json and comparison.csv; nothing is written without it.
    overwrite
        Replace an earlier comparison.

    Raises
    ------
    KermaError
        As the steps do; the message is for the user.
    """
    if out is not None and not overwrite:
        _refuse_to_replace(out)
    started, clock = datetime.now(UTC), time.perf_counter()
    drawn = _in_one_frame(_read(reference), _read(test))
    chosen, notes = _pairs(pairs, drawn)
    result = StructureComparison(tolerance_mm=tolerance_mm, pairs=())
    if chosen:
        masks = _masks(drawn, chosen, read_ct(ct).grid if ct else None, pixel_mm)
        result = compare(*masks, pairs=chosen, tolerance_mm=tolerance_mm)
    parameters = {
        "ct": ct.name if ct else "",
        "pairs": " ".join(pairs),
        "tolerance_mm": tolerance_mm,
        "pixel_mm": pixel_mm,
    }
    made_by = Provenance(
        kerma_version=__version__,
        procedure="compare-structures",
        parameters=tuple((key, str(value)) for key, value in parameters.items()),
        inputs=(),
        started_utc=started.isoformat(timespec="seconds"),
        duration_s=round(time.perf_counter() - clock, 3),
    )
    result = replace(result, notes=notes).with_provenance(made_by)
    if out is not None:
        from kerma.reports.tables import csv_of

        make_folder(out)
        write_file(out / _FILES[0], result.to_json() + "\n")
        rows = csv_of(result.to_rows()) if result.pairs else ""
        write_file(out / _FILES[1], rows)
    return result


def _refuse_to_replace(out: Path) -> None:
    taken = [name for name in _FILES if (out / name).exists()]
    if taken:
        raise InputError(
            f"{out.name}: {taken[0]} is there already; choose another folder, or "
            f"overwrite it."
        )


def _read(file: Path) -> Drawn:
    if not file.name.lower().endswith(_VOLUMES):
        return _read_dicom(file)
    found = read_volume(file, kind="labels")
    if not isinstance(found, LabelMap):
        raise InputError(f"{file.name}: this is no label map.")
    # Many files name none of their regions.
    known = {label.number for label in found.labels}
    nameless = set(np.unique(found.numbers).tolist()) - known - {0}
    labels = (*found.labels, *(Label(n, str(n)) for n in sorted(nameless)))
    return replace(found, labels=labels)


def _read_dicom(file: Path) -> StructureSet | Segmentation:
    """A structure set, or the segmentation of a file that is none."""
    try:
        return read_structures(file)
    except DicomError:
        raise
    except InputError as no_structures:
        # Of several objects in a folder or an archive none is chosen silently.
        if file.is_dir() or file.suffix.lower() == ".zip":
            raise
        try:
            return read_segmentation(file)
        except DicomError:
            raise
        except InputError:
            raise no_structures from None


def _in_one_frame(reference: Drawn, test: Drawn) -> tuple[Drawn, Drawn]:
    """Both in the frame of reference that one of them names."""
    frames = [_frame(one) for one in (reference, test)]
    drawn: list[Drawn] = []
    for one, frame in zip((reference, test), frames, strict=True):
        known = frame or max(frames)
        if isinstance(one, LabelMap):
            grid = replace(one.grid, frame_of_reference=known)
            drawn.append(replace(one, grid=grid))
        else:
            drawn.append(one)
    return drawn[0], drawn[1]


def _frame(drawn: Drawn) -> str:
    if isinstance(drawn, LabelMap | Segmentation):
        return drawn.grid.frame_of_reference
    return drawn.frame_of_reference


def _pairs(
    asked: Sequence[str], drawn: tuple[Drawn, Drawn]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    if not asked:
        return match_names(_names(drawn[0]), _names(drawn[1]))
    pairs = []
    for text in asked:
        first, found, second = text.partition("=")
        if not (found and first.strip() and second.strip()):
            raise InputError(f"A pair is two names as REFERENCE=TEST; got {text!r}.")
        pairs.append((first.strip(), second.strip()))
    return tuple(dict.fromkeys(pairs)), ()


def _names(drawn: Drawn) -> list[str]:
    if isinstance(drawn, LabelMap):
        return [label.name for label in drawn.labels]
    if isinstance(drawn, Segmentation):
        return [segment.name for segment in drawn.segments]
    return list(drawn.names)


def _masks(
    drawn: tuple[Drawn, Drawn],
    pairs: Sequence[tuple[str, str]],
    grid: Grid | None,
    pixel_mm: float,
) -> tuple[list[Mask], list[Mask]]:
    """The masks that the pairs name, of the reference and of the test."""
    reference, test = (
        [(one, name) for name in dict.fromkeys(pair[side] for pair in pairs)]
        for side, one in enumerate(drawn)
    )
    if grid is None:
        grid = _common_grid([*reference, *test], pixel_mm)
    return (
        [_mask(one, name, grid) for one, name in reference],
        [_mask(one, name, grid) for one, name in test],
    )


def _common_grid(named: Sequence[tuple[Drawn, str]], pixel_mm: float) -> Grid:
    structures, grids = [], []
    for drawn, name in named:
        if isinstance(drawn, LabelMap):
            return drawn.grid
        if isinstance(drawn, Segmentation):
            grids.append(drawn.grid)
        else:
            structures.append(drawn[name])
    if grids:
        return grid_around(grids[0], grids[1:], structures)
    return grid_of_contours(structures, pixel_mm=pixel_mm)


def _mask(drawn: Drawn, name: str, grid: Grid) -> Mask:
    if isinstance(drawn, LabelMap):
        return Mask.of(drawn.mask(name), drawn.grid, name=name)
    if isinstance(drawn, Segmentation):
        return mask_of_segment(drawn, name, grid)
    return mask_of(drawn[name], grid)
