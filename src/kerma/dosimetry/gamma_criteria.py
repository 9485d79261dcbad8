"""What two doses are asked for: the criteria of gamma, and the limits of its pass rate."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, TypeAlias

from pydantic import TypeAdapter

from kerma.errors import InputError

__all__ = ["GammaCriteria", "GammaLimits", "Normalization", "tg218"]

Normalization: TypeAlias = Literal["global", "local"]


@dataclass(frozen=True)
class GammaCriteria:
    """Criteria of a gamma analysis.

    Parameters
    ----------
    dose_percent, distance_mm
        Dose difference, in percent, and distance that give a gamma of 1.
    threshold_percent
        Points whose reference dose is below this are left out; percent of the
        normalization dose, for local criteria too.
    normalization
        Whether `dose_percent` is of the normalization dose ("global") or of the
        reference dose at each point ("local").
    norm_gy
        Normalization dose, such as the prescription; ``None`` for the maximum of the
        reference.
    max_gamma
        How far is searched: gamma is given up to this. ``None`` or infinity for no end.

    Raises
    ------
    InputError
        A criterion that is not positive and finite, a threshold outside 0 to 100, a
        largest gamma that is not above 1.
    """

    dose_percent: float = 3.0
    distance_mm: float = 3.0
    threshold_percent: float = 10.0
    normalization: Normalization = "global"
    norm_gy: float | None = None
    max_gamma: float | None = 2.0

    def __post_init__(self) -> None:
        for name in ("dose_percent", "distance_mm", "norm_gy"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise InputError(
                    f"{name} of a gamma analysis must be over 0; got {value}."
                )
        if not 0 <= self.threshold_percent <= 100:
            raise InputError(
                f"threshold_percent is from 0 to 100; got {self.threshold_percent}."
            )
        if self.normalization not in ("global", "local"):
            raise InputError(
                f"A normalization is global or local; got {self.normalization!r}."
            )
        if self.max_gamma == math.inf:  # JSON has no infinity
            object.__setattr__(self, "max_gamma", None)
        # NaN fails the comparison.
        if self.max_gamma is not None and not self.max_gamma > 1:
            raise InputError(
                f"max_gamma must be over 1, or nothing could fail; got "
                f"{self.max_gamma}."
            )

    def __str__(self) -> str:
        return (
            f"{self.dose_percent:g} %/{self.distance_mm:g} mm {self.normalization}, "
            f"threshold {self.threshold_percent:g} %"
        )


@dataclass(frozen=True)
class GammaLimits:
    """Limits of the pass rate.

    Parameters
    ----------
    name, source
        What they are called, and where they are from.
    tolerance_percent
        Pass rates from here up pass.
    action_percent
        Pass rates below fail; from here up to the tolerance they ask for action.
    dose_percent, distance_mm, threshold_percent, normalization
        Criteria that the limits were made for; ``None`` for any.
    not_evaluable_percent
        Share of points that may be out of reach of the evaluated dose before the
        verdict is inconclusive, percent.

    Raises
    ------
    InputError
        Limits that are not 0 <= action <= tolerance <= 100, or a share that is no
        percentage.
    """

    name: str
    source: str
    tolerance_percent: float
    action_percent: float
    dose_percent: float | None = None
    distance_mm: float | None = None
    threshold_percent: float | None = None
    normalization: Normalization | None = None
    not_evaluable_percent: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.action_percent <= self.tolerance_percent <= 100:
            raise InputError(
                f"Limits of a pass rate are 0 <= action <= tolerance <= 100; got "
                f"{self.action_percent} and {self.tolerance_percent}."
            )
        if not 0 <= self.not_evaluable_percent <= 100:
            raise InputError(
                f"not_evaluable_percent is from 0 to 100; got "
                f"{self.not_evaluable_percent}."
            )

    def is_made_for(self, criteria: GammaCriteria) -> bool:
        """Whether these are the criteria that the limits were made for."""
        return all(
            getattr(self, name) in (None, getattr(criteria, name))
            for name in (
                "dose_percent",
                "distance_mm",
                "threshold_percent",
                "normalization",
            )
        )


@cache
def tg218() -> GammaLimits:
    """Limits of AAPM Task Group 218."""
    text = (resources.files("kerma.dosimetry") / "data" / "tg218.toml").read_text()
    return TypeAdapter(GammaLimits).validate_python(tomllib.loads(text), extra="forbid")
