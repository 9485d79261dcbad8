"""What the lines and colors of an overlay mean."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerma.core.dose import Dose, DoseType
from kerma.core.structures import Structure, StructureSet
from kerma.reports.overlay.isodoses import Isodoses
from kerma.reports.overlay.panel import Panel
from kerma.reports.overlay.survey import Survey
from kerma.workflows.ct_calibration.figures.style import FONT_SIZE, INK, MUTED, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Key", "Row", "make_key"]

_WIDTH = 2.1  # inches of a column
_LINE = 0.165  # inches
_LETTERS = 36  # in a line of small type
_NAME = 21  # letters of a name beside its swatch
_MOST = 30  # structures with a line of their own
_SWATCH = "black"
_NO_BREAK = "\N{NO-BREAK SPACE}"  # between a number and its unit


@dataclass(frozen=True)
class Row:
    """A line of the key.

    Parameters
    ----------
    text
        As it stands there.
    color
        Of the swatch before it; ``None`` for none.
    is_heading, is_muted
        How it is written.
    """

    text: str = ""
    color: tuple[float, float, float] | None = None
    is_heading: bool = False
    is_muted: bool = False


@dataclass(frozen=True)
class Key:
    """The columns of a key, one beside the other."""

    columns: tuple[tuple[Row, ...], ...]

    @property
    def width(self) -> float:
        """Inches that it takes."""
        return _WIDTH * len(self.columns)

    @property
    def height(self) -> float:
        """Inches that it takes."""
        return _LINE * (max(map(len, self.columns)) + 0.5)

    def draw(self, ax: Axes) -> None:
        """Write it into axes of its width and height."""
        ax.set(xlim=(0, self.width), ylim=(self.height, 0), gid="key")
        ax.set_axis_off()
        for column, rows in enumerate(self.columns):
            for number, row in enumerate(rows):
                _write(row, ax, left=_WIDTH * column, y=_LINE * (number + 0.5))


def _write(row: Row, ax: Axes, *, left: float, y: float) -> None:
    from matplotlib.patches import Rectangle

    if row.color is not None:
        patch = Rectangle((left, y - 0.06), 0.3, 0.12, color=_SWATCH, lw=0)
        ax.add_patch(patch)
        ax.plot((left + 0.03, left + 0.27), (y, y), color=row.color, lw=1.8)
    ax.text(
        left + (0.0 if row.color is None else 0.4),
        y,
        row.text,
        va="center",
        fontsize=FONT_SIZE - 1 if row.is_muted else FONT_SIZE,
        fontweight="bold" if row.is_heading else "normal",
        color=MUTED if row.is_muted else INK,
        parse_math=False,
    )


def make_key(
    found: Survey,
    dose: Dose,
    panel: Panel,
    structures: StructureSet | None,
    seen: Collection[int],
    remarks: Sequence[str] = (),
) -> Key:
    """The key of a figure in which the structures of some numbers are seen.

    Remarks stand last, in small type.
    """
    black, white = panel.gray_limits_hu
    rows = [
        *_dose_rows(found, dose, panel.isodoses),
        Row(),
        *_level_rows(panel),
        Row(),
        *_small(f"Gray scale {signed(black, 0)} to {signed(white, 0)} HU"),
        *(row for remark in remarks for row in _small(remark)),
    ]
    if structures is None:
        return Key((tuple(rows),))
    names = [Row("Structures", is_heading=True)]
    names += _structure_rows(structures, panel, seen)
    return Key((tuple(rows), tuple(names)))


def _dose_rows(found: Survey, dose: Dose, isodoses: Isodoses) -> list[Row]:
    what = {
        DoseType.PHYSICAL: "Dose",
        DoseType.EFFECTIVE: "Effective dose",
        DoseType.ERROR: "Dose difference",
    }[dose.dose_type]
    reference = "prescription" if isodoses.is_prescribed else "maximum"
    hundred = f"{isodoses.reference:.2f} Gy ({reference})"
    place = ", ".join(signed(c) for c in found.maximum_at_mm)
    outside = isodoses.in_words(found.maximum_outside)
    rows = [
        Row(f"{what} ({dose.summation.lower().replace('_', ' ')})", is_heading=True),
        Row(f"100 % = {hundred if isodoses.in_gy else reference}"),
        Row(f"Maximum {isodoses.in_words(found.maximum)}"),
        *_small(f"at ({place}) mm"),
    ]
    if found.maximum_outside >= isodoses.lowest:
        rows += _small(f"Outside the CT: up to {outside}")
    return rows


def _level_rows(panel: Panel) -> list[Row]:
    isodoses = panel.isodoses
    rows = [Row("Isodoses", is_heading=True)]
    for percent in isodoses.percents:
        value = isodoses.value(percent)
        text = f"{percent:g} %"
        if isodoses.in_gy:
            text = f"{text}  =  {value:.2f} Gy"
        if percent in isodoses.reached:
            rows.append(Row(text, isodoses.color(value)))
        else:
            rows.append(Row(f"{text}, not reached", is_muted=True))
    return rows


def _structure_rows(
    structures: StructureSet, panel: Panel, seen: Collection[int]
) -> list[Row]:
    here = [d for d in panel.structures if d.structure.number in seen]
    rows = [Row(_name(d.structure, _NAME), d.color) for d in here[:_MOST]]
    if not here:
        rows.append(Row("none in these cuts", is_muted=True))
    others = [d.structure for d in panel.structures if d.structure.number not in seen]
    drawable = {d.structure.number for d in panel.structures}
    bare = [s for s in structures if s.number not in drawable]
    rows += _listed("Also here", [d.structure for d in here[_MOST:]])
    rows += _listed("Not in these cuts", others)
    rows += _listed("Empty", [s for s in bare if s.is_empty])
    rows += _listed("Without area", [s for s in bare if not s.is_empty])
    askew = [d.structure for d in panel.structures if d.stack.left_out]
    rows += _listed("Drawn in part", askew)
    return rows


def _listed(what: str, structures: Sequence[Structure]) -> list[Row]:
    if not structures:
        return []
    names = ", ".join(_name(structure, 32) for structure in structures)
    return _small(f"{what}: {names}")


def _small(text: str) -> list[Row]:
    bound = re.sub(r" (?=(mm|Gy|HU)\b|%)", _NO_BREAK, text)
    lines = textwrap.wrap(bound, _LETTERS, max_lines=4, placeholder=" …")
    return [Row(line.replace(_NO_BREAK, " "), is_muted=True) for line in lines]


def _name(structure: Structure, longest: int) -> str:
    """A name that can be written: one line, not too long."""
    text = "".join(c if c.isprintable() else " " for c in structure.name).strip()
    text = text or f"ROI {structure.number}"
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
