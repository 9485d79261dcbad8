"""A material on a curve."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.physics.tissues import TissueGroup

__all__ = ["Sample"]


@dataclass(frozen=True)
class Sample:
    """A material whose CT number and value are known.

    Parameters
    ----------
    name
        Key of an insert's material, or name of a tissue.
    group
        The part of a look-up table that it belongs to.
    hu, hu_uncertainty
        CT number, measured or estimated, and its standard uncertainty, HU.
    value, value_uncertainty
        RED, mass density or SPR, and its standard uncertainty.
    """

    name: str
    group: TissueGroup
    hu: float
    hu_uncertainty: float
    value: float
    value_uncertainty: float
