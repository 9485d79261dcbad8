"""Dose on CT from files to files, for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from kerma.core.arrays import Vec3
from kerma.core.dose import Dose
from kerma.core.structures import StructureSet
from kerma.core.volume import CT, Volume
from kerma.errors import InputError
from kerma.io import write_file, write_volume
from kerma.io.files import all_or_none
from kerma.service.overlay_sources import Sources, read_sources
from kerma.service.procedures import Progress

if TYPE_CHECKING:
    from kerma.reports.overlay import Survey

__all__ = ["Drawing", "Export", "Overlay", "Sources", "draw_overlay"]

Export: TypeAlias = Literal["nifti", "nrrd", "npy"]
OnGrid: TypeAlias = Literal["ct", "dose"]

_DPI = 150
_ENDINGS: dict[Export, tuple[str, ...]] = {
    "nifti": (".nii.gz",),
    "nrrd": (".nrrd",),
    "npy": (".npy", ".json"),
}
_STEMS: dict[OnGrid, tuple[str, str]] = {
    "ct": ("dose_on_ct", "ct"),
    "dose": ("ct_on_dose", "dose"),
}
"""What is exported on a grid; first what was resampled."""
_ALL_NAMES = (
    "overlay.png",
    "sheet.png",
    *(
        stem + end
        for stems in _STEMS.values()
        for stem in stems
        for ends in _ENDINGS.values()
        for end in ends
    ),
)


@dataclass(frozen=True)
class Drawing:
    """What is drawn and written.

    Parameters
    ----------
    at
        Where the cuts meet, ``(x, y, z)`` in mm.
    prescription_gy
        Dose that is 100 %.
    levels_percent
        Isodoses; empty for the usual ones.
    sheet
        Whether a sheet of axial slices is wanted, too.
    export
        Format of the numbers; ``None`` for none.
    grid
        On which grid they are exported.
    """

    at: Vec3 | None = None
    prescription_gy: float | None = None
    levels_percent: tuple[float, ...] = ()
    sheet: bool = False
    export: Export | None = None
    grid: OnGrid = "ct"

    def __post_init__(self) -> None:
        if self.export is not None and self.export not in get_args(Export):
            raise InputError(
                f"There is no export {self.export!r}; there are "
                f"{', '.join(get_args(Export))}."
            )
        if self.grid not in get_args(OnGrid):
            raise InputError(
                f"There is no grid {self.grid!r}; there are "
                f"{', '.join(get_args(OnGrid))}."
            )

    @property
    def volume_names(self) -> tuple[str, ...]:
        """Stems of the exported files: first what was resampled."""
        return _STEMS[self.grid] if self.export else ()

    @property
    def names(self) -> list[str]:
        """Every file that is written."""
        found = ["overlay.png", *(["sheet.png"] if self.sheet else [])]
        if self.export is not None:
            endings = _ENDINGS[self.export]
            found += [stem + end for stem in self.volume_names for end in endings]
        return found


@dataclass(frozen=True, eq=False)
class Overlay:
    """What was drawn, in words and numbers.

    Parameters
    ----------
    found
        Where the dose lies on the CT.
    in_gy
        Whether the dose is in Gy.
    has_structures
        Whether there were structures.
    notes
        What was odd.
    files
        What was written.
    """

    found: Survey
    in_gy: bool
    has_structures: bool
    notes: tuple[str, ...]
    files: tuple[Path, ...]

    def summary(self) -> str:
        """A few lines for a terminal."""
        found = self.found
        place = ", ".join(f"{c:.1f}" for c in found.maximum_at_mm)
        height = f"{found.maximum:.2f} Gy" if self.in_gy else "(relative, 100 %)"
        lines = [
            f"Dose maximum         {height} at ({place}) mm",
            f"Outside the CT       {self._outside()}",
            f"Frame of reference   {self._frames()}",
        ]
        if found.empty:
            numbers = ", ".join(map(str, found.empty))
            lines.append(f"Without contours     ROI {numbers}")
        lines += [f"Note                 {note}" for note in self.notes]
        lines += [f"Written              {file.name}" for file in self.files]
        return "\n".join(lines)

    def _outside(self) -> str:
        found = self.found
        if not found.outside_share:
            return "nothing of the dose grid"
        highest = f"{100 * found.maximum_outside / found.maximum:.1f} % of the maximum"
        if self.in_gy:
            highest = f"{found.maximum_outside:.2f} Gy"
        return f"{100 * found.outside_share:.1f} % of the dose grid, up to {highest}"

    def _frames(self) -> str:
        last = ", dose and structures" if self.has_structures else " and dose"
        return f"the same for CT{last}"


def draw_overlay(
    sources: Sources,
    out: Path,
    drawing: Drawing | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Overlay:
    """Draw a dose on its CT and write pictures, and numbers if wanted, into a folder.

    All files are written or none: `overlay.png`, `sheet.png`, and for an export on the
    grid of the CT `dose_on_ct` and `ct`, on that of the dose `ct_on_dose` and `dose`.

    Parameters
    ----------
    sources
        Where CT, dose and structures are.
    out
        Folder for the files.
    drawing
        What is drawn.
    overwrite
        Whether earlier files are replaced.
    progress
        Told what is being done.

    Raises
    ------
    InputError
        A source cannot be read, several sets could be meant, the frames of reference
        differ, or files are there already.
    """
    drawing = drawing or Drawing()
    report = progress or (lambda _step, _done: None)
    taken = [name for name in drawing.names if (out / name).exists()]
    if taken and not overwrite:
        raise InputError(
            f"{out.name}: {taken[0]} is there already and nothing was written; choose "
            f"another folder, or ask for it to be overwritten (--overwrite)."
        )
    report("Reading", 0.0)
    ct, dose, structures, notes = read_sources(sources, report)
    report("Drawing", 0.0)
    found, contents = _pictures(ct, dose, structures, drawing)
    volumes = _volumes(ct, dose, drawing)
    report("Writing", 0.0)
    with all_or_none(out, drawing.names, overwrite=overwrite) as folder:
        for name, content in contents.items():
            write_file(folder / name, content)
        for stem, volume in volumes.items():
            ending = _ENDINGS[drawing.export or "nifti"][0]
            write_volume(volume, folder / f"{stem}{ending}")
    left = [n for n in _ALL_NAMES if n not in drawing.names and (out / n).exists()]
    if left:
        notes += (f"From before and not of this drawing: {', '.join(left)}.",)
    return Overlay(
        found=found,
        in_gy=dose.units == "GY",
        has_structures=structures is not None,
        notes=notes,
        files=tuple(out / name for name in drawing.names),
    )


def _pictures(
    ct: CT, dose: Dose, structures: StructureSet | None, drawing: Drawing
) -> tuple[Survey, dict[str, bytes]]:
    from kerma.reports.overlay import (
        LEVELS_PERCENT,
        overlay_figure,
        slice_sheet,
        survey,
    )
    from kerma.reports.page import png_of

    found = survey(ct, dose, structures)
    levels = drawing.levels_percent or LEVELS_PERCENT
    hundred = drawing.prescription_gy
    figure = overlay_figure(
        ct,
        dose,
        structures,
        at=drawing.at,
        levels_percent=levels,
        prescription_gy=hundred,
    )
    contents = {"overlay.png": png_of(figure, dpi=_DPI)}
    if drawing.sheet:
        sheet = slice_sheet(
            ct, dose, structures, levels_percent=levels, prescription_gy=hundred
        )
        contents["sheet.png"] = png_of(sheet, dpi=_DPI)
    return found, contents


def _volumes(ct: CT, dose: Dose, drawing: Drawing) -> dict[str, Volume]:
    """CT and dose on one grid, by the names they are written under."""
    if drawing.export is None:
        return {}
    from kerma.imaging import resample

    pair: tuple[Volume, Volume] = (resample(dose, ct.grid), ct)
    if drawing.grid == "dose":
        pair = (resample(ct, dose.grid), dose)
    return dict(zip(drawing.volume_names, pair, strict=True))
