"""Breast CTs in files and folders: which there are, what they are called, read one."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kerma.core.arrays import Vec3
from kerma.core.volume import CT
from kerma.errors import InputError, KermaError
from kerma.io import index, read_ct, read_volume
from kerma.io.dicom.source import base_name
from kerma.workflows.breast_ct.orientation import breast_grid

__all__ = [
    "STATUS",
    "ScanSource",
    "check_spacing",
    "content_hash",
    "find_scans",
    "read_scan",
    "side_in",
]

STATUS = "status.json"
"""What a folder of results has in it, whatever else was written."""

_VOLUMES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy")
_ARCHIVES = (".zip",)
# What segmentation scripts, this one among them, leave beside the scans.
_NO_SCAN = re.compile(
    r"^(segmentation|cylinder|truth)|_(labels|materials|mask)$", re.IGNORECASE
)
_LONGEST_NAME = 80
_PIECE = 1 << 20

_LEFT = {"l", "lt", "left", "links", "gauche", "sinistra", "izquierda"}
_RIGHT = {"r", "rt", "right", "rechts", "droite", "destra", "derecha"}


@dataclass(frozen=True)
class ScanSource:
    """Where one scan lies.

    Parameters
    ----------
    name
        Of its folder or file, fit for names of files.
    files
        Its files; those of a DICOM series, or of a volume with its header first.
    series_uid
        Of a DICOM series, where its folder holds several.
    """

    name: str
    files: tuple[Path, ...]
    series_uid: str | None = None

    @property
    def is_volume(self) -> bool:
        """Whether it is a file of a research format, no DICOM."""
        return _suffix(self.files[0]) in _VOLUMES


def find_scans(
    places: Sequence[Path], *, without: Path | None = None
) -> tuple[ScanSource, ...]:
    """Every scan in files and folders, in the order of the names.

    In a folder each DICOM CT series, each zip archive and each volume is a scan, to the
    folder's depth. A scan is called like its file, or like the folder its series is in,
    led by the folders between; several series in one folder are numbered. Volumes whose
    names begin with segmentation, cylinder or truth are no scans.

    Parameters
    ----------
    places
        Files and folders.
    without
        A folder to leave out, such as that of the results.

    Raises
    ------
    InputError
        A place does not exist, there is no scan in any, or two have one name.
    """
    found: list[ScanSource] = []
    for place in places:
        if place.is_dir():
            found += _in_folder(place, without.resolve() if without else None)
        elif place.exists():
            found.append(ScanSource(_name(_stem(place)), _with_companions(place)))
        else:
            raise InputError(f"{base_name(place)}: there is no such file or folder.")
    if not found:
        raise InputError(
            f"There is no scan in {', '.join(base_name(place) for place in places)}: no "
            f"CT series, and no file ending in {', '.join(_VOLUMES)}."
        )
    unique = {_files_of(one): one for one in found}.values()
    _check_names([one.name for one in unique])
    return tuple(sorted(unique, key=lambda one: one.name))


def check_spacing(spacing_mm: Vec3 | None) -> None:
    """Refuse a voxel spacing that no breast CT has.

    Raises
    ------
    InputError
        It is not between 0 and 10 mm.
    """
    if spacing_mm is not None and not all(0 < s < 10 for s in spacing_mm):
        raise InputError(
            f"The spacing of voxels lies between 0 and 10 mm; got {spacing_mm}."
        )


def read_scan(source: ScanSource, *, spacing_mm: Vec3 | None = None) -> CT:
    """Read a scan.

    A NumPy array without a .json beside it is taken to lie in the frame of the breast:
    chest wall to nipple, head to feet, patient's right to left.

    Parameters
    ----------
    source
        Where it lies.
    spacing_mm
        Of a volume that does not say it, along ``(k, j, i)``, mm.

    Raises
    ------
    KermaError
        It cannot be read.
    """
    first = source.files[0]
    if not source.is_volume:
        files = first if len(source.files) == 1 else source.files
        return read_ct(files, series_uid=source.series_uid)
    is_bare = _suffix(first) == ".npy" and not first.with_suffix(".json").is_file()
    if is_bare and spacing_mm is None:
        raise InputError(
            f"{base_name(first)}: a NumPy array says no voxel size; give the spacing, as "
            f"0.3 mm of an AB-CT nu:view."
        )
    volume = read_volume(first, kind="ct", spacing_mm=spacing_mm if is_bare else None)
    if not isinstance(volume, CT):
        raise InputError(f"{base_name(first)}: holds no CT numbers.")
    if is_bare and spacing_mm is not None:
        return replace(volume, grid=breast_grid(volume.grid.shape, spacing_mm))
    return volume


def content_hash(source: ScanSource) -> str:
    """Hash of the bytes of a scan's files, whatever they are called, hexadecimal.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    digests = []
    for file in source.files:
        digest = hashlib.sha256()
        try:
            with file.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    digest.update(piece)
        except OSError as error:
            raise InputError(
                f"{base_name(file)}: cannot be read ({error.strerror})."
            ) from error
        digests.append(digest.hexdigest())
    whole = hashlib.sha256((source.series_uid or "").encode())
    whole.update("".join(sorted(digests)).encode())
    return whole.hexdigest()


