"""De-identification from plain values, for the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kerma import __version__
from kerma.core.provenance import Provenance
from kerma.errors import InputError
from kerma.io import write_file
from kerma.io.deidentify import DeidentificationReport, deidentify

__all__ = ["deidentify_files"]


def deidentify_files(
    source: Path,
    out: Path,
    key: Path,
    *,
    options: Sequence[str] = (),
    mapping: Path | None = None,
    report: Path | None = None,
    allow_burned_in: bool = False,
    progress: Callable[[float], None] | None = None,
) -> DeidentificationReport:
    """De-identify a file, a folder or an archive, and write a report of it.

    Parameters
    ----------
    source
        File, folder or zip archive.
    out
        Folder for the new files.
    key
        File of the secret key; made where it is missing.
    options
        Names or codes of options of the profile.
    mapping
        CSV file for old and new identities; secret.
    report
        JSON file for the report, which identifies nobody.
    allow_burned_in
        Write images, too, whose pixels may hold text or show a face.
    progress
        Called with the fraction done.

    Raises
    ------
    InputError
        As `deidentify`; or there is a report already.
    """
    if report is not None and report.exists():
        raise InputError(f"{report.name}: is there already; choose another name.")
    started, clock = datetime.now(UTC), time.perf_counter()
    result = deidentify(
        source,
        out,
        key=key,
        options=options,
        mapping=mapping,
        allow_burned_in=allow_burned_in,
        progress=progress,
    )
    # Paths may name patients, so none of them is among the parameters.
    parameters = {
        "options": " ".join(result.options),
        "allow_burned_in": str(allow_burned_in),
    }
    made_by = Provenance(
        kerma_version=__version__,
        procedure="deidentify",
        parameters=tuple(parameters.items()),
        inputs=(),
        started_utc=started.isoformat(timespec="seconds"),
        duration_s=round(time.perf_counter() - clock, 3),
    )
    result = result.with_provenance(made_by)
    if report is not None:
        write_file(report, result.to_json() + "\n")
    return result
