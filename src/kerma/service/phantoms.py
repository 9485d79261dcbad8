"""Phantoms for the command line: which there are, what one is, learning a new one."""

from __future__ import annotations

import io
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.io import read_ct
from kerma.io.files import write_file
from kerma.service.procedures import Progress
from kerma.workflows.ct_calibration.phantoms import (
    choose_phantoms,
    phantom_names,
    shipped_phantoms,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kerma.workflows.ct_calibration.learning import LearnedPhantom

__all__ = [
    "describe_phantom",
    "draw_phantom",
    "learn_phantom",
    "phantom_record",
    "phantom_rows",
    "phantom_table",
    "the_phantom",
]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_DPI = 150
_ROW = "{:<22}{:<28}{:>7}{:>8}{:>8}{:>9}{:>8}{:>10}"


def phantom_rows() -> list[dict[str, Any]]:
    """The shipped phantoms: name, title, number of inserts, whether verified."""
    return [
        {
            "name": one.name,
            "title": one.title,
            "inserts": len(one.inserts),
            "geometry_verified": one.geometry_verified,
        }
        for one in shipped_phantoms()
    ]


def phantom_table() -> str:
    """The shipped phantoms, one line each."""
    rows = phantom_rows()
    width = max(len(row["name"]) for row in rows)
    lines = []
    for row in rows:
        sure = "" if row["geometry_verified"] else "  (geometry not verified)"
        lines.append(f"{row['name']:<{width}}  {row['title']}{sure}")
    return "\n".join(lines)


def the_phantom(name_or_file: str) -> Phantom:
    """One phantom by its name or its file.

    Raises
    ------
    InputError
        There is none, or the name stands for several.
    """
    if name_or_file == "auto":
        raise InputError(f"Name one phantom of {', '.join(phantom_names())}.")
    found = choose_phantoms(name_or_file)
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise InputError(f"{name_or_file!r} stands for {names}: name one of them.")
    return found[0]


def phantom_record(phantom: Phantom) -> dict[str, Any]:
    """A phantom as plain values, which read back as the same phantom."""
    record = asdict(phantom)
    for material in record["materials"].values():
        material["hu_by_kv"] = {str(kv): hu for kv, hu in material["hu_by_kv"].items()}
    return record


def describe_phantom(phantom: Phantom) -> str:
    """What is known of a phantom, for a terminal."""
    outline = phantom.outline
    verified = f"geometry {'' if phantom.geometry_verified else 'not '}verified"
    size = f"{outline.width_mm:g} x {outline.height_mm:g} mm"
    head = ("insert", "material", "RED", "HU", "g/cm3", "radius", "angle", "diameter")
    lines = [
        f"{phantom.name}: {phantom.title}",
        f"{outline.shape}, {size}; inserts {phantom.length_mm:g} mm long; {verified}",
        "",
        _ROW.format(*head),
    ]
    for insert in phantom.inserts:
        material = phantom.material_of(insert)
        values = (
            _number(material.red, 3),
            f"{material.hu_at(None):.0f}",
            _number(material.density_g_cm3, 3),
            f"{insert.radius_mm:.1f}",
            f"{insert.angle_deg:.1f}",
            f"{insert.diameter_mm:.1f}",
        )
        lines.append(_ROW.format(insert.name, material.name, *values))
    lines += ["", f"Source: {phantom.source}"]
    if phantom.caveat:
        lines.append(f"Beware: {phantom.caveat}")
    return "\n".join(lines)


def draw_phantom(phantom: Phantom, file: Path, *, overwrite: bool = False) -> Path:
    """Draw a phantom with its inserts named into a PNG.

    Raises
    ------
    InputError
        The file exists, or cannot be written.
    """
    from kerma.workflows.ct_calibration.figures.phantom import plot_phantom

    _require_free(file, overwrite=overwrite)
    return write_file(file, _png(plot_phantom(phantom)))


def learn_phantom(
    scan: Path,
    name: str,
    out: Path,
    png: Path | None = None,
    series_uid: str | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> LearnedPhantom:
    """Describe the phantom in a scan in a file for its owner to complete.

    Parameters
    ----------
    scan
        Folder, zip archive or file of the scan.
    name
        What to call the phantom: letters, digits, `_` and `-`.
    out
        TOML file to write.
    png
        Picture to write of the description over the scan.
    series_uid
        Which series, where the folder holds several.
    overwrite
        Replace files that exist.
    progress
        Told what is being done.

    Raises
    ------
    KermaError
        The scan shows no phantom, a file exists, or the name is no name.
    """
    from kerma.workflows.ct_calibration.figures.phantom import plot_learned
    from kerma.workflows.ct_calibration.learning import learn, template_text

    if not _NAME.fullmatch(name) or name in (*phantom_names(), "auto"):
        raise InputError(
            f"{name!r} cannot be the name of a new phantom: take small letters, "
            f"digits, _ and -, and no name of a phantom that is shipped."
        )
    if out.suffix.lower() != ".toml":
        raise InputError(f"{out}: a phantom file ends in .toml.")
    for file in (out, png):
        _require_free(file, overwrite=overwrite)
    report = progress or (lambda _step, _done: None)
    ct = read_ct(
        scan, series_uid=series_uid, progress=lambda done: report("Reading", done)
    )
    report("Looking for inserts", 0.0)
    learned = learn(ct, name)
    write_file(out, template_text(learned))
    if png is not None:
        write_file(png, _png(plot_learned(learned)))
    return learned


def _require_free(file: Path | None, *, overwrite: bool) -> None:
    if file is not None and file.exists() and not overwrite:
        raise InputError(f"{file} is there already: choose another or overwrite it.")


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    return stream.getvalue()


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
