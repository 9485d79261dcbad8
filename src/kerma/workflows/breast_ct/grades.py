"""A density grade from the volume fraction of gland."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path

from kerma.errors import InputError
from kerma.io import read_record

__all__ = ["GradeScale", "load_grades"]

_SHIPPED = resources.files("kerma.workflows.breast_ct") / "data" / "grades.toml"


@dataclass(frozen=True)
class GradeScale:
    """Where the density grades of a breast meet.

    Parameters
    ----------
    name
        What the grades are, as printed beside them.
    source
        Where the cut-points come from.
    grades
        From fatty to dense.
    cut_points
        Where each grade ends and the next begins: volume of gland over that of fat,
        gland and skin, one fewer than the grades.

    Raises
    ------
    InputError
        The cut-points do not rise within 0 and 1, or are not one fewer than the grades.
    """

    name: str
    source: str
    grades: tuple[str, ...]
    cut_points: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.cut_points) + 1 != len(self.grades):
            raise InputError(
                f"{self.name}: cut_points are one fewer than the grades; got "
                f"{len(self.cut_points)} and {len(self.grades)}."
            )
        bounds = (0.0, *self.cut_points, 1.0)
        if not all(low < high for low, high in pairwise(bounds)):
            raise InputError(
                f"{self.name}: cut_points rise within 0 and 1; got "
                f"{', '.join(f'{point:g}' for point in self.cut_points)}."
            )

    def grade_of(self, fraction_with_skin: float) -> str:
        """The grade of a gland fraction; a cut-point itself is of the denser grade."""
        return self.grades[bisect_right(self.cut_points, fraction_with_skin)]


def load_grades(file: Path | None = None) -> GradeScale:
    """The shipped grades, or those in a file of your own.

    Raises
    ------
    InputError
        The file cannot be read or has a mistake in it.
    """
    if file is not None:
        return read_record(file, GradeScale)
    with resources.as_file(_SHIPPED) as shipped:
        return read_record(shipped, GradeScale)
