"""Names and colors of labels for programs that draw them."""

from __future__ import annotations

from collections.abc import Sequence

from kerma.core.label_map import Label

__all__ = ["itksnap_labels", "slicer_colors"]

_GRAY = (128, 128, 128)


def itksnap_labels(labels: Sequence[Label]) -> str:
    """A label description file of ITK-SNAP.

    Number, red, green, blue, opacity, visibility in slices and in 3-D, name, as the
    files that the program writes say of themselves.
    """
    rows = ["# ITK-SnAP Label Description File", '    0     0    0    0        0  0  0    "Clear Label"']  # fmt: skip
    for label in labels:
        red, green, blue = label.color or _GRAY
        rows.append(
            f"{label.number:5d} {red:5d}{green:5d}{blue:5d}        1  1  1    "
            f'"{label.name}"'
        )
    return "\n".join(rows) + "\n"


def slicer_colors(labels: Sequence[Label]) -> str:
    """A color table of 3D Slicer: number, name without blanks, red, green, blue, alpha."""
    rows = ["# Color table file", "0 air 0 0 0 0"]
    for label in labels:
        red, green, blue = label.color or _GRAY
        name = label.name.replace(" ", "_")
        rows.append(f"{label.number} {name} {red} {green} {blue} 255")
    return "\n".join(rows) + "\n"
