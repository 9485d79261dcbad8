"""Conversion curves from calibrations on disk, for every front door."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from kerma import __version__
from kerma.core.phantom import Phantom
from kerma.core.provenance import InputSeries, Provenance
from kerma.errors import InputError
from kerma.io import read_record, read_text
from kerma.physics.tissues import TISSUE_GROUPS, TissueGroup
from kerma.workflows.ct_calibration.curves.conversion import Model
from kerma.workflows.ct_calibration.curves.difference import CurveLimits
from kerma.workflows.ct_calibration.curves.export import ExportFormat
from kerma.workflows.ct_calibration.curves.installed import read_installed
from kerma.workflows.ct_calibration.curves.procedure import (
    compare_with_installed,
    fit_curves,
    with_hu_changes,
)
from kerma.workflows.ct_calibration.curves.quantity import Quantity
from kerma.workflows.ct_calibration.curves.result import CurveSet
from kerma.workflows.ct_calibration.curves.sites import Site
from kerma.workflows.ct_calibration.phantoms import choose_phantoms, phantom_names
from kerma.workflows.ct_calibration.result import Calibration

__all__ = ["hu_curves", "one_of", "parse_changes"]

W = TypeVar("W", bound=str)

_log = logging.getLogger(__name__)


def hu_curves(  # noqa: PLR0913  (its arguments are its interface)
    calibrations: Sequence[Path],
    *,
    quantity: Quantity = "red",
    model: Model = "piecewise",
    energy_mev: float = 100.0,
    top_hu: float | None = None,
    phantoms: Sequence[Path] = (),
    site: Site | None = None,
    compare: Path | None = None,
    limits: Path | None = None,
    hu_changes: Mapping[TissueGroup, float] | None = None,
    export: Sequence[ExportFormat] = (),
    out: Path | None = None,
    overwrite: bool = False,
) -> CurveSet:
    """Fit conversion curves to one calibration, or to one of a head and one of a body.

    Parameters
    ----------
    calibrations
        One or two results of ``kerma calibrate``, JSON.
    quantity, model
        red, density or spr; piecewise, bilinear, isotonic or consensus.
    energy_mev
        Proton energy of the stopping-power ratios, MeV.
    top_hu
        Where the last slope is carried on to, HU.
    phantoms
        Files of phantoms of your own that the calibrations were made with.
    site
        Which curve is compared and exported: head, body, or average.
    compare
        The curve installed in a planning system, a table of HU and value.
    limits
        How far that may differ, TOML or JSON.
    hu_changes
        Changes of CT number by tissue group whose effect on a plan is wanted, HU.
    export
        raystation, matrad, table.
    out
        Folder for the report and the tables; nothing is written without it.
    overwrite
        Replace earlier files.

    Raises
    ------
    KermaError
        As the steps do; the message is for the user.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    if export and out is None:
        raise InputError("Say in which folder (out) the exported tables are to go.")
    texts = [read_text(file) for file in calibrations]
    own = [read_record(file, Phantom) for file in phantoms]
    scans = [
        _scan(file, text, own) for file, text in zip(calibrations, texts, strict=True)
    ]
    curves = fit_curves(
        scans, quantity=quantity, model=model, energy_mev=energy_mev, top_hu=top_hu
    )
    if compare is not None:
        curves = compare_with_installed(
            curves,
            read_installed(compare),
            site=site,
            limits=read_record(limits, CurveLimits) if limits else None,
        )
    if hu_changes:
        curves = with_hu_changes(curves, hu_changes)
    asked = {
        "calibrations": ", ".join(file.name for file in calibrations),
        "calibrations_sha256": ", ".join(_sha256(text) for text in texts),
        "quantity": quantity,
        "model": model,
        "energy_mev": energy_mev,
        "top_hu": "" if top_hu is None else top_hu,
        "phantoms": ", ".join(file.name for file in phantoms),
        "site": site or "",
        "compare": compare.name if compare else "",
        "limits": limits.name if limits else "",
        "hu_changes": dict(hu_changes or {}),
    }
    curves = curves.with_provenance(
        Provenance(
            kerma_version=__version__,
            procedure="hu-curves",
            parameters=tuple((key, str(value)) for key, value in asked.items()),
            inputs=_inputs([calibration for calibration, _ in scans]),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        )
    )
    if out is not None:
        from kerma.reports.curves import report_curves  # figures are slow to load

        problem = report_curves(
            curves, out, export=export, site=site, overwrite=overwrite
        )
        if problem:
            _log.warning("No PDF was written. %s", problem)
    return curves


def one_of(word: str, words: Sequence[W], what: str) -> W:
    """The one of some words that a user typed.

    Raises
    ------
    InputError
        It is none of them.
    """
    for known in words:
        if word == known:
            return known
    raise InputError(f"There is no {what} {word!r}; there are {', '.join(words)}.")


def parse_changes(texts: Sequence[str]) -> dict[TissueGroup, float]:
    """Changes of CT number by tissue group, from texts such as ``soft=10``.

    Raises
    ------
    InputError
        An unknown group, or no number.
    """
    changes = {}
    for text in texts:
        group, _, number = text.partition("=")
        try:
            change = float(number)
        except ValueError:
            change = math.nan
        if not math.isfinite(change):
            raise InputError(
                f"A change of CT number is written as soft=10; got {text!r}."
            )
        changes[one_of(group.strip(), TISSUE_GROUPS, "tissue group")] = change
    return changes


def _scan(file: Path, text: str, own: Sequence[Phantom]) -> tuple[Calibration, Phantom]:
    """A calibration with the phantom that it was made with."""
    try:
        calibration = Calibration.from_json(text)
    except InputError as error:
        raise InputError(
            f"{file}: {error} A result of kerma calibrate in JSON is needed."
        ) from error
    name = calibration.recognition.phantom
    for phantom in own:
        if phantom.name == name:
            return calibration, phantom
    if name not in phantom_names():  # a name in a file must not lead to another file
        raise InputError(
            f"{file}: it was made with a phantom that is not shipped; give the file of "
            f"that phantom too."
        )
    return calibration, choose_phantoms(name)[0]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _inputs(calibrations: Sequence[Calibration]) -> tuple[InputSeries, ...]:
    """The scans that the calibrations were made from, where they say it."""
    return tuple(
        series
        for calibration in calibrations
        if calibration.provenance is not None
        for series in calibration.provenance.inputs
    )
