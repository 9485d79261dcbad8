"""How a breast CT is analyzed."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.workflows.breast_ct.devices import DevicePrior, load_device
from kerma.workflows.breast_ct.grades import GradeScale, load_grades
from kerma.workflows.breast_ct.limits import Limits, default_limits

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How a scan is analyzed.

    Parameters
    ----------
    device
        What is known of the HU scale beforehand.
    grades
        Cut-points of the density grade.
    limits
        Beyond which a scan is flagged.
    shading
        Whether shading is corrected.
    """

    device: DevicePrior
    grades: GradeScale
    limits: Limits
    shading: bool = False

    @classmethod
    def shipped(cls, device: str = "nu_view", *, shading: bool = False) -> Settings:
        """The settings that are shipped, for a device by its name or file.

        Raises
        ------
        InputError
            There is no such device.
        """
        return cls(load_device(device), load_grades(), default_limits(), shading)
