"""A conversion curve: straight lines between nodes, whatever it was fitted by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.quantity import Quantity

__all__ = ["MODELS", "ConversionCurve", "Model", "Node", "extended", "make_curve"]

Model: TypeAlias = Literal["piecewise", "bilinear", "isotonic", "consensus"]

MODELS: tuple[Model, ...] = get_args(Model)


@dataclass(frozen=True)
class Node:
    """One point of a curve.

    Parameters
    ----------
    hu
        CT number, HU.
    value
        What it is converted to.
    """

    hu: float
    value: float


@dataclass(frozen=True)
class ConversionCurve:
    """What a CT number is converted to.

    Straight lines between the nodes. Below the first and above the last node the
    nearest of the two holds: nothing was measured there, and metal needs an override in
    the planning system.

    Parameters
    ----------
    quantity, model
        What it gives, and how it was fitted.
    nodes
        Two or more; HU ascends, the value does not descend.
    covariance
        Of the values at the nodes, one row for each node.
    measured_from_hu, measured_to_hu
        Between these CT numbers lie the materials that it was fitted to.

    Raises
    ------
    InputError
        Fewer than two nodes, nodes out of order, or a covariance of another size.
    """

    quantity: Quantity
    model: Model
    nodes: tuple[Node, ...]
    covariance: tuple[tuple[float, ...], ...]
    measured_from_hu: float
    measured_to_hu: float

    def __post_init__(self) -> None:
        if len(self.nodes) < 2:
            raise InputError(f"A curve needs two nodes; got {len(self.nodes)}.")
        if not (np.diff(self.hu).min() > 0 and np.diff(self.values).min() >= 0):
            listed = ", ".join(f"({n.hu:.1f}, {n.value:.4f})" for n in self.nodes)
            raise InputError(
                f"The nodes of a {self.model} curve must ascend in HU and not descend "
                f"in {self.quantity}; got {listed}."
            )
        rows = {len(self.nodes), len(self.covariance), *map(len, self.covariance)}
        if len(rows) > 1:
            raise InputError("The covariance of a curve needs a row for each node.")

    @property
    def hu(self) -> FloatArray:
        """(n,) CT numbers of the nodes, HU."""
        return np.array([node.hu for node in self.nodes])

    @property
    def values(self) -> FloatArray:
        """(n,) values at the nodes."""
        return np.array([node.value for node in self.nodes])

    def value_of(self, hu: FloatArray | float) -> FloatArray:
        """RED, density or SPR of CT numbers in HU, any shape."""
        return np.asarray(np.interp(hu, self.hu, self.values))

    def hu_of(self, value: FloatArray | float) -> FloatArray:
        """CT numbers in HU of values, any shape; the middle of a level stretch."""
        levels, member = np.unique(self.values, return_inverse=True)
        low, high = np.full(levels.size, np.inf), np.full(levels.size, -np.inf)
        np.minimum.at(low, member, self.hu)
        np.maximum.at(high, member, self.hu)
        return np.asarray(np.interp(value, levels, (low + high) / 2))

    def uncertainty_at(self, hu: FloatArray | float) -> FloatArray:
        r"""Standard uncertainty of the value that the curve gives, same shape.

        .. math:: u^2 = \mathbf w^\mathsf T C \mathbf w

        with the weights :math:`\mathbf w` of the nodes in the interpolation.
        """
        held = np.clip(np.asarray(hu, dtype=float), self.nodes[0].hu, self.nodes[-1].hu)
        right = np.clip(np.searchsorted(self.hu, held), 1, len(self.nodes) - 1)
        left = right - 1
        t = (held - self.hu[left]) / (self.hu[right] - self.hu[left])
        cov = np.array(self.covariance)
        variance = (
            (1 - t) ** 2 * cov[left, left]
            + 2 * t * (1 - t) * cov[left, right]
            + t**2 * cov[right, right]
        )
        return np.sqrt(np.maximum(variance, 0.0))


def make_curve(
    quantity: Quantity,
    model: Model,
    nodes: Iterable[tuple[float, float]],
    covariance: FloatArray,
    measured: FloatArray | Sequence[float],
) -> ConversionCurve:
    """A curve from arrays.

    Parameters
    ----------
    quantity, model
        As in the curve.
    nodes
        (HU, value) of each.
    covariance
        (n, n) of the values.
    measured
        CT numbers of the materials that it was fitted to, HU.
    """
    return ConversionCurve(
        quantity=quantity,
        model=model,
        nodes=tuple(Node(float(hu), float(value)) for hu, value in nodes),
        covariance=tuple(tuple(float(c) for c in row) for row in covariance),
        measured_from_hu=float(min(measured)),
        measured_to_hu=float(max(measured)),
    )


def extended(curve: ConversionCurve, top_hu: float) -> ConversionCurve:
    """The curve with its last slope carried on to a CT number.

    Raises
    ------
    InputError
        The CT number lies within the curve.
    """
    before, last = curve.nodes[-2:]
    if top_hu <= last.hu:
        raise InputError(
            f"The curve reaches {last.hu:g} HU already; to extend it, give more than "
            f"that, not {top_hu:g} HU."
        )
    reach = (top_hu - last.hu) / (last.hu - before.hu)
    top = Node(top_hu, last.value + reach * (last.value - before.value))
    size = len(curve.nodes)
    carry = np.vstack([np.eye(size), np.zeros(size)])
    carry[-1, -2:] = -reach, 1 + reach
    covariance = carry @ np.array(curve.covariance) @ carry.T
    return replace(
        curve,
        nodes=(*curve.nodes, top),
        covariance=tuple(tuple(float(c) for c in row) for row in covariance),
    )
