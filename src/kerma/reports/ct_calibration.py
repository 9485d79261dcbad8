"""The report of a CT calibration."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.errors import InputError, MissingDependencyError
from kerma.io.files import make_folder, write_file
from kerma.reports.curves import nodes_csv
from kerma.reports.figures_curves import plot_overview
from kerma.reports.figures_image_checks import (
    plot_sharpness,
    plot_slice_profile,
    plot_uniform_regions,
)
from kerma.reports.page import data_uri, png_of, render, svg_of
from kerma.reports.pdf import pdf_of
from kerma.reports.tables import calibration_csv
from kerma.reports.wording import recognition_sentences, verdict_reason
from kerma.workflows.ct_calibration.curves.overview import Overview, overview_of
from kerma.workflows.ct_calibration.curves.quantity import NAMES
from kerma.workflows.ct_calibration.figures import (
    plot_constancy,
    plot_curve,
    plot_regions,
    plot_slice_means,
)
from kerma.workflows.ct_calibration.image_checks.result import ImageChecks
from kerma.workflows.ct_calibration.result import Calibration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ReportFiles", "calibration_html", "report_calibration"]

_PNG_DPI = 200
_PAGE_IMAGE_DPI = 150  # of the image in the page, which should stay small to mail


@dataclass(frozen=True)
class ReportFiles:
    """The files of one report.

    Parameters
    ----------
    csv, json, html, curve_png, regions_png
        Where they were written.
    conversion_csv
        The conversion curves, likewise; ``None`` where there are none.
    pdf
        Likewise; ``None`` where none was made.
    pdf_problem
        Why there is no PDF though one was wanted, and the remedy.
    """

    csv: Path
    json: Path
    html: Path
    curve_png: Path
    regions_png: Path
    conversion_csv: Path | None = None
    pdf: Path | None = None
    pdf_problem: str = ""


def report_calibration(
    calibration: Calibration,
    ct: CT,
    folder: Path,
    *,
    phantom: Phantom | None = None,
    overwrite: bool = False,
    pdf: bool = True,
    dicom_path: str = "",
) -> ReportFiles:
    """Write a calibration as CSV, JSON, figures, one HTML page and its PDF.

    The files appear all together or not at all. Where the PDF cannot be made for
    want of WeasyPrint the others are written and `pdf_problem` says what to do.

    Parameters
    ----------
    calibration, ct
        The result and the scan it was made from.
    folder
        Where the files go; made if it does not exist.
    phantom
        The phantom as its file has it, for the conversion curves to mass density and
        stopping power; without it there are none.
    overwrite
        Whether an earlier report of the same phantom there is replaced.
    pdf
        Whether a PDF is wanted.
    dicom_path
        What the CSV says in its column of that name.

    Raises
    ------
    InputError
        A file of that name is there already, or the folder cannot be written to.
    """
    files = _names(calibration, folder)
    if not overwrite:
        _refuse_to_overwrite(files)
    overview = overview_of(calibration, phantom) if phantom else None
    contents = _contents(calibration, ct, overview, dicom_path=dicom_path)
    problem = ""
    if pdf:
        try:
            contents["pdf"] = pdf_of(str(contents["html"]))
        except MissingDependencyError as error:
            problem = str(error)
    _write_together({files[kind]: content for kind, content in contents.items()})
    for kind in files.keys() - contents.keys():
        files.pop(kind).unlink(missing_ok=True)  # an earlier one would now be wrong
    return ReportFiles(**files, pdf_problem=problem)


def _contents(
    calibration: Calibration, ct: CT, overview: Overview | None, *, dicom_path: str
) -> dict[str, str | bytes]:
    """What each file but the PDF holds."""
    contents: dict[str, str | bytes] = {
        "csv": calibration_csv(calibration, ct, dicom_path=dicom_path),
        "json": calibration.to_json() + "\n",
        "html": calibration_html(calibration, ct, overview),
        "curve_png": png_of(_figure(plot_curve(calibration)), dpi=_PNG_DPI),
        "regions_png": png_of(_figure(plot_regions(calibration, ct)), dpi=_PNG_DPI),
    }
    if overview is not None and overview.sets:
        contents["conversion_csv"] = nodes_csv(overview.sets)
    return contents


def calibration_html(
    calibration: Calibration, ct: CT, overview: Overview | None = None
) -> str:
    """One page with everything in it, for a browser, a mail or a printer."""
    regions = png_of(_figure(plot_regions(calibration, ct)), dpi=_PAGE_IMAGE_DPI)
    figures = {
        "curve": data_uri(svg_of(_figure(plot_curve(calibration))), "image/svg+xml"),
        "regions": data_uri(regions, "image/png"),
    }
    if len(calibration.pose.slice_positions_mm) > 2:
        figures["slices"] = data_uri(
            svg_of(plot_slice_means(calibration)), "image/svg+xml"
        )
    checks = calibration.image_checks
    if checks is not None:
        figures |= _image_figures(checks, ct)
    if overview is not None and overview.sets:
        conversion = svg_of(plot_overview(overview))
        figures["conversion"] = data_uri(conversion, "image/svg+xml")
    if calibration.constancy is not None:
        chart = _figure(plot_constancy(calibration.constancy))
        figures["constancy"] = data_uri(svg_of(chart), "image/svg+xml")
    return render(
        "calibration.html.j2",
        calibration=calibration,
        overview=overview,
        titles=NAMES,
        grid=ct.grid,
        figures=figures,
        verdict=calibration.verdict,
        reason=verdict_reason(calibration),
        recognition=recognition_sentences(calibration.recognition),
    )


def _image_figures(checks: ImageChecks, ct: CT) -> dict[str, str]:
    """The figures of the image checks, as far as there is something to draw."""
    figures = {}
    if checks.regions:
        regions = _figure(plot_uniform_regions(checks, ct))
        image = png_of(regions, dpi=_PAGE_IMAGE_DPI)
        figures["uniformity"] = data_uri(image, "image/png")
    if checks.ramps:
        profile = svg_of(_figure(plot_slice_profile(checks)))
        figures["slice_profile"] = data_uri(profile, "image/svg+xml")
    if checks.edge is not None:
        sharpness = svg_of(_figure(plot_sharpness(checks)))
        figures["sharpness"] = data_uri(sharpness, "image/svg+xml")
    return figures


def _names(calibration: Calibration, folder: Path) -> dict[str, Path]:
    """Where each file goes; a phantom's name cannot lead out of the folder."""
    phantom = re.sub(r"[^A-Za-z0-9_-]+", "_", calibration.recognition.phantom)
    endings = {
        "csv": ".csv",
        "json": ".json",
        "html": ".html",
        "curve_png": "_curve.png",
        "regions_png": "_regions.png",
        "conversion_csv": "_conversion.csv",
        "pdf": ".pdf",
    }
    return {kind: folder / f"hu_red_{phantom}{end}" for kind, end in endings.items()}


def _refuse_to_overwrite(files: Mapping[str, Path]) -> None:
    for file in files.values():
        if file.exists():
            raise InputError(
                f"{file}: there is a report already. Choose another folder, or allow "
                f"it to be replaced (overwrite)."
            )


def _write_together(contents: Mapping[Path, str | bytes]) -> None:
    """Write files of one folder so that a failure leaves none of them.

    All are written under a temporary folder first: what fails, such as a full
    disk, fails there.
    """
    folder = make_folder(next(iter(contents)).parent)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".hu_red_") as temporary:
            staged = {
                file: write_file(Path(temporary) / file.name, content)
                for file, content in contents.items()
            }
            for file, ready in staged.items():
                ready.replace(file)
    except OSError as error:
        raise InputError(
            f"{folder}: the report cannot be written there ({error.strerror})."
        ) from error


def _figure(ax: Axes) -> Figure:
    """The figure of axes that a plot has made with it."""
    return cast("Figure", ax.get_figure(root=True))
