"""A curve as the table that another program reads, with a file that vouches for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from pydantic import TypeAdapter

from kerma.errors import InputError
from kerma.io import make_folder, read_record, write_file
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve, Model
from kerma.workflows.ct_calibration.curves.installed import read_installed
from kerma.workflows.ct_calibration.curves.quantity import SYMBOLS, Quantity
from kerma.workflows.ct_calibration.curves.result import CurveScope, CurveSet
from kerma.workflows.ct_calibration.curves.sites import Site

__all__ = [
    "EXPORT_FORMATS",
    "ExportFormat",
    "ExportRecord",
    "export_curve",
    "verify_export",
]

ExportFormat: TypeAlias = Literal["raystation", "matrad", "table"]

EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)

_RAYSTATION_LOWEST_HU = -1000  # it takes nothing lower
_WHOLE_SCALE_HU = (-1024, 3071)  # of 12 bits; matRad asks for every number of it
_PARTICLES: dict[Quantity, str] = {"red": "photons", "spr": "protons"}
# A kink moves by up to half a HU to a whole number, and values have four decimals.
_LARGEST_ROUNDING = 2e-3


@dataclass(frozen=True)
class ExportRecord:
    """What vouches for an exported table; stands beside it as JSON.

    Parameters
    ----------
    file, format
        The table and the program it is for.
    sha256
        Hash of the table's bytes, hexadecimal.
    quantity, model, site, energy_mev
        The curve.
    scope
        What it holds for.
    rows
        How many the table has.
    largest_rounding
        How far the table lies from the curve, at most, over its whole CT numbers.
    kerma_version, made_utc, input_sha256
        What made it, when, and the hashes of the scans.
    """

    file: str
    format: ExportFormat
    sha256: str
    quantity: Quantity
    model: Model
    site: Site
    energy_mev: float
    scope: CurveScope
    rows: int
    largest_rounding: float
    kerma_version: str
    made_utc: str
    input_sha256: tuple[str, ...]


def export_curve(
    curves: CurveSet,
    form: ExportFormat,
    folder: Path,
    *,
    site: Site | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a curve as a table, read it back, and put a record of it beside it.

    Parameters
    ----------
    curves
        The curves.
    form
        "raystation" for a CSV without headings, "matrad" for a ``.hlut`` file under the
        name by which matRad finds it, "table" for a text to type in.
    folder
        Where it goes; made if it does not exist.
    site
        Which curve; by default the average, or the only one.
    overwrite
        Whether an earlier file is replaced.

    Returns
    -------
    Path
        The table; the record has the same name with ``.json`` after it.

    Raises
    ------
    InputError
        A file is there already or cannot be written, or this program cannot use this
        curve.
    """
    ours = curves.main if site is None else curves.of(site)
    file = folder / _file_name(curves, form, ours.site)
    side = _side_file(file)
    for one in (file, side):
        if one.exists() and not overwrite:
            raise InputError(
                f"{one}: there is a table already. Choose another folder, or allow it "
                f"to be replaced (overwrite)."
            )
    rows = _rows(ours.curve, form)
    content = _content(rows, form, curves, ours.site)
    make_folder(folder)
    write_file(file, content)
    made = curves.provenance
    record = ExportRecord(
        file=file.name,
        format=form,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        quantity=curves.quantity,
        model=curves.model,
        site=ours.site,
        energy_mev=curves.energy_mev,
        scope=curves.scope,
        rows=len(rows),
        largest_rounding=_rounding(file, ours.curve),
        kerma_version=made.kerma_version if made else "",
        made_utc=made.started_utc if made else "",
        input_sha256=tuple(one.sha256 for one in made.inputs) if made else (),
    )
    write_file(side, TypeAdapter(ExportRecord).dump_json(record, indent=2) + b"\n")
    return file


def verify_export(file: Path) -> ExportRecord:
    """See that a table is the one that was exported.

    Raises
    ------
    InputError
        Its record is missing, or the table was changed since.
    """
    record = read_record(_side_file(file), ExportRecord)
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}).") from error
    if found != record.sha256:
        raise InputError(
            f"{file}: was changed since it was exported (SHA-256 {found[:12]}… instead "
            f"of {record.sha256[:12]}…). Export it again."
        )
    return record


def _side_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _rows(curve: ConversionCurve, form: ExportFormat) -> list[tuple[int, float]]:
    """Whole CT numbers at the kinks, and the curve's value there."""
    hu = {round(node.hu) for node in curve.nodes}
    if form == "raystation":
        hu = {at for at in hu if at > _RAYSTATION_LOWEST_HU} | {_RAYSTATION_LOWEST_HU}
    elif form == "matrad":
        low, high = _WHOLE_SCALE_HU
        hu = {at for at in hu if low < at < high} | {low, high}
    return [(at, round(float(curve.value_of(at)), 4)) for at in sorted(hu)]


def _content(
    rows: list[tuple[int, float]], form: ExportFormat, curves: CurveSet, site: Site
) -> str:
    if form == "raystation":
        return "".join(f"{hu},{value:.4f}\n" for hu, value in rows)
    symbol, scope = SYMBOLS[curves.quantity], curves.scope
    lines = [f"# HU  {symbol}; {curves.model}, {site}; {_conditions(scope)}"]
    if form == "table":
        lines.insert(0, "# manual entry, verify: have a second person read it back")
    lines += [f"{hu:6d}  {value:.4f}" for hu, value in rows]
    return "\n".join(lines) + "\n"


def _conditions(scope: CurveScope) -> str:
    """The scanner and protocol in one line of plain characters."""
    kv = None if scope.kv is None else f"{scope.kv:g} kV"
    words = (scope.manufacturer, scope.model, kv, scope.kernel)
    text = ", ".join(word for word in words if word)
    return re.sub(r"[^ -~]+", "?", text).replace("#", "?")


def _file_name(curves: CurveSet, form: ExportFormat, site: Site) -> str:
    if form == "matrad":
        return _matrad_name(curves)
    ending = {"raystation": ".csv", "table": ".txt"}[form]
    return f"hu_{curves.quantity}_{curves.model}_{site}_{form}{ending}"


def _matrad_name(curves: CurveSet) -> str:
    """The name that matRad makes of a scan's header, blanks as hyphens."""
    scope = curves.scope
    if curves.quantity not in _PARTICLES:
        raise InputError(
            "matRad reads RED for photons and SPR for protons, no density."
        )
    words = (scope.manufacturer, scope.model, scope.kernel)
    if not all(words):
        raise InputError(
            "matRad finds a table by manufacturer, model and kernel of the scan, and "
            "this scan lacks one of them: export a table, and name it yourself."
        )
    maker, model, kernel = (
        re.sub(r"[^A-Za-z0-9._+-]+", "-", str(word)) for word in words
    )
    particle = _PARTICLES[curves.quantity]
    return f"{maker}-{model}-ConvolutionKernel-{kernel}_{particle}.hlut"


def _rounding(file: Path, curve: ConversionCurve) -> float:
    """Largest difference of the file, read again, from the curve."""
    table = read_installed(file)
    grid = np.arange(table.hu[0], table.hu[-1] + 1)
    largest = float(np.abs(table.value_of(grid) - curve.value_of(grid)).max())
    if largest > _LARGEST_ROUNDING:
        raise InputError(
            f"{file}: the table differs from the curve by {largest:.4f} after rounding "
            f"to whole CT numbers; its kinks are too close for a table."
        )
    return largest
