"""Breast CT from plain values: one scan to its tissues, numbers and files."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kerma import __version__
from kerma.core.arrays import Vec3
from kerma.core.provenance import InputSeries, Provenance
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io import make_folder
from kerma.service.breast_files import (
    DEFAULT_FORMATS,
    check_place,
    formats,
    put_in_place,
    write_breast,
)
from kerma.service.breast_scans import (
    ScanSource,
    check_spacing,
    find_scans,
    read_scan,
    side_in,
)
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.procedure import segment
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.settings import Settings

__all__ = ["BreastOptions", "analyze", "breast_ct"]


@dataclass(frozen=True)
class BreastOptions:
    """How scans are analyzed and what is written.

    Parameters
    ----------
    device
        Name of a device, or the file of your own.
    laterality
        "L" or "R" for scans that do not say it themselves.
    spacing_mm
        Voxel spacing of NumPy arrays along ``(k, j, i)``, mm.
    shading
        Whether shading is corrected.
    formats
        What is written; see `formats`.
    cylinder
        Whether the cylinder is in the label maps.

    Raises
    ------
    InputError
        A side, a spacing or a format that there is none of.
    """

    device: str = "nu_view"
    laterality: str | None = None
    spacing_mm: Vec3 | None = None
    shading: bool = False
    formats: tuple[str, ...] = DEFAULT_FORMATS
    cylinder: bool = False

    def __post_init__(self) -> None:
        if self.laterality not in ("L", "R", None):
            raise InputError(f"A breast is L or R; got {self.laterality!r}.")
        check_spacing(self.spacing_mm)
        unknown = [name for name in self.formats if name not in formats()]
        if unknown:
            raise InputError(
                f"There is no format {unknown[0]!r}; there are {', '.join(formats())}."
            )

    def settings(self) -> Settings:
        """The settings of the procedure.

        Raises
        ------
        InputError
            There is no such device.
        """
        return Settings.shipped(self.device, shading=self.shading)

    def configuration(self) -> str:
        """Hash of everything that decides what comes out of a scan, hexadecimal.

        The contents of the files that it is read from count, and our version.
        """
        stated = {**asdict(self), "device": asdict(self.settings())}
        stated["kerma_version"] = __version__
        text = json.dumps(stated, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def breast_ct(  # noqa: PLR0913  (its arguments are its interface)
    scan: Path,
    *,
    device: str = "nu_view",
    laterality: str | None = None,
    spacing_mm: Vec3 | None = None,
    shading: bool = False,
    series_uid: str | None = None,
    out: Path | None = None,
    formats: tuple[str, ...] = DEFAULT_FORMATS,
    cylinder: bool = False,
    overwrite: bool = False,
    progress: Callable[[str], None] | None = None,
) -> BreastCT:
    """Tissues and glandularity of one breast CT.

    Parameters
    ----------
    scan
        Folder, archive or file.
    device, laterality, spacing_mm, shading, formats, cylinder
        As for `BreastOptions`.
    series_uid
        Which series, where the folder holds several.
    out
        Folder in which a folder of the scan's name is made; nothing is written
        without it.
    overwrite
        Replace earlier results of the scan.
    progress
        Told the name of each step.

    Raises
    ------
    KermaError
        As the steps do; the message is for the user.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    options = BreastOptions(
        device, laterality, spacing_mm, shading, tuple(formats), cylinder
    )
    source = _the_one(find_scans([scan], without=out), series_uid)
    if out is not None and (out / source.name).exists() and not overwrite:
        raise InputError(
            f"{out.name}: {source.name} is there already; nothing was written. Choose "
            f"another folder."
        )
    if out is not None:
        check_place(out / source.name, source.files)
    segmented = analyze(source, options, progress=progress)
    if out is not None:
        staged = make_folder(out) / f".writing-{source.name}"
        write_breast(segmented, staged, options.formats, cylinder=options.cylinder)
        put_in_place(staged, out / source.name)
    return segmented.result.with_provenance(
        replace(
            _provenance(segmented.ct, options),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        )
    )


def analyze(
    source: ScanSource,
    options: BreastOptions,
    *,
    progress: Callable[[str], None] | None = None,
) -> SegmentedBreast:
    """Read and segment a scan; its provenance leaves out the clock.

    The side is what the scan says itself, else what its series description names, else
    that of the options, else what the name of the scan says, which is flagged.

    Raises
    ------
    KermaError
        As reading and segmenting do.
    """
    if progress is not None:
        progress("Reading")
    ct = read_scan(source, spacing_mm=options.spacing_mm)
    made = ct.acquisition
    side = made.laterality or side_in(made.series_description) or options.laterality
    by_name = None if side else side_in(source.name)
    segmented = segment(
        ct,
        options.settings(),
        name=source.name,
        laterality=side or by_name,
        progress=progress,
    )
    result = segmented.result.with_provenance(_provenance(ct, options))
    if by_name:
        result = replace(result, flags=(*result.flags, _by_name(by_name)))
    return replace(segmented, result=result)


def _the_one(sources: tuple[ScanSource, ...], series_uid: str | None) -> ScanSource:
    chosen = [one for one in sources if series_uid in (None, one.series_uid)]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise InputError("There is no CT series of that UID.")
    names = ", ".join(one.name for one in chosen[:5])
    raise InputError(
        f"There are {len(chosen)} scans ({names}{', ...' if len(chosen) > 5 else ''}); "
        f"name one, or one series by its UID."
    )


def _by_name(side: str) -> Flag:
    word = {"L": "left", "R": "right"}[side]
    return Flag(
        "laterality_by_name",
        Severity.NOTE,
        f"The scan does not say which side it is; its name says {word}.",
    )


def _provenance(ct: CT, options: BreastOptions) -> Provenance:
    """What made a result, without the clock, so that a second run writes the same."""
    return Provenance(
        kerma_version=__version__,
        procedure="breast-ct",
        parameters=(
            ("device", Path(options.device).name),
            ("laterality", options.laterality or ""),
            ("spacing_mm", ", ".join(f"{s:g}" for s in options.spacing_mm or ())),
            ("shading", str(options.shading)),
            ("cylinder", str(options.cylinder)),
            ("configuration", options.configuration()),
        ),
        inputs=(InputSeries(ct.series_instance_uid, ct.sop_instance_uids, ct.sha256),),
        started_utc="",
        duration_s=0.0,
    )
