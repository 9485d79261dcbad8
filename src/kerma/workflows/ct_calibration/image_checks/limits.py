"""What an image check may deviate by: profiles as data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path

import numpy as np

from kerma.errors import InputError
from kerma.io import read_record

__all__ = ["ImageLimits", "image_limits_names", "load_image_limits"]

_DATA = resources.files("kerma.workflows.ct_calibration") / "data" / "image_checks"


@dataclass(frozen=True)
class ImageLimits:
    """A profile of limits for the image checks; a limit itself passes.

    Parameters
    ----------
    name, source
        What it is called, and where the numbers are from.
    length_percent
        Deviation of a length in the image.
    position_mm
        Distance of an insert from its place.
    uniformity_hu
        Difference of a region at the rim from the one in the middle.
    slice_thickness_percent
        Deviation of the slice thickness from the nominal one, but
    slice_thickness_least_mm, slice_thickness_most_mm
        not less and not more than this.
    """

    name: str
    source: str
    length_percent: float
    position_mm: float
    uniformity_hu: float
    slice_thickness_percent: float
    slice_thickness_least_mm: float
    slice_thickness_most_mm: float

    def __post_init__(self) -> None:
        for field in fields(self)[2:]:
            value = getattr(self, field.name)
            if not value > 0:
                raise InputError(
                    f"{self.name}: {field.name} must be positive; got {value}."
                )
        if self.slice_thickness_least_mm > self.slice_thickness_most_mm:
            raise InputError(
                f"{self.name}: slice_thickness_least_mm "
                f"({self.slice_thickness_least_mm}) lies above "
                f"slice_thickness_most_mm ({self.slice_thickness_most_mm})."
            )

    def slice_thickness_mm(self, nominal_mm: float) -> float:
        """Allowed deviation of the thickness of a slice, mm."""
        part = self.slice_thickness_percent / 100 * nominal_mm
        return float(
            np.clip(part, self.slice_thickness_least_mm, self.slice_thickness_most_mm)
        )


def image_limits_names() -> tuple[str, ...]:
    """Names of the profiles that are shipped."""
    files = (entry.name for entry in _DATA.iterdir())
    return tuple(sorted(name[:-5] for name in files if name.endswith(".toml")))


def load_image_limits(name_or_file: str = "ct") -> ImageLimits:
    """A profile of limits by its shipped name, or your own file.

    Raises
    ------
    InputError
        Neither a name nor a file, or a file with a mistake in it.
    """
    if name_or_file in image_limits_names():
        with resources.as_file(_DATA / f"{name_or_file}.toml") as file:
            return read_record(file, ImageLimits)
    file = Path(name_or_file)
    if file.suffix.lower() in (".toml", ".json") or file.exists():
        return read_record(file, ImageLimits)
    raise InputError(
        f"There are no image limits {name_or_file!r}; there are "
        f"{', '.join(image_limits_names())}, or give the file of your own."
    )
