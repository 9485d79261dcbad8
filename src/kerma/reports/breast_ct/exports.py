"""A segmented breast as files, in the formats of clinic and research."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from kerma.core.segmentation import Segmentation
from kerma.errors import InputError
from kerma.io import (
    SegmentationKind,
    make_folder,
    write_file,
    write_measurements,
    write_segmentation,
    write_structures,
    write_volume,
)
from kerma.reports.breast_ct.contours import tissue_structures
from kerma.reports.breast_ct.label_tables import itksnap_labels, slicer_colors
from kerma.reports.breast_ct.measurements import findings_of
from kerma.reports.breast_ct.monte_carlo import (
    write_egsphant,
    write_material_map,
    write_number_series,
)
from kerma.reports.breast_ct.naming import date_of, stem_of
from kerma.reports.breast_ct.seed_files import write_arrays
from kerma.reports.breast_ct.segments import gland_fractions, tissue_segments
from kerma.workflows.breast_ct.segmented import SegmentedBreast

__all__ = [
    "FORMATS",
    "Exporter",
    "export",
    "export_arrays",
    "export_egsphant",
    "export_gland_fractions",
    "export_label_map_segmentation",
    "export_material_map",
    "export_measurements",
    "export_nifti",
    "export_number_series",
    "export_segmentation",
    "export_structures",
]


class Exporter(Protocol):
    """Writes a segmented breast in one format into a folder."""

    def __call__(
        self, segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
    ) -> tuple[Path, ...]:
        """The files, which replace earlier ones of the same name."""


def export(
    segmented: SegmentedBreast,
    folder: Path,
    formats: Sequence[str],
    *,
    cylinder: bool = False,
) -> tuple[Path, ...]:
    """Write a segmented breast in several formats.

    The same breast always gives the same bytes: UIDs follow from the content, dates
    from the scan. Earlier files of the same names are replaced.

    Parameters
    ----------
    segmented
        The breast. Its scan's name is in the names of the files.
    folder
        Made where it does not exist.
    formats
        Keys of `FORMATS`. With "sr" comes "seg", to which it refers.
    cylinder
        Whether the cylinder that holds the breast is in the label maps, as 9.

    Returns
    -------
    tuple of Path
        The files, in the order of `FORMATS`; of a DICOM series its images.

    Raises
    ------
    InputError
        An unknown format, a name of the scan that no file can have, a scan that does
        not name its images where a format refers to them, or a folder that cannot be
        written.
    GeometryError
        A format cannot say how the voxels lie.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(
            f"There is no format {unknown[0]!r}; there are {', '.join(FORMATS)}."
        )
    wanted = {*formats, "seg"} if "sr" in formats else {*formats}
    make_folder(folder)
    return tuple(
        file
        for name, write in FORMATS.items()
        if name in wanted
        for file in write(segmented, folder, cylinder=cylinder)
    )


def export_arrays(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """NumPy arrays as the first breast CT scripts have them; see `write_arrays`."""
    return write_arrays(segmented, folder, cylinder=cylinder)


def export_nifti(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A label map as NIfTI, with label files for ITK-SNAP and 3D Slicer.

    ``NAME_labels.nii.gz`` lies on the grid of the scan as it was read.
    """
    stem = stem_of(segmented.result.scan)
    label_map = segmented.label_map(cylinder=cylinder)
    return (
        write_volume(label_map, folder / f"{stem}_labels.nii.gz", overwrite=True),
        write_file(folder / f"{stem}_labels.label", itksnap_labels(label_map.labels)),
        write_file(folder / f"{stem}_labels.ctbl", slicer_colors(label_map.labels)),
    )


def export_segmentation(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A binary DICOM SEG, ``NAME_seg.dcm``: a segment for each tissue that is there."""
    segments = tissue_segments(segmented, cylinder=cylinder)
    return (_write_segments(segmented, segments, folder, "seg"),)


def export_label_map_segmentation(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A DICOM SEG of 2024, ``NAME_labelmap.dcm``, smaller, with the tissue numbers."""
    segments = tissue_segments(segmented, cylinder=cylinder, tissue_numbers=True)
    return (
        _write_segments(
            segmented, segments, folder, "labelmap", SegmentationKind.LABELMAP
        ),
    )


def export_gland_fractions(
    segmented: SegmentedBreast,
    folder: Path,
    *,
    cylinder: bool = False,  # noqa: ARG001  (there is no gland in it)
) -> tuple[Path, ...]:
    """A fractional DICOM SEG, ``NAME_gland.dcm``: how much of each voxel is gland."""
    segments = gland_fractions(segmented)
    return (
        _write_segments(
            segmented, segments, folder, "gland", SegmentationKind.FRACTIONAL
        ),
    )


def export_measurements(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A DICOM SR (TID 1500), ``NAME_sr.dcm``, of what was measured.

    It refers to the scan and to the SEG that `export_segmentation` writes.
    """
    segments = tissue_segments(segmented, cylinder=cylinder)
    file = write_measurements(
        findings_of(segmented.result, segments),
        folder / f"{stem_of(segmented.result.scan)}_sr.dcm",
        ct=segmented.ct,
        segmentation=segments,
        study=segments.study,
        uid_seed=f"sr {segments.sop_instance_uid}",
        created=date_of(segmented.ct),
    )
    return (file,)


def export_structures(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """An RT structure set, ``NAME_rtstruct.dcm``; see `tissue_structures`."""
    structures = tissue_structures(segmented, cylinder=cylinder)
    file = write_structures(
        structures,
        folder / f"{stem_of(segmented.result.scan)}_rtstruct.dcm",
        study=structures.study,
        ct=segmented.ct,
    )
    return (file,)


def export_material_map(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A MetaImage of tissue numbers and their materials; see `write_material_map`."""
    return write_material_map(segmented, folder, cylinder=cylinder)


def export_number_series(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A DICOM CT whose CT numbers are tissue numbers; see `write_number_series`."""
    return write_number_series(segmented, folder, cylinder=cylinder)


def export_egsphant(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """A phantom for EGSnrc; see `write_egsphant`."""
    return write_egsphant(segmented, folder, cylinder=cylinder)


FORMATS: dict[str, Callable[..., tuple[Path, ...]]] = {
    "numpy": export_arrays,
    "nifti": export_nifti,
    "seg": export_segmentation,
    "labelmap": export_label_map_segmentation,
    "gland": export_gland_fractions,
    "sr": export_measurements,
    "rtstruct": export_structures,
    "metaimage": export_material_map,
    "dicom-labels": export_number_series,
    "egsphant": export_egsphant,
}
"""Each format by its name; every function is an `Exporter`."""


def _write_segments(
    segmented: SegmentedBreast,
    segments: Segmentation,
    folder: Path,
    suffix: str,
    kind: SegmentationKind = SegmentationKind.BINARY,
) -> Path:
    return write_segmentation(
        segments,
        folder / f"{stem_of(segmented.result.scan)}_{suffix}.dcm",
        ct=segmented.ct,
        kind=kind,
        study=segments.study,
        created=date_of(segmented.ct),
    )
