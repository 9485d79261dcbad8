"""Read a CT from DICOM files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from kerma.core.volume import CT
from kerma.io.ct.geometry import Stack, stack_slices
from kerma.io.ct.pixels import read_hu
from kerma.io.ct.series import choose_series, find_images
from kerma.io.dicom.header import Tag
from kerma.io.dicom.source import base_name, open_sources

__all__ = ["read_ct"]

_HEADERS_SHARE = 0.3  # of the time, for the progress


def read_ct(
    source: Path | str | Sequence[Path | str],
    *,
    series_uid: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> CT:
    """Read one CT series, its slices sorted by position.

    What would change a number or a position stops with one sentence; what was odd but
    changes none is told in the notes of the CT. Other kinds of files, localizers and
    secondary captures are left out.

    Parameters
    ----------
    source
        A folder, which is searched to its depth, a file, a zip archive, or a list of
        files.
    series_uid
        Series Instance UID, where the source holds several series.
    progress
        Called with the fraction done, 0 to 1.

    Returns
    -------
    CT
        int16 where every rescale is to whole HU that fit, else float32. Padding is
        -1024 HU. Unevenly spaced slices and a tilted gantry are kept as they are, in
        the grid.

    Raises
    ------
    InputError
        The source is missing or holds no CT, or several and none was chosen.
    DicomError
        A file of the series is damaged, truncated, of another unit than HU, or does
        not fit in its stack.
    MissingDependencyError
        The decoder of a compressed file is not installed.
    """
    report = progress or _silent
    with open_sources(source) as files:
        name = base_name(source) if isinstance(source, Path | str) else "The list"
        found = find_images(name, files, lambda done: report(_HEADERS_SHARE * done))
        series = choose_series(found, series_uid)
        stack = stack_slices(series.slices)
        pixels = read_hu(
            stack.slices,
            lambda done: report(_HEADERS_SHARE + (1 - _HEADERS_SHARE) * done),
        )
    first = stack.slices[0]
    return CT(
        array=pixels.hu,
        grid=stack.grid,
        acquisition=first.acquisition(),
        series_instance_uid=first.series_uid,
        sop_instance_uids=tuple(
            image.header.text(Tag.SOP_INSTANCE_UID) for image in stack.slices
        ),
        study=first.study(),
        notes=found.notes() + stack.notes + _identity_notes(stack) + pixels.notes,
    )


def _identity_notes(stack: Stack) -> tuple[str, ...]:
    """What the headers leave unsaid, or say in an unusual way."""
    header = stack.slices[0].header
    notes = [
        f"{tag} is blank."
        for tag in (Tag.SERIES_INSTANCE_UID, Tag.FRAME_OF_REFERENCE_UID)
        if not header.has(tag)
    ]
    if header.text(Tag.RESCALE_TYPE) == "US":
        notes.append(f"{Tag.RESCALE_TYPE} is US (unspecified); taken as HU.")
    if any(s.header.text(Tag.LOSSY_IMAGE_COMPRESSION) == "01" for s in stack.slices):
        notes.append("The images were compressed with loss; CT numbers may be off.")
    return tuple(notes)


def _silent(done: float) -> None:
    """Report nothing."""
