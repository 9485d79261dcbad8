"""Pages that need nothing but themselves: templates, numbers in words, figures inside."""

from __future__ import annotations

import base64
import io
import warnings
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from kerma.workflows.ct_calibration.figures.style import words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["data_uri", "number", "png_of", "render", "sentence", "svg_of"]


def render(template: str, **values: object) -> str:
    """Fill in a template of this package; every value is escaped."""
    environment = Environment(
        loader=PackageLoader("kerma.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": clock,
        "day": day,
        "number": number,
        "sentence": sentence,
        "short_uid": short_uid,
        "words": words,
    }
    return environment.get_template(template).render(values)


def sentence(text: str) -> str:
    """A text with a capital to begin with, and otherwise as it is."""
    return text[:1].upper() + text[1:]


def number(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """A number with a true minus; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def day(date: str | None) -> str:
    """A DICOM date as 2024-03-12; what is none stays as it is."""
    if date and len(date) == 8 and date.isdigit():
        return f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return date or "–"


def clock(time: str | None) -> str:
    """A DICOM time as 07:15; what is none stays as it is."""
    if time and time[:4].isdigit() and len(time) >= 4:
        return f"{time[:2]}:{time[2:4]}"
    return time or "–"


def short_uid(uid: str) -> str:
    """Both ends of a UID: enough to recognize it."""
    return uid if len(uid) <= 28 else f"{uid[:12]}…{uid[-12:]}"


def png_of(figure: Figure, *, dpi: int) -> bytes:
    """A figure as PNG, without the time of day in it."""
    return _saved(figure, "png", dpi=dpi, metadata={"Software": None})


def svg_of(figure: Figure) -> bytes:
    """A figure as SVG with its letters as outlines: it looks the same everywhere."""
    from matplotlib import rc_context

    # A fixed salt gives the same names inside the file at every run.
    with rc_context({"svg.hashsalt": "kerma", "svg.fonttype": "path"}):
        return _saved(figure, "svg", dpi=72, metadata={"Date": None})


def data_uri(content: bytes, media_type: str) -> str:
    """Bytes as an address that carries them."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _saved(figure: Figure, kind: str, *, dpi: int, metadata: dict[str, None]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the table has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(stream, format=kind, dpi=dpi, metadata=metadata)
    return stream.getvalue()
