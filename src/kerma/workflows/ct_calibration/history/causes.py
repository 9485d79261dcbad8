"""What moved the CT numbers: a pattern over the inserts and its likely cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import comb, log

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Material

__all__ = ["Cause", "Component", "Pattern", "explain_change", "kv_slope"]

_LOCAL_AT_MOST = 2  # inserts that may have moved on their own
_RIVAL = 4.0  # in the price below: odds of e², about seven to one
_PER_AMOUNT = 6.63  # chi-squared of one degree of freedom at 1 %
_LEAST_KV_SLOPE = 0.1  # HU/kV; below, a phantom says nothing of the tube voltage


class Pattern(StrEnum):
    """A way in which the CT numbers of all inserts, or of one, can move."""

    OFFSET = "offset"
    SCALE_FROM_AIR = "scale from air"
    SCALE_FROM_WATER = "scale from water"
    TUBE_VOLTAGE = "tube voltage"
    LOCAL = "local"


_UNITS = {
    Pattern.OFFSET: "HU",
    Pattern.SCALE_FROM_AIR: "%",
    Pattern.SCALE_FROM_WATER: "%",
    Pattern.TUBE_VOLTAGE: "kV",
    Pattern.LOCAL: "HU",
}

# Offset with either scale spans the same plane, so one of the two pairs is enough.
_MIXTURES: tuple[tuple[Pattern, ...], ...] = (
    (),
    (Pattern.OFFSET,),
    (Pattern.SCALE_FROM_AIR,),
    (Pattern.SCALE_FROM_WATER,),
    (Pattern.TUBE_VOLTAGE,),
    (Pattern.OFFSET, Pattern.SCALE_FROM_WATER),
    (Pattern.OFFSET, Pattern.TUBE_VOLTAGE),
    (Pattern.SCALE_FROM_AIR, Pattern.TUBE_VOLTAGE),
    (Pattern.SCALE_FROM_WATER, Pattern.TUBE_VOLTAGE),
    (Pattern.OFFSET, Pattern.SCALE_FROM_WATER, Pattern.TUBE_VOLTAGE),
)


@dataclass(frozen=True)
class Component:
    """One part of a change.

    Parameters
    ----------
    pattern
        Which pattern.
    amount, uncertainty
        How much of it, and its standard uncertainty, in `unit`.
    insert
        Name of the insert of a local change, else empty.
    """

    pattern: Pattern
    amount: float
    uncertainty: float
    insert: str = ""

    @property
    def unit(self) -> str:
        """HU, % or kV."""
        return _UNITS[self.pattern]

    @property
    def sentence(self) -> str:
        """What moved, by how much, and what usually does that."""
        amount = f"{self.amount:+.1f} ± {2 * self.uncertainty:.1f} {self.unit}"
        return {
            Pattern.OFFSET: f"All inserts moved by {amount}: water and air calibration.",
            Pattern.SCALE_FROM_AIR: (
                f"All inserts moved in proportion to HU + 1000, by {amount}: scale of "
                f"the attenuation, air kept."
            ),
            Pattern.SCALE_FROM_WATER: (
                f"All inserts moved in proportion to HU, by {amount}: scale of the CT "
                f"numbers, water kept."
            ),
            Pattern.TUBE_VOLTAGE: (
                f"The inserts moved as a change of tube voltage by {amount} would move "
                f"them: tube voltage, filtration or beam hardening correction."
            ),
            Pattern.LOCAL: (
                f"{self.insert} moved by {amount} on its own: the insert, its place, or "
                f"an artifact there."
            ),
        }[self.pattern]


@dataclass(frozen=True)
class Cause:
    """The smallest set of patterns that explains a change.

    Parameters
    ----------
    components
        The parts; none where the change is within repeatability.
    misfit
        Chi-squared per degree of freedom that is left; ``None`` where nothing is left
        to judge it by.
    rivals
        Other sets, as words, that explain it nearly as well.
    """

    components: tuple[Component, ...]
    misfit: float | None
    rivals: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The patterns in words."""
        return _named([(c.pattern, c.insert) for c in self.components])

    @property
    def sentence(self) -> str:
        """What moved and why, for a report."""
        if not self.components:
            return "No pattern: the change is within repeatability."
        told = " ".join(component.sentence for component in self.components)
        if self.rivals:
            told += f" Nearly as likely: {' or '.join(self.rivals)}."
        return told


def kv_slope(material: Material, kv: float | None) -> float:
    """Change of a material's CT number with tube voltage, HU/kV.

    From the expected CT numbers of the phantom's file; zero where they are given at
    one voltage only.
    """
    voltages = sorted(material.hu_by_kv)
    if len(voltages) < 2:
        return 0.0
    values = [material.hu_by_kv[voltage] for voltage in voltages]
    slopes = np.gradient(values, np.array(voltages, dtype=float))
    return float(np.interp(120.0 if kv is None else kv, voltages, slopes))


