"""The table of procedures: from plain values to results, for every front door."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError, validate_call

from kerma import __version__
from kerma.core.phantom import Phantom
from kerma.core.provenance import InputSeries, Provenance
from kerma.core.result import Result, explain
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io import read_ct, read_record
from kerma.service.breast_batch import breast_cohort
from kerma.service.breast_ct import breast_ct
from kerma.service.calibration_history import calibration_history
from kerma.service.deidentification import deidentify_files
from kerma.service.dvh import dose_volume_histograms
from kerma.service.gamma import compare_doses
from kerma.service.hu_curves import hu_curves
from kerma.service.plan_check import plan_check
from kerma.service.structure_comparison import compare_structures
from kerma.workflows.ct_calibration.baseline import read_baseline
from kerma.workflows.ct_calibration.certificates import (
    Certificate,
    apply_certificates,
    certificate_notes,
    read_certificates,
    require_certificate,
)
from kerma.workflows.ct_calibration.comparison import check_constancy
from kerma.workflows.ct_calibration.constancy import Tolerances
from kerma.workflows.ct_calibration.image_checks import load_image_limits
from kerma.workflows.ct_calibration.phantoms import (
    SiteConfig,
    apply_config,
    choose_phantoms,
    load_tolerances,
)
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration

__all__ = ["PROCEDURES", "Progress", "ct_calibration", "run"]

_log = logging.getLogger(__name__)

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction done, 0 to 1."""


def ct_calibration(
    scan: Path,
    phantom: str = "auto",
    baseline: Path | None = None,
    tolerances: str = "seed",
    config: Path | None = None,
    series_uid: str | None = None,
    serial_number: str | None = None,
    certificates: Path | None = None,
    image_limits: str = "ct",
    out: Path | None = None,
    any_scope: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate a CT from a phantom scan, and check it against a baseline.

    Parameters
    ----------
    scan
        Folder, zip archive or file of the scan.
    phantom
        "auto", the name of a phantom, or the file of your own.
    baseline
        JSON or CSV of the accepted CT numbers.
    tolerances
        Name of a tolerance profile, or the file of your own.
    config
        A site's RED values, region and tolerances, as JSON.
    series_uid
        Which series, where the folder holds several.
    serial_number
        Serial number of the phantom.
    certificates
        File or folder of certificates; that of the serial number counts instead of
        the published values.
    image_limits
        Name of a profile of limits for the image checks, or the file of your own.
    out
        Folder for the report; nothing is written without it.
    any_scope
        Compare with the baseline although the conditions differ.
    overwrite
        Replace an earlier report.
    progress
        Told what is being done.

    Raises
    ------
    KermaError
        As the steps do; the message is for the user.
    """
    report = progress or _silent
    started, clock = datetime.now(UTC), time.perf_counter()
    site = read_record(config, SiteConfig) if config else SiteConfig()
    published = choose_phantoms(phantom)
    models, notes = _configured(published, site)
    used: dict[str, Certificate] = {}
    if certificates is not None:
        models, used = apply_certificates(
            models, read_certificates(certificates), serial_number
        )
    limits = _tolerances(tolerances, site)
    of_image = load_image_limits(image_limits)
    accepted = read_baseline(baseline) if baseline else None
    ct = read_ct(
        scan, series_uid=series_uid, progress=lambda done: report("Reading", done)
    )
    report("Finding the phantom", 0.0)
    result = calibrate(ct, models, serial_number=serial_number, image_limits=of_image)
    name = result.recognition.phantom
    odd = notes.get(name, ())
    if used:
        found = next(model for model in models if model.name == name)
        certificate = require_certificate(name, used)
        day = ct.acquisition.study_date
        odd = (*odd, *certificate_notes(certificate, found, day))
        result = replace(result, certificate=certificate)
    result = replace(result, notes=(*result.notes, *odd))
    if accepted is not None:
        result = check_constancy(result, accepted, limits, any_scope=any_scope)
    parameters = {
        "phantom": phantom,
        "baseline": baseline.name if baseline else "",
        "tolerances": limits.name,
        "config": config.name if config else "",
        "certificates": certificates.name if certificates else "",
        "image_limits": of_image.name,
        "any_scope": any_scope,
    }
    result = result.with_provenance(
        _provenance("ct-calibration", parameters, ct, started, clock)
    )
    if out is not None:
        from kerma.reports import report_calibration  # figures are slow to load

        report("Writing the report", 0.0)
        model = next(one for one in published if one.name == name)
        files = report_calibration(result, ct, out, overwrite=overwrite, phantom=model)
        if files.pdf_problem:
            _log.warning("No PDF was written. %s", files.pdf_problem)
    return result


PROCEDURES: dict[str, Callable[..., Result]] = {
    "breast-cohort": breast_cohort,
    "breast-ct": breast_ct,
    "ct-calibration": ct_calibration,
    "ct-calibration-history": calibration_history,
    "deidentify": deidentify_files,
    "dvh": dose_volume_histograms,
    "gamma": compare_doses,
    "hu-curves": hu_curves,
    "plan-check": plan_check,
    "structure-comparison": compare_structures,
}
"""Every procedure by name; its signature is its interface."""


def run(name: str, arguments: Mapping[str, object]) -> Result:
    """Run a procedure on named plain arguments, as they come from JSON or a form.

    Raises
    ------
    InputError
        There is no such procedure, or an argument is wrong, missing or unknown.
    """
    if name not in PROCEDURES:
        raise InputError(f"No procedure {name!r}; there are: {', '.join(PROCEDURES)}.")
    try:
        result: Result = validate_call(PROCEDURES[name])(**arguments)
    except ValidationError as error:
        raise InputError(f"{name}: {explain(error)}") from error
    return result


def _silent(_step: str, _done: float) -> None:
    """Tell nobody."""


def _configured(
    phantoms: tuple[Phantom, ...], site: SiteConfig
) -> tuple[tuple[Phantom, ...], dict[str, tuple[str, ...]]]:
    """The models as the site has them, and what was odd, by model."""
    models, notes = [], {}
    for phantom in phantoms:
        model, notes[phantom.name] = apply_config(phantom, site)
        models.append(model)
    return tuple(models), notes


def _tolerances(name_or_file: str, site: SiteConfig) -> Tolerances:
    """The profile, with the site's own tolerances in place of its."""
    profile = load_tolerances(name_or_file)
    if not site.tolerances_hu:
        return profile
    mine = dict(site.tolerances_hu)
    actions = {
        key: level for key, level in profile.action_hu.items() if key not in mine
    }
    return replace(
        profile,
        name=f"{profile.name} + site",
        tolerance_hu={**profile.tolerance_hu, **mine},
        action_hu=actions,
    )


def _provenance(
    procedure: str,
    parameters: Mapping[str, Any],
    ct: CT,
    started: datetime,
    clock: float,
) -> Provenance:
    return Provenance(
        kerma_version=__version__,
        procedure=procedure,
        parameters=tuple((key, str(value)) for key, value in parameters.items()),
        inputs=(InputSeries(ct.series_instance_uid, ct.sop_instance_uids, ct.sha256),),
        started_utc=started.isoformat(timespec="seconds"),
        duration_s=round(time.perf_counter() - clock, 3),
    )
