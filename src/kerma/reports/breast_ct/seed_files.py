"""Arrays and tables as the first breast CT scripts have them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from kerma.core.label_map import LabelMap
from kerma.core.result import explain
from kerma.errors import InputError
from kerma.io import make_folder, read_text, write_file, write_volume
from kerma.reports.breast_ct.naming import stem_of
from kerma.reports.tables import Cell, csv_of
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import LABELS, Tissue

__all__ = [
    "RECORDS",
    "ScanRecord",
    "glandularity_row",
    "read_records",
    "read_scan_record",
    "record_scan",
    "rewrite_tables",
    "time_row",
    "write_arrays",
]

RECORDS = "records"
"""Folder, beside the tables, of what is known of each scan."""

_STEPS = ("Glands", "Skin", "Muscle", "Rib", "Fold", "Silicone")


@dataclass(frozen=True)
class ScanRecord:
    """What the tables say of one scan.

    Parameters
    ----------
    result
        Its numbers.
    seconds
        CPU time by step, s.
    """

    result: BreastCT
    seconds: Mapping[str, float]


def write_arrays(
    segmented: SegmentedBreast, folder: Path, *, cylinder: bool = False
) -> tuple[Path, ...]:
    """Tissue numbers in the frame of the breast as ``segmentation_NAME.npy``.

    uint8, the chest wall first. ``segmentation_NAME.json`` beside it says where the
    voxels lie. Where there is a fold, ``segmentation_fold_NAME.npy`` has it once more:
    bool, the slices from the chest wall to the last that holds some of it.

    Parameters
    ----------
    segmented
        The breast.
    folder
        Where to; earlier files of the same names are replaced.
    cylinder
        Whether the cylinder is in it, as 9.
    """
    stem = stem_of(segmented.result.scan)
    numbers = segmented.numbers_with_cylinder() if cylinder else segmented.numbers
    # A copy, since a volume makes its array read-only.
    label_map = LabelMap(numbers.copy(), segmented.turned.grid, labels=LABELS)
    file = folder / f"segmentation_{stem}.npy"
    written = [write_volume(label_map, file, overwrite=True), file.with_suffix(".json")]
    fold = folder / f"segmentation_fold_{stem}.npy"
    held = np.flatnonzero(segmented.fold.any(axis=(1, 2)))
    if held.size:
        written.append(write_file(fold, _npy(segmented.fold[: held[-1] + 1])))
    else:  # an earlier run may have seen one
        fold.unlink(missing_ok=True)
    return tuple(written)


def record_scan(segmented: SegmentedBreast, folder: Path) -> Path:
    """Keep what the tables say of a scan, in ``records/NAME.json`` of their folder."""
    stem = stem_of(segmented.result.scan)
    record = {
        "result": segmented.result.to_dict(),
        "seconds": dict(segmented.seconds),
    }
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    return write_file(make_folder(folder / RECORDS) / f"{stem}.json", f"{text}\n")


def read_records(folder: Path) -> tuple[ScanRecord, ...]:
    """What `record_scan` kept in a folder, in the order of the names, 2 before 10.

    Raises
    ------
    InputError
        A record is damaged.
    """
    files = sorted(
        (folder / RECORDS).glob("*.json"), key=lambda file: _order(file.stem)
    )
    return tuple(read_scan_record(file) for file in files)


def rewrite_tables(folder: Path) -> tuple[Path, ...]:
    """Write ``Segmentation_time.csv`` and ``Glandularity.csv`` anew from the records.

    One row for each scan, in the order of the names; running a scan again replaces its
    row. The first columns are those of the first breast CT scripts.

    Parameters
    ----------
    folder
        Where `record_scan` kept the records, and where the tables go.

    Returns
    -------
    tuple of Path
        The tables; none where there is no record.

    Raises
    ------
    InputError
        A record is damaged, or the folder cannot be written.
    """
    records = read_records(folder)
    if not records:
        return ()
    tables = {
        "Segmentation_time.csv": [time_row(record) for record in records],
        "Glandularity.csv": [glandularity_row(record.result) for record in records],
    }
    return tuple(
        write_file(folder / name, csv_of(rows)) for name, rows in tables.items()
    )


def time_row(record: ScanRecord) -> dict[str, Cell]:
    """CPU time of a scan, s, to a tenth: all steps, then those that have a name."""
    seconds = record.seconds
    steps = {step: round(seconds.get(step, 0.0), 1) for step in _STEPS}
    total = round(sum(seconds.values()), 1)
    return {"id": record.result.scan, "Total": total, **steps}


def glandularity_row(result: BreastCT) -> dict[str, Cell]:
    """Glandularity and what belongs to it; fractions, not percent."""
    gland, scale, skin = result.glandularity, result.scale, result.skin
    volumes = result.volumes_ml
    fillings = sorted({implant.filling for implant in result.implants})
    return {
        "id": result.scan,
        "HU_G": round(gland.hu_g.value, 4),
        "Seg_G": round(gland.seg_g.value, 4),
        "laterality": result.laterality,
        "volume_ml": result.breast.volume_ml,
        "VGF": gland.vgf.value,
        "VGF_with_skin": gland.vgf_with_skin.value,
        "G_mass": gland.mass.value,
        "G_partial": gland.partial.value,
        "ci_low": gland.vgf.low,
        "ci_high": gland.vgf.high,
        "f_HU": scale.fat_hu,
        "g_HU": scale.gland_hu,
        "noise_HU": scale.noise_hu,
        "skin_mean_mm": skin.mean_mm,
        "skin_sd_mm": skin.sd_mm,
        "muscle_ml": volumes[Tissue.MUSCLE.title],
        "implant_ml": volumes[Tissue.IMPLANT.title],
        "implant_type": " ".join(fillings),
        "fold_ml": volumes[Tissue.FOLD.title],
        "grade": result.grade.grade,
        "passed": "yes" if result.passed else "no",
        "flags": " ".join(flag.code for flag in result.flags),
    }


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def read_scan_record(file: Path) -> ScanRecord:
    """Read what `record_scan` kept of one scan.

    Raises
    ------
    InputError
        It is not there, damaged, or that of another scan.
    """
    try:
        content = json.loads(read_text(file))
        result = BreastCT.from_json(json.dumps(content["result"]))
        seconds = TypeAdapter(dict[str, float]).validate_python(content["seconds"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(file, error) from error
    if result.scan != file.stem:
        raise InputError(
            f"{file.name}: is a record of another scan; has it been renamed?"
        )
    return ScanRecord(result, seconds)


def _damaged(file: Path, error: Exception) -> InputError:
    reason = explain(error) if isinstance(error, ValidationError) else str(error)
    return InputError(f"{file.name}: {reason} Delete it and run the scan again.")


def _order(name: str) -> list[tuple[int, str]]:
    """Numbers in a name count as numbers."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
