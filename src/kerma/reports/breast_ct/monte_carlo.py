"""Tissue maps for Monte Carlo codes: what lies where, and what it consists of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray
from kerma.core.label_map import LabelMap
from kerma.errors import GeometryError, InputError
from kerma.io import write_ct, write_file, write_volume
from kerma.reports.breast_ct.materials import materials_json, materials_of
from kerma.reports.breast_ct.naming import content_uid, stem_of, study_of
from kerma.workflows.breast_ct.segmented import SegmentedBreast

__all__ = [
    "egsphant_bytes",
    "write_egsphant",
    "write_material_map",
    "write_number_series",
]

_MOST_VOXELS = 60_000_000  # of a text file: some 550 MB
_SIGNS = b"123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # one for each medium of an egsphant


def write_material_map(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """Tissue numbers as MetaImage, and what each of them consists of.

    ``NAME_materials.mhd`` and ``.raw``, uint8 on the grid of the scan as it was read,
    as codes on Geant4 read them, and ``NAME_materials.json``: name, density in g/cm³,
    mass fractions of the elements and their source, by number.

    Raises
    ------
    InputError
        The breast has implants of two kinds, or the folder cannot be written.
    """
    stem = stem_of(segmented.result.scan)
    label_map = _present(segmented.label_map(cylinder=cylinder))
    text = materials_json(materials_of(segmented.result, label_map))
    header = folder / f"{stem}_materials.mhd"
    return (
        write_volume(label_map, header, overwrite=True),
        header.with_suffix(".raw"),
        write_file(folder / f"{stem}_materials.json", text),
    )


def write_number_series(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A DICOM CT series in ``segmentation_NAME`` whose CT numbers are tissue numbers.

    On the grid, in the study and in the frame of reference of the scan; each image
    names the one that it was derived from, where the scan names its images.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    label_map = segmented.label_map(cylinder=cylinder)
    ct = segmented.ct
    numbers = replace(
        ct,
        array=label_map.numbers.astype(np.int16),
        acquisition=replace(
            ct.acquisition, series_description="Tissue numbers, not HU", kernel=None
        ),
        series_instance_uid="",
        sop_instance_uids=(),
    )
    return tuple(
        write_ct(
            numbers,
            folder / f"segmentation_{stem_of(segmented.result.scan)}",
            study=study_of(ct),
            uid_seed=content_uid(segmented, "numbers", f"cylinder {cylinder}"),
            source=ct if ct.sop_instance_uids else None,
            overwrite=True,
        )
    )


def write_egsphant(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """``NAME.egsphant`` for EGSnrc, and the materials of its media beside it.

    Raises
    ------
    InputError
        Over 60 million voxels, which make no text file, or implants of two kinds.
    GeometryError
        The axes of the scan are not those of the patient.
    """
    stem = stem_of(segmented.result.scan)
    label_map = _present(segmented.label_map(cylinder=cylinder))
    materials = materials_of(segmented.result, label_map)
    names = {int(one.tissue): one.substance.name for one in materials}
    densities = {int(one.tissue): one.substance.density_g_cm3 for one in materials}
    content = egsphant_bytes(label_map, names, densities)
    return (
        write_file(folder / f"{stem}.egsphant", content),
        write_file(folder / f"{stem}_egsphant.json", materials_json(materials)),
    )


def egsphant_bytes(
    label_map: LabelMap, names: dict[int, str], densities: dict[int, float]
) -> bytes:
    """A phantom of EGSnrc: media, borders of voxels in cm, media and densities.

    As the DOSXYZnrc Users Manual (NRC PIRS-794) has it: x runs fastest, then y, then z,
    all ascending; here they are those of the patient, LPS.

    Parameters
    ----------
    label_map
        Numbers of the media.
    names, densities
        Of each number: its medium, and g/cm³.
    """
    numbers, borders = _upright(label_map)
    if numbers.size > _MOST_VOXELS:
        raise InputError(
            f"The scan has {numbers.size} voxels; an egsphant of text is written for "
            f"up to {_MOST_VOXELS}. Write metaimage instead."
        )
    order = sorted(names)
    head = [str(len(order)), *(names[n].replace(" ", "_") for n in order)]
    head.append(" ".join("0.25" for _ in order))  # ESTEPE, which is not used any more
    head.append(" ".join(str(count) for count in reversed(numbers.shape)))
    head += [" ".join(f"{x / 10:.6f}" for x in along) for along in reversed(borders)]
    sign = np.zeros(256, "S1")
    density = np.zeros(256, "S9")
    for medium, number in enumerate(order):
        sign[number] = _SIGNS[medium : medium + 1]
        density[number] = f"{densities[number]:.6f} ".encode()
    media = [_rows(sign[section]) for section in numbers]
    masses = [_rows(density[section]) for section in numbers]
    body = b"\n".join([*media, *masses])
    return "\n".join(head).encode() + b"\n" + body


def _rows(section: NDArray[np.bytes_]) -> bytes:
    """Lines of a slice and a blank one."""
    return b"".join(row.tobytes() + b"\n" for row in section)


def _present(label_map: LabelMap) -> LabelMap:
    """The map with labels for the numbers that it holds."""
    found = set(np.unique(label_map.numbers).tolist())
    labels = tuple(one for one in label_map.labels if one.number in found)
    return LabelMap(label_map.numbers, label_map.grid, labels=labels)


def _upright(label_map: LabelMap) -> tuple[NDArray[np.uint8], list[FloatArray]]:
    """Numbers by ascending z, y and x, and the borders of the voxels along each, mm.

    Raises
    ------
    GeometryError
        The axes of the grid are not those of the patient.
    """
    grid = label_map.grid
    cosines = np.array(grid.axes)  # a row each for k, j, i
    order = [int(np.argmax(np.abs(cosines[:, axis]))) for axis in (2, 1, 0)]
    along = np.array([cosines[order[n], axis] for n, axis in enumerate((2, 1, 0))])
    if sorted(order) != [0, 1, 2] or np.abs(along).min() < 1 - 1e-6:
        raise GeometryError(
            "The axes of the scan are not those of the patient, which an egsphant "
            "cannot say. Resample the scan, or write metaimage."
        )
    numbers = label_map.numbers.transpose(order)
    numbers = numbers[tuple(slice(None, None, -1 if c < 0 else 1) for c in along)]
    ends = np.array([[0, 0, 0], np.array(grid.shape) - 1], np.float64)
    low = grid.to_patient(ends).min(axis=0)
    borders = [
        low[axis] + grid.spacing[order[n]] * (np.arange(numbers.shape[n] + 1) - 0.5)
        for n, axis in enumerate((2, 1, 0))
    ]
    return np.ascontiguousarray(numbers, np.uint8), borders
