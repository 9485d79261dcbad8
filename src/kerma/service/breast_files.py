"""The files of a segmented breast CT, in a folder of their own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from kerma.errors import InputError
from kerma.io import make_folder, write_file
from kerma.io.dicom.source import base_name
from kerma.service.breast_scans import STATUS
from kerma.workflows.breast_ct.segmented import SegmentedBreast

__all__ = [
    "DEFAULT_FORMATS",
    "check_place",
    "empty_folder",
    "formats",
    "overview_name",
    "put_in_place",
    "write_breast",
]

DEFAULT_FORMATS = ("numpy", "nifti", "pictures", "page")


def formats() -> tuple[str, ...]:
    """Names of what can be written of a scan."""
    from kerma.reports.breast_ct.exports import FORMATS

    return (*FORMATS, "pictures", "page", "pdf")


def write_breast(
    segmented: SegmentedBreast,
    folder: Path,
    wanted: Sequence[str],
    *,
    cylinder: bool = False,
) -> None:
    """Write what was asked for of a scan into a folder, which is emptied before.

    ``NAME.json`` and the small picture for the contact sheet are always among it.

    Parameters
    ----------
    segmented
        The breast.
    folder
        Where to.
    wanted
        What; see `formats`.
    cylinder
        Whether the cylinder is in label maps and pictures.

    Raises
    ------
    KermaError
        A format cannot hold this scan, or the folder cannot be written.
    """
    from kerma.reports.breast_ct.exports import FORMATS, export
    from kerma.reports.breast_ct.figures_planes import overview
    from kerma.reports.breast_ct.pictures import pictures
    from kerma.reports.breast_ct.sheet import breast_html
    from kerma.reports.page import png_of
    from kerma.reports.pdf import pdf_of

    empty_folder(folder)
    name = segmented.result.scan
    contents: dict[str, str | bytes] = {
        f"{name}.json": segmented.result.to_json() + "\n",
        overview_name(name): png_of(overview(segmented), dpi=100),
    }
    if "pictures" in wanted:
        contents |= pictures(segmented, cylinder=cylinder)
    if "page" in wanted or "pdf" in wanted:
        page = breast_html(segmented)
        contents |= {f"{name}.html": page} if "page" in wanted else {}
        contents |= {f"{name}.pdf": pdf_of(page)} if "pdf" in wanted else {}
    for file, content in contents.items():
        write_file(folder / file, content)
    exported = [key for key in wanted if key in FORMATS]
    if exported:
        export(segmented, folder, exported, cylinder=cylinder)


def check_place(folder: Path, files: Sequence[Path]) -> None:
    """Make sure that only results are lost where new results go.

    Parameters
    ----------
    folder
        Where the results of a scan go; what is in it is removed.
    files
        Those of the scan.

    Raises
    ------
    InputError
        The folder holds the scan itself, or anything but earlier results.
    """
    if not folder.exists():
        return
    marks = (STATUS, overview_name(folder.name))
    is_free = folder.is_dir() and (
        any((folder / mark).is_file() for mark in marks) or not any(folder.iterdir())
    )
    place = folder.resolve()
    if not is_free or any(place in file.resolve().parents for file in files):
        raise InputError(
            f"{base_name(folder)}: what is there is a scan or no results of ours, and "
            f"results would replace it; nothing was written. Choose another folder for "
            f"the results."
        )


def empty_folder(folder: Path) -> Path:
    """Make a folder, without what may have been in it.

    Raises
    ------
    InputError
        It cannot be made or emptied.
    """
    _remove(folder)
    return make_folder(folder)


def overview_name(scan: str) -> str:
    """Name of the small picture of a scan."""
    return f"overview_{scan}.png"


def put_in_place(staged: Path, folder: Path) -> None:
    """Let a finished folder take the place of an earlier one.

    A reader sees the old folder, none, or the whole new one.

    Raises
    ------
    InputError
        It cannot be moved there.
    """
    before = folder.with_name(f".before-{folder.name}")
    try:
        _remove(before)
        if folder.exists():
            folder.rename(before)
        staged.rename(folder)
    except OSError as error:
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    _remove(before)


def _remove(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise InputError(
            f"{folder.name}: cannot be removed ({error.strerror})."
        ) from error
