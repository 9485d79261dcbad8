"""Dose-volume histograms as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kerma.dosimetry.dvh_result import DVHResult
from kerma.dosimetry.histograms import DVH
from kerma.io.files import all_or_none, write_file
from kerma.reports.figures_dvh import plot_dvhs
from kerma.reports.tables import Cell, csv_of

__all__ = ["curves_csv", "report_dvhs", "statistics_csv"]

_NAMES = ("dvh.json", "dvh.csv", "dvh_statistics.csv", "dvh.png")
_BIN_GY = 0.05
_MOST_ROWS = 4000  # of a structure


def report_dvhs(
    result: DVHResult,
    histograms: Sequence[DVH],
    folder: Path,
    *,
    colors: Mapping[int, tuple[int, int, int] | None] | None = None,
    overwrite: bool = False,
) -> None:
    """Write the numbers as JSON and CSV, the curves as CSV and PNG, or nothing at all.

    Raises
    ------
    InputError
        One of the files is there already, or the folder cannot be written.
    """
    figure = plot_dvhs(
        histograms,
        checks=result.constraints,
        prescription_gy=result.prescription_gy,
        colors=colors,
    )
    with all_or_none(folder, _NAMES, overwrite=overwrite) as temporary:
        write_file(temporary / "dvh.json", result.to_json() + "\n")
        write_file(temporary / "dvh.csv", curves_csv(histograms))
        write_file(temporary / "dvh_statistics.csv", statistics_csv(result))
        figure.savefig(temporary / "dvh.png", dpi=170)


def curves_csv(histograms: Sequence[DVH]) -> str:
    """Cumulative histograms, one row for each structure and dose."""
    rows: list[dict[str, Cell]] = []
    for histogram in histograms:
        width = max(_BIN_GY, histogram.maximum_gy / _MOST_ROWS)
        doses, volumes = histogram.cumulative(width)
        rows += [
            {
                "structure": histogram.name,
                "number": histogram.number,
                "dose_gy": round(float(gy), 6),
                "volume_cc": float(cc),
                "volume_percent": float(100 * cc / histogram.volume_cc),
            }
            for gy, cc in zip(doses, volumes, strict=True)
        ]
    return csv_of(rows)


def statistics_csv(result: DVHResult) -> str:
    """One row for each structure."""
    return csv_of(
        [
            {
                "structure": row.name,
                "number": row.number,
                "volume_cc": row.volume_cc,
                "outside_percent": row.outside_percent,
                "minimum_gy": row.minimum_gy,
                "mean_gy": row.mean_gy,
                "maximum_gy": row.maximum_gy,
                "d98_gy": row.d98_gy,
                "d95_gy": row.d95_gy,
                "d50_gy": row.d50_gy,
                "d2_gy": row.d2_gy,
                "homogeneity_index": row.homogeneity_index,
                "notes": " ".join(row.notes),
            }
            for row in result.structures
        ]
    )
