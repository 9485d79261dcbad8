"""Results as tables for a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import kerma
from kerma.core.volume import CT
from kerma.workflows.ct_calibration.result import Calibration, InsertReading

__all__ = ["calibration_csv", "csv_of"]

Cell: TypeAlias = str | float | int | None


def csv_of(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Write rows with the same keys as CSV; what is missing is an empty field.

    Numbers are written in full, so that they read back as the same numbers. A text
    that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _field(cell) for key, cell in row.items()} for row in rows)
    return stream.getvalue()


def calibration_csv(calibration: Calibration, ct: CT, *, dicom_path: str = "") -> str:
    """One row per insert, led by the columns of the first HU-RED scripts.

    `insert` is the seed's name of the material where it has one, else the
    material's key; several inserts may share it, `insert_name` is unique.
    `phantom` is the proper name of the phantom, `seed_phantom` the seed's. `assignment_cost` is the distance
    from the expected CT number in HU.

    Parameters
    ----------
    calibration
        The result.
    ct
        The scan that was calibrated.
    dicom_path
        Where it was read from; empty unless the user wants it there, since a path
        may hold a patient's name.
    """
    scan = _scan_cells(calibration, ct) | {"dicom_path": dicom_path}
    kept = _provenance_cells(calibration)
    rows = [
        scan | _seed_cells(r, ct) | _insert_cells(r) | kept
        for r in calibration.readings
    ]
    return csv_of(rows)


def _field(cell: Cell) -> str:
    if isinstance(cell, str):
        risky = cell.lstrip()[:1] in {"=", "+", "-", "@"} or cell[:1] in {"\t", "\r"}
        return f"'{cell}" if cell and risky else cell
    if cell is None or not math.isfinite(cell):
        return ""
    return repr(cell)


def _scan_cells(calibration: Calibration, ct: CT) -> dict[str, Cell]:
    """The seed's columns that are the same for every insert."""
    made, slices = calibration.acquisition, calibration.pose.slice_indices
    row_mm, column_mm = ct.grid.spacing[1:]
    return {
        "SeriesDescription": made.series_description,
        "ProtocolName": made.protocol,
        "KVP": made.kv,
        "Manufacturer": made.manufacturer,
        "ManufacturerModelName": made.model,
        "StationName": made.station,
        "StudyDate": made.study_date,
        "StudyTime": made.study_time,
        "SliceThickness": made.slice_thickness_mm,
        "ReconstructionKernel": made.kernel,
        "PixelSpacing": f"{row_mm!r}\\{column_mm!r}",  # as DICOM writes it
        "selected_slice_index": slices[len(slices) // 2],
        "phantom": calibration.recognition.phantom,
    }


def _seed_cells(reading: InsertReading, ct: CT) -> dict[str, Cell]:
    """The seed's columns of one insert."""
    pixel_mm = ct.grid.spacing[2]
    return {
        "insert": reading.seed_name or reading.material,
        "red": reading.red,
        "hu_mean": reading.mean_hu,
        "hu_std": reading.sd_hu,
        "center_x": reading.center_column,
        "center_y": reading.center_row,
        "roi_radius_px": reading.region_radius_mm / pixel_mm,
        "detected_radius_px": reading.insert_radius_mm / pixel_mm,
        "assignment_cost": abs(reading.residual_hu),
    }


def _insert_cells(reading: InsertReading) -> dict[str, Cell]:
    """What the seed did not have."""
    x_mm, y_mm, z_mm = reading.center_mm
    budget = reading.uncertainty
    return {
        "insert_name": reading.name,
        "material": reading.material,
        "identity": str(reading.identity),
        "remark": reading.remark,
        "red_uncertainty": reading.red_uncertainty,
        "hu_median": reading.median_hu,
        "hu_expected": reading.expected_hu,
        "hu_residual": reading.residual_hu,
        "hu_expanded_uncertainty": budget.expanded_hu,
        "hu_u_noise": budget.noise_hu,
        "hu_u_position": budget.position_hu,
        "hu_u_edge": budget.edge_hu,
        "hu_u_cupping": budget.cupping_hu,
        "hu_u_certificate": budget.certificate_hu,
        "hu_bias": budget.bias_hu,
        "voxels": reading.voxels,
        "effective_voxels": reading.effective_voxels,
        "center_x_mm": x_mm,
        "center_y_mm": y_mm,
        "center_z_mm": z_mm,
        "region_radius_mm": reading.region_radius_mm,
        "insert_radius_mm": reading.insert_radius_mm,
        "fit_residual_mm": reading.fit_residual_mm,
    }


def _provenance_cells(calibration: Calibration) -> dict[str, Cell]:
    made = calibration.provenance
    return {
        "slices": " ".join(str(k) for k in calibration.pose.slice_indices),
        "seed_phantom": calibration.recognition.seed_name,
        "phantom_title": calibration.recognition.title,
        "phantom_serial_number": calibration.serial_number,
        "DeviceSerialNumber": calibration.acquisition.serial_number,
        "kerma_version": kerma.__version__ if made is None else made.kerma_version,
    }
