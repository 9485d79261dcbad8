"""What is plausible of a segmented breast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from kerma.errors import InputError
from kerma.io import read_record

__all__ = ["Limits", "default_limits"]

_DATA = resources.files("kerma.workflows.breast_ct") / "data"


@dataclass(frozen=True)
class Limits:
    """Limits beyond which a scan is flagged.

    Parameters
    ----------
    name, source
        Of the set, and where its numbers come from.
    skin_mm
        Lowest and highest mean thickness of the skin, mm.
    skin_coverage
        Least part of the surface where the skin can be measured.
    muscle_share
        Most that muscle may take of fat, gland and muscle.
    gland_fraction
        Lowest and highest fraction of gland.
    disagreement
        Most that two estimates of the gland fraction may differ.
    field_cut, field_cut_unusable
        Part of the surface on the wall of the field: to be looked at, and too much.
    contrast_agent
        Part of fat and gland that may be as bright as an enhanced vessel.
    ring_hu
        Amplitude of rings about the axis of rotation, HU.
    breast_mm
        Longest side of a breast, mm.

    Raises
    ------
    InputError
        A range is empty.
    """

    name: str
    source: str
    skin_mm: tuple[float, float]
    skin_coverage: float
    muscle_share: float
    gland_fraction: tuple[float, float]
    disagreement: float
    field_cut: float
    field_cut_unusable: float
    contrast_agent: float
    ring_hu: float
    breast_mm: float

    def __post_init__(self) -> None:
        for key in ("skin_mm", "gland_fraction"):
            low, high = getattr(self, key)
            if not low < high:
                raise InputError(
                    f"{self.name}: {key} goes from low to high; got {low} to {high}."
                )


@cache
def default_limits() -> Limits:
    """The limits that are shipped."""
    with resources.as_file(_DATA / "limits.toml") as file:
        return read_record(file, Limits)
