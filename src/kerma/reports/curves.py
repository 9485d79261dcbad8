"""Conversion curves as files: figures, tables for a spreadsheet, JSON."""

from __future__ import annotations

from pathlib import Path

from kerma.io.files import all_or_none, write_file
from kerma.reports.figures_curves import plot_curves, plot_installed
from kerma.reports.page import png_of
from kerma.reports.tables import Cell, csv_of
from kerma.workflows.ct_calibration.curves.result import CurveSet, HUAtSite

__all__ = ["inserts_csv", "nodes_csv", "report_curves"]

_PNG_DPI = 200


def report_curves(
    curves: CurveSet, folder: Path, *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write the curves as JSON, CSV and figures, all of them or none.

    Parameters
    ----------
    curves
        The result.
    folder
        Where the files go; made if it does not exist.
    overwrite
        Whether an earlier report of this quantity and model is replaced.

    Raises
    ------
    InputError
        A file is there already, or the folder cannot be written to.
    """
    stem = f"hu_{curves.quantity}_{curves.model}"
    contents: dict[str, str | bytes] = {
        f"{stem}.json": curves.to_json() + "\n",
        f"{stem}_nodes.csv": nodes_csv(curves),
        f"{stem}_inserts.csv": inserts_csv(curves),
        f"{stem}.png": png_of(plot_curves(curves), dpi=_PNG_DPI),
    }
    if curves.comparison is not None:
        contents[f"{stem}_installed.png"] = png_of(plot_installed(curves), dpi=_PNG_DPI)
    with all_or_none(folder, list(contents), overwrite=overwrite) as temporary:
        for name, content in contents.items():
            write_file(temporary / name, content)
    return tuple(folder / name for name in contents)


def nodes_csv(curves: CurveSet) -> str:
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
                f"hu_estimated_{one.site}": reading.estimated_hu,
                f"curve_value_{one.site}": reading.curve_value,
            }
        rows.append(cells)
    return csv_of(rows)
