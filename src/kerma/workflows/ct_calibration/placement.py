"""A model placed in the scan."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.workflows.ct_calibration.edges import Edge
from kerma.workflows.ct_calibration.extent import Extent

__all__ = ["Placement"]


@dataclass(frozen=True, eq=False)
class Placement:
    """A model placed in the scan.

    Parameters
    ----------
    phantom, mirrored
        The model and whether it is seen from its other end.
    x, y
        Center in the module's middle, mm LPS.
    slope_x, slope_y
        Drift of the center along the axis, mm per mm.
    roll_deg, scale
        Turn, and measured over nominal distance.
    residual_mm
        Root mean square distance of the fitted inserts from their places.
    extent
        The stretch of slices that shows the module.
    rods
        (n, 2) center of each insert relative to the phantom's, mm: fitted where the
        contrast allows, else where the model has it.
    rod_uncertainty_mm
        (n,) standard uncertainty of that, each coordinate.
    fit_residual_mm
        (n,) distance of each fitted insert from its place; NaN where not fitted.
    edge
        The blur at the inserts' edge.
    """

    phantom: Phantom
    mirrored: bool
    x: float
    y: float
    slope_x: float
    slope_y: float
    roll_deg: float
    scale: float
    residual_mm: float
    extent: Extent
    rods: FloatArray
    rod_uncertainty_mm: FloatArray
    fit_residual_mm: FloatArray
    edge: Edge | None

    def center_at(self, z: float) -> tuple[float, float]:
        """(x, y) of the phantom's center at a height, mm."""
        up = z - self.extent.middle_mm
        return self.x + self.slope_x * up, self.y + self.slope_y * up

    def rods_at(self, z: float) -> FloatArray:
        """(n, 2) centers of the inserts at a height, mm."""
        return self.rods + self.center_at(z)
