"""The HU-RED curve: from CT number to relative electron density."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError

__all__ = ["Curve", "CurvePoint", "average", "fit_curve"]


@dataclass(frozen=True)
class CurvePoint:
    """One material on the curve, averaged over its inserts.

    Parameters
    ----------
    materials
        The material, or the materials that had to share a point.
    hu, hu_uncertainty
        CT number and its standard uncertainty, HU.
    red, red_uncertainty
        Electron density relative to water and its standard uncertainty.
    inserts
        How many inserts were averaged.
    """

    materials: tuple[str, ...]
    hu: float
    hu_uncertainty: float
    red: float
    red_uncertainty: float
    inserts: int


@dataclass(frozen=True)
class Curve:
    """Electron density relative to water as a function of CT number.

    Straight lines between the points; beyond the first and the last point the
    nearest of the two holds, since nothing was measured there.

    Parameters
    ----------
    points
        Two or more, ascending in both HU and RED.

    Raises
    ------
    InputError
        Fewer than two points, or points that do not ascend.
    """

    points: tuple[CurvePoint, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise InputError(
                f"A curve needs two materials of known RED; got {len(self.points)}."
            )
        hu, red = self._columns("hu"), self._columns("red")
        if np.diff(hu).min() <= 0 or np.diff(red).min() < 0:
            raise InputError("The points of a curve must ascend in HU and RED.")

    def _columns(self, name: str) -> FloatArray:
        return np.array([getattr(point, name) for point in self.points])

    def red_of(self, hu: FloatArray | float) -> FloatArray:
        """RED of CT numbers in HU, any shape."""
        return np.asarray(np.interp(hu, self._columns("hu"), self._columns("red")))

    def hu_of(self, red: FloatArray | float) -> FloatArray:
        """CT numbers in HU of RED values, any shape."""
        return np.asarray(np.interp(red, self._columns("red"), self._columns("hu")))

    def slope_near(self, hu: float) -> float:
        """Change of RED per HU about a CT number, over 200 HU of the curve.

        Two materials a few HU apart make a piece of the curve whose own slope means
        nothing; over 200 HU it is that of the tissue.
        """
        first, last = self.points[0].hu, self.points[-1].hu
        low = float(np.clip(hu - 100, first, max(first, last - 200)))
        high = min(low + 200, last)
        return float(self.red_of(high) - self.red_of(low)) / (high - low)

    def red_uncertainty_at(self, hu: FloatArray | float) -> FloatArray:
        r"""Standard uncertainty of the RED that the curve gives.

        On a line through two points, :math:`y = (1-t) y_1 + t y_2`, to first order

        .. math:: u^2(y) = (1-t)^2 (u^2_{y_1} + s^2 u^2_{x_1})
                  + t^2 (u^2_{y_2} + s^2 u^2_{x_2})

        with :math:`s` the slope of the line.

        References
        ----------
        JCGM 100:2008 (GUM), eq. 10.
        """
        points_hu = self._columns("hu")
        held = np.clip(hu, points_hu[0], points_hu[-1])
        first = np.clip(
            np.searchsorted(points_hu, held, side="right") - 1, 0, points_hu.size - 2
        )
        slope = np.diff(self._columns("red")) / np.diff(points_hu)
        weight = (held - points_hu[first]) / np.diff(points_hu)[first]
        u_red, u_hu = self._columns("red_uncertainty"), self._columns("hu_uncertainty")
        left = u_red[first] ** 2 + (slope[first] * u_hu[first]) ** 2
        right = u_red[first + 1] ** 2 + (slope[first] * u_hu[first + 1]) ** 2
        return np.sqrt((1 - weight) ** 2 * left + weight**2 * right)


def fit_curve(points: Iterable[CurvePoint]) -> Curve:
    """Sort the points by RED and merge neighbors until HU ascends too.

    Merging is the pool-adjacent-violators rule: points in the wrong order share
    their weighted mean, so no part of the curve ever falls.

    References
    ----------
    R. E. Barlow et al., *Statistical Inference under Order Restrictions*, 1972.

    Raises
    ------
    InputError
        Fewer than two points are left.
    """
    pooled: list[CurvePoint] = []
    for point in sorted(points, key=lambda p: (p.red, p.hu)):
        pooled.append(point)
        while len(pooled) > 1 and _out_of_order(pooled[-2], pooled[-1]):
            last = pooled.pop()
            pooled[-1] = average((pooled[-1], last))
    return Curve(points=tuple(pooled))


def _out_of_order(first: CurvePoint, second: CurvePoint) -> bool:
    # Not `==`: the mean of equal values may be a rounding error above them.
    return second.hu <= first.hu or second.red <= first.red


def average(points: Iterable[CurvePoint]) -> CurvePoint:
    """Mean of points, each weighted by its number of inserts.

    The uncertainty of the CT number is that of the mean plus the spread of the
    points, taken as a rectangular distribution between the extremes: inserts of one
    material differ by their place in the phantom, not by chance.
    """
    group = list(points)
    weights = np.array([point.inserts for point in group], dtype=float)
    weights /= weights.sum()
    hu = np.array([point.hu for point in group])
    red = np.array([point.red for point in group])
    u_hu = np.array([point.hu_uncertainty for point in group])
    u_red = np.array([point.red_uncertainty for point in group])
    return CurvePoint(
        materials=tuple(dict.fromkeys(m for point in group for m in point.materials)),
        hu=float(weights @ hu),
        hu_uncertainty=float(np.hypot(np.sqrt(weights**2 @ u_hu**2), _spread(hu))),
        red=float(weights @ red),
        # Rods of one material may come from one batch: their RED errors do not
        # average out.
        red_uncertainty=float(np.hypot(weights @ u_red, _spread(red))),
        inserts=sum(point.inserts for point in group),
    )


def _spread(values: FloatArray) -> float:
    """Standard deviation of a rectangle between the extremes."""
    return float(np.ptp(values) / np.sqrt(12))