def side_in(text: str | None) -> str | None:
    """The side, "L" or "R", that a text names as a word of its own, and not the other."""
    words = set(re.split(r"[\W_]+", (text or "").casefold()))
    is_left, is_right = bool(words & _LEFT), bool(words & _RIGHT)
    if is_left == is_right:
        return None
    return "L" if is_left else "R"


def _files_of(source: ScanSource) -> tuple[tuple[Path, ...], str | None]:
    """What makes a scan the same one, by whatever path it was named."""
    return tuple(file.resolve() for file in source.files), source.series_uid


def _in_folder(folder: Path, without: Path | None) -> Iterator[ScanSource]:
    for root, folders, names in os.walk(folder, onerror=_refuse):
        inner = Path(root)
        folders[:] = sorted(f for f in folders if not _is_result(inner / f, without))
        files = [inner / name for name in sorted(names)]
        for file in files:
            is_scan = not _NO_SCAN.search(_stem(file)) and not file.name.startswith(".")
            if is_scan and _suffix(file) in (*_VOLUMES, *_ARCHIVES):
                name = "_".join((*file.relative_to(folder).parts[:-1], _stem(file)))
                yield ScanSource(_name(name), _with_companions(file))
        yield from _series_in(inner, folder, files)


def _refuse(error: OSError) -> None:
    name = base_name(error.filename or "A folder")
    raise InputError(f"{name}: cannot be read ({error.strerror}).") from error


def _is_result(folder: Path, without: Path | None) -> bool:
    """Whether a folder is that of the results, or holds those of a scan."""
    return folder.resolve() == without or (folder / STATUS).is_file()


def _series_in(inner: Path, folder: Path, files: list[Path]) -> Iterator[ScanSource]:
    """The CT series right in a folder."""
    images = [file for file in files if _is_dicom(file)]
    if not images:
        return
    name = "_".join(inner.relative_to(folder).parts) or inner.resolve().name
    try:
        found = index(inner)
    except KermaError:  # reading it will say why
        yield ScanSource(_name(name), tuple(images))
        return
    series = [
        (one.series_instance_uid, files_here)
        for one in found.series
        if one.kind == "CT"
        and (
            files_here := tuple(
                inner / instance.path
                for instance in one.instances
                if "/" not in instance.path and not instance.is_localizer
            )
        )
    ]
    if not found.instances:
        yield ScanSource(_name(name), tuple(images))
    for number, (uid, own) in enumerate(series, start=1):
        several = f"_{number}" if len(series) > 1 else ""
        yield ScanSource(_name(f"{name}{several}"), own, uid or None)


def _is_dicom(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _with_companions(file: Path) -> tuple[Path, ...]:
    """A volume with the files beside it that may hold its data or its geometry."""
    if _suffix(file) not in (".nhdr", ".mhd", ".npy"):
        return (file,)
    start = f"{_stem(file)}."
    beside = (p for p in file.parent.iterdir() if p.name.startswith(start))
    ends = (".json",) if _suffix(file) == ".npy" else (".raw", ".gz", ".zraw")
    return (file, *sorted(p for p in beside if p.suffix.lower() in ends))


def _suffix(file: Path) -> str:
    name = file.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else file.suffix.lower()


def _stem(file: Path) -> str:
    return file.name[: len(file.name) - len(_suffix(file))] or file.name


def _name(text: str) -> str:
    """A text made fit for a name of a file on any system."""
    fit = re.sub(r"[^\w.+-]+", "_", text).strip("._")[:_LONGEST_NAME]
    return fit or "scan"


def _check_names(names: list[str]) -> None:
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise InputError(
            f"{times} scans would be called {name!r}, and their results would have one "
            f"place; rename their files or folders, or run them into different folders."
        )