def explain_change(
    change_hu: FloatArray,
    covariance: FloatArray,
    *,
    hu: FloatArray,
    kv_slopes: FloatArray,
    inserts: Sequence[str],
) -> Cause:
    r"""Explain the change of all inserts by as few patterns as possible.

    Each set of patterns is fitted by least squares weighted with the covariance; up to
    two inserts may have moved on their own. The set with the least

    .. math:: \chi^2 + 6.63\,k + 2 \ln \binom{4}{k - l} + 2 \ln \binom{p}{l}

    is taken, for :math:`k` amounts, :math:`l` of them local, and :math:`p` inserts: one
    more amount must lower :math:`\chi^2` by what chance does once in a hundred times,
    and by the price for choosing among four patterns or among the inserts.

    Parameters
    ----------
    change_hu
        (p,) today minus reference, HU.
    covariance
        (p, p) of that change, HU².
    hu, kv_slopes
        (p,) CT numbers of the reference, HU, and their change with tube voltage, HU/kV.
    inserts
        Their names.

    References
    ----------
    J. Chen, Z. Chen, *Extended Bayesian information criteria for model selection with
    large model spaces*, Biometrika 95, 759 (2008), for the price of the choice.
    """
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    shapes = _shapes(hu, kv_slopes)
    fits = [
        fit
        for mixture in _MIXTURES
        if all(pattern in shapes for pattern in mixture)
        for fit in _with_locals(mixture, shapes, whiten @ change_hu, whiten)
    ]
    fits.sort(key=lambda fit: fit.price)
    best = fits[0]
    near = [fit for fit in fits[1:] if fit.price < best.price + _RIVAL]
    # A larger set explains as much of anything; it is no rival.
    others = [f.named(inserts) for f in near if len(f.terms) <= len(best.terms)]
    left = len(inserts) - len(best.terms)
    return Cause(
        components=best.components(inserts),
        misfit=best.chi_squared / left if left else None,
        rivals=tuple(dict.fromkeys(others))[:2] if best.terms else (),
    )


_Term = tuple[Pattern, int]  # a pattern and, for a local one, the insert's place


@dataclass(frozen=True, eq=False)
class _Fit:
    """One set of patterns, fitted."""

    terms: tuple[_Term, ...]
    amounts: FloatArray
    uncertainties: FloatArray
    chi_squared: float
    inserts: int

    @property
    def price(self) -> float:
        local = sum(pattern is Pattern.LOCAL for pattern, _ in self.terms)
        choices = comb(4, len(self.terms) - local) * comb(self.inserts, local)
        return self.chi_squared + len(self.terms) * _PER_AMOUNT + 2 * log(choices)

    def components(self, names: Sequence[str]) -> tuple[Component, ...]:
        return tuple(
            Component(
                pattern,
                float(amount),
                float(uncertainty),
                names[place] if pattern is Pattern.LOCAL else "",
            )
            for (pattern, place), amount, uncertainty in zip(
                self.terms, self.amounts, self.uncertainties, strict=True
            )
        )

    def named(self, names: Sequence[str]) -> str:
        return _named([(pattern, names[place]) for pattern, place in self.terms])


def _named(terms: Sequence[tuple[Pattern, str]]) -> str:
    if not terms:
        return "none"
    return " + ".join(
        f"{insert} alone" if pattern is Pattern.LOCAL else str(pattern)
        for pattern, insert in terms
    )


def _shapes(hu: FloatArray, kv_slopes: FloatArray) -> dict[Pattern, FloatArray]:
    """HU per unit of each pattern that this phantom can show."""
    shapes: dict[Pattern, FloatArray] = {
        Pattern.OFFSET: np.ones(hu.size),
        Pattern.SCALE_FROM_AIR: (hu + 1000) / 100,
        Pattern.SCALE_FROM_WATER: hu / 100,
    }
    if np.abs(kv_slopes).max(initial=0.0) > _LEAST_KV_SLOPE:
        shapes[Pattern.TUBE_VOLTAGE] = kv_slopes
    return shapes


def _with_locals(
    mixture: tuple[Pattern, ...],
    shapes: dict[Pattern, FloatArray],
    change: FloatArray,
    whiten: FloatArray,
) -> list[_Fit]:
    """A mixture fitted as it is, and with the one or two inserts that fit it least."""
    terms: tuple[_Term, ...] = tuple((pattern, 0) for pattern in mixture)
    columns: list[FloatArray] = [whiten @ shapes[pattern] for pattern in mixture]
    fits = [_fit(terms, columns, change)]
    for _ in range(_LOCAL_AT_MOST):
        if len(terms) + 1 >= change.size:
            break
        place = _least_explained(columns, change, whiten)
        terms = (*terms, (Pattern.LOCAL, place))
        columns = [*columns, whiten[:, place]]
        fits.append(_fit(terms, columns, change))
    return fits


def _least_explained(
    columns: Sequence[FloatArray], change: FloatArray, whiten: FloatArray
) -> int:
    """The insert that lowers chi-squared most when it may move on its own."""
    design = _design(columns, change.size)
    basis = np.linalg.qr(design)[0]
    left = change - basis @ (basis.T @ change)
    own = whiten - basis @ (basis.T @ whiten)
    lengths = np.sum(own**2, axis=0)
    # An insert that already moves on its own has nothing left of itself.
    gains = np.where(lengths > 1e-9, (left @ own) ** 2 / np.maximum(lengths, 1e-9), 0.0)
    return int(np.argmax(gains))


def _design(columns: Sequence[FloatArray], size: int) -> FloatArray:
    return np.column_stack(columns) if columns else np.empty((size, 0))


def _fit(
    terms: tuple[_Term, ...], columns: Sequence[FloatArray], change: FloatArray
) -> _Fit:
    design = _design(columns, change.size)
    inverse = np.linalg.pinv(design)
    amounts = inverse @ change
    residual = change - design @ amounts
    return _Fit(
        terms=terms,
        amounts=amounts,
        uncertainties=np.sqrt(np.sum(inverse**2, axis=1)),
        chi_squared=float(residual @ residual),
        inserts=change.size,
    )
