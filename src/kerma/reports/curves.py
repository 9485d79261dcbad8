"""The report of conversion curves: page, figures, tables, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from kerma.core.result import Verdict
from kerma.errors import MissingDependencyError
from kerma.io.files import all_or_none, write_file
from kerma.physics.ct_number import Stoichiometry
from kerma.reports.figures_curves import plot_curves
from kerma.reports.figures_installed import plot_installed
from kerma.reports.page import data_uri, number, png_of, render, svg_of
from kerma.reports.pdf import pdf_of
from kerma.reports.tables import Cell, csv_of
from kerma.workflows.ct_calibration.curves.difference import Comparison
from kerma.workflows.ct_calibration.curves.export import (
    ExportFormat,
    ExportRecord,
    export_curve,
    verify_export,
)
from kerma.workflows.ct_calibration.curves.quantity import NAMES, TITLES, UNITS
from kerma.workflows.ct_calibration.curves.result import CurveSet, HUAtSite
from kerma.workflows.ct_calibration.curves.sites import Site
from kerma.workflows.ct_calibration.figures.style import words

__all__ = ["curves_html", "inserts_csv", "nodes_csv", "report_curves"]

_PNG_DPI = 200


def report_curves(
    curves: CurveSet,
    folder: Path,
    *,
    export: Sequence[ExportFormat] = (),
    site: Site | None = None,
    overwrite: bool = False,
    pdf: bool = True,
) -> str:
    """Write the curves as JSON, CSV, figures, tables, one HTML page and its PDF.

    The files appear all together or not at all.

    Parameters
    ----------
    curves
        The result.
    folder
        Where the files go; made if it does not exist.
    export, site
        Programs that get a table, and which curve it is of; by default the average, or
        the only one.
    overwrite
        Whether an earlier report of this quantity and model is replaced.
    pdf
        Whether a PDF is wanted.

    Returns
    -------
    str
        Why there is no PDF though one was wanted, and the remedy; else empty.

    Raises
    ------
    InputError
        A file is there already, or the folder cannot be written to, or a program
        cannot use this curve.
    """
    stem = f"hu_{curves.quantity}_{curves.model}"
    problem = ""
    with TemporaryDirectory() as scratch:
        tables = [
            export_curve(curves, form, Path(scratch), site=site)
            for form in dict.fromkeys(export)
        ]
        contents = _contents(curves, stem, [verify_export(file) for file in tables])
        contents |= {
            file.name: file.read_bytes() for file in sorted(Path(scratch).iterdir())
        }
    if pdf:
        try:
            contents[f"{stem}.pdf"] = pdf_of(str(contents[f"{stem}.html"]))
        except MissingDependencyError as error:
            problem = str(error)
    with all_or_none(folder, list(contents), overwrite=overwrite) as temporary:
        for name, content in contents.items():
            write_file(temporary / name, content)
    if overwrite:
        for name in {f"{stem}.pdf", f"{stem}_installed.png"} - contents.keys():
            (folder / name).unlink(missing_ok=True)  # an earlier one would be wrong now
    return problem


def _contents(
    curves: CurveSet, stem: str, exports: Sequence[ExportRecord]
) -> dict[str, str | bytes]:
    """What each file but the PDF and the tables holds."""
    contents: dict[str, str | bytes] = {
        f"{stem}.json": curves.to_json() + "\n",
        f"{stem}_nodes.csv": nodes_csv([curves]),
        f"{stem}_inserts.csv": inserts_csv(curves),
        f"{stem}.html": curves_html(curves, exports),
        f"{stem}.png": png_of(plot_curves(curves), dpi=_PNG_DPI),
    }
    if curves.comparison is not None:
        contents[f"{stem}_installed.png"] = png_of(plot_installed(curves), dpi=_PNG_DPI)
    return contents


def curves_html(curves: CurveSet, exports: Sequence[ExportRecord] = ()) -> str:
    """One page with everything in it, for a browser, a mail or a printer.

    Parameters
    ----------
    curves, exports
        The result, and what vouches for the tables made of it.
    """
    figures = {"curves": data_uri(svg_of(plot_curves(curves)), "image/svg+xml")}
    if curves.comparison is not None:
        installed = svg_of(plot_installed(curves))
        figures["installed"] = data_uri(installed, "image/svg+xml")
    responses = [
        (f"Response, {one.site}", _response(one.stoichiometry))
        for one in curves.curves
        if one.stoichiometry is not None
    ]
    judged = curves.comparison is not None
    return render(
        "curves.html.j2",
        curves=curves,
        exports=exports,
        figures=figures,
        name=NAMES[curves.quantity],
        title=TITLES[curves.quantity],
        symbol=UNITS[curves.quantity],
        responses=responses,
        accuracy=[(one.site, row) for one in curves.curves for row in one.accuracy],
        changes=", ".join(
            f"{group} {number(change, 1, sign=True)} HU"
            for group, change in curves.hu_changes
        ),
        verdict=curves.verdict if judged else Verdict.INCONCLUSIVE,
        word=curves.verdict if judged else "not compared",
        reason=_reason(curves.comparison),
    )


def _response(fit: Stoichiometry) -> str:
    return (
        f"{fit.photoelectric:.3g}, {fit.coherent:.3g}, {fit.rms_hu:.1f} HU rms of "
        f"{fit.materials} materials"
    )


def _reason(comparison: Comparison | None) -> str:
    """Say in one sentence why the verdict is what it is."""
    if comparison is None:
        return "No installed curve was given, so nothing is judged."
    if not comparison.materials:
        return "No insert has a place on both curves, so nothing can be judged."
    beyond = [
        f"{words(one.material)} ({number(one.difference, 3, sign=True)})"
        for one in comparison.materials
        if not one.passed
    ]
    if beyond:
        return f"The installed curve is beyond its limit at {', '.join(beyond)}."
    return "The installed curve is within its limit at every insert."


def nodes_csv(sets: Iterable[CurveSet]) -> str:
    """One row for each node of each curve."""
    return csv_of(
        [
            {
                "site": one.site,
                "model": curves.model,
                "quantity": curves.quantity,
                "hu": node.hu,
                "value": node.value,
                "uncertainty": float(one.curve.uncertainty_at(node.hu)),
            }
            for curves in sets
            for one in curves.curves
            for node in one.curve.nodes
        ]
    )


def inserts_csv(curves: CurveSet) -> str:
    """One row for each insert, with what every curve makes of it."""
    rows = []
    for row in curves.inserts:
        cells: dict[str, Cell] = {
            "material": row.material,
            "name": row.name,
            "group": row.group,
            "red": row.red,
            "red_of_composition": row.composition_red,
            "density_g_cm3": row.density_g_cm3,
            "effective_atomic_number": row.effective_atomic_number,
            "effective_atomic_number_of_tissue": row.tissue_atomic_number,
            "excitation_energy_ev": row.excitation_energy_ev,
            "excitation_energy_ev_of_tissue": row.tissue_excitation_energy_ev,
            "spr_measured": row.measured_spr,
            "spr_calculated": row.calculated_spr,
            "value": row.value,
            "beam_hardening_hu": row.beam_hardening_hu,
        }
        for one in curves.curves:
            reading = row.at(one.site) or HUAtSite(one.site, None, None, None, None)
            cells |= {
                f"hu_{one.site}": reading.measured_hu,
                f"hu_uncertainty_{one.site}": reading.uncertainty_hu,
                f"hu_expected_{one.site}": reading.expected_hu,
                f"hu_estimated_{one.site}": reading.estimated_hu,
                f"curve_value_{one.site}": reading.curve_value,
            }
        rows.append(cells)
    return csv_of(rows)
