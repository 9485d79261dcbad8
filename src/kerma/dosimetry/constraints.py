"""Dose constraints as they are written in a protocol, and whether a plan keeps them."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kerma.core.result import Verdict
from kerma.dosimetry.dose_metrics import Metric, MetricUnit, parse_metric
from kerma.dosimetry.histograms import DVH
from kerma.errors import InputError

__all__ = [
    "Constraint",
    "ConstraintCheck",
    "ConstraintList",
    "StructureConstraint",
    "check_constraints",
    "parse_constraint",
    "parse_constraints",
]

_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_CONSTRAINT = re.compile(
    r"(?P<metric>[^<>≤≥]+?)\s*(?P<relation><=|>=|≤|≥|<|>)\s*"
    r"(?P<limit>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>cGy|Gy|%|cc|cm3|)",
    re.IGNORECASE,
)
_LINE = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^:"#]+?))\s*:\s*(?P<rest>.*)')
_PRESCRIPTION = re.compile(
    r"prescription\s*=\s*(\d+(?:\.\d*)?)\s*(Gy|cGy)", re.IGNORECASE
)
_OUTSIDE_PERCENT = 0.1  # of a structure; more could change a verdict


@dataclass(frozen=True)
class Constraint:
    """A metric and its limit; the limit itself is kept by ``>=`` and ``<=``.

    Parameters
    ----------
    metric
        What is limited.
    relation
        ``>=``, ``<=``, ``>`` or ``<``.
    limit
        In `unit`.
    unit
        "Gy", "%", "cc", or none.
    """

    metric: Metric
    relation: str
    limit: float
    unit: MetricUnit

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.metric} {self.relation} {self.limit:g}{unit}"

    def is_kept_by(self, value: float) -> bool:
        """Whether a value is within the limit."""
        return _RELATIONS[self.relation](value, self.limit)


@dataclass(frozen=True)
class StructureConstraint:
    """A constraint on one structure.

    Parameters
    ----------
    structure
        Name of the structure, as in the structure set.
    constraint
        Such as ``D95% >= 47.5 Gy``.
    comment
        Why, or after which protocol.
    """

    structure: str
    constraint: str
    comment: str = ""

    def __post_init__(self) -> None:
        parse_constraint(self.constraint)


@dataclass(frozen=True)
class ConstraintList:
    """The constraints of a protocol.

    Parameters
    ----------
    constraints
        In order.
    prescription_gy
        Dose to which percentages of dose refer, Gy; ``None`` where it is not stated.
    source
        The protocol.
    """

    constraints: tuple[StructureConstraint, ...]
    prescription_gy: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not self.constraints:
            raise InputError(
                'There is no constraint; write lines such as "PTV: D95% >= 47.5 Gy".'
            )
        if self.prescription_gy is not None and not self.prescription_gy > 0:
            raise InputError(
                f"A prescription is more than 0 Gy; got {self.prescription_gy} Gy."
            )


@dataclass(frozen=True)
class ConstraintCheck:
    """Whether a constraint is kept.

    Parameters
    ----------
    structure
        As the constraint names it.
    constraint
        In its usual form.
    value
        What was found, in `unit`; ``None`` where it could not be found.
    unit
        "Gy", "%", "cc", or none.
    verdict
        Pass, fail, or inconclusive where it could not be evaluated.
    remark
        Why it could not be evaluated, or what else to know.
    comment
        Of the protocol.
    """

    structure: str
    constraint: str
    value: float | None
    unit: MetricUnit
    verdict: Verdict
    remark: str = ""
    comment: str = ""


def parse_constraint(text: str) -> Constraint:
    """Understand a constraint such as ``V20Gy < 30 %``.

    Raises
    ------
    InputError
        It is none; the message says what was expected.
    """
    found = _CONSTRAINT.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"{text.strip()!r} is no constraint; expected a metric, a relation and a "
            f'limit with its unit, as in "D95% >= 47.5 Gy" or "V20Gy < 30 %".'
        )
    metric = parse_metric(found["metric"])
    limit, stated = float(found["limit"]), found["unit"].lower()
    if stated == "cgy":
        limit, stated = limit / 100, "gy"
    units: dict[str, MetricUnit] = {
        "gy": "Gy", "%": "%", "cc": "cc", "cm3": "cc", "": "",
    }  # fmt: skip
    unit = units[stated]
    if unit not in metric.units:
        expected = " or ".join(metric.units) or "no unit"
        raise InputError(f"{text.strip()!r}: the limit of {metric} is in {expected}.")
    relation = found["relation"].replace("≤", "<=").replace("≥", ">=")
    return Constraint(metric, relation, limit, unit)


def parse_constraints(text: str) -> ConstraintList:
    """Read constraints from lines ``Structure: constraint # comment``.

    Empty lines and lines of comment are skipped. A line ``prescription = 50 Gy`` states
    the dose that percentages refer to. A name with a colon or ``#`` stands in quotes.

    Raises
    ------
    InputError
        A line is none of these; the message names it and what was expected.
    """
    constraints = []
    prescription = None
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        try:
            if found := _PRESCRIPTION.fullmatch(plain.partition("#")[0].strip()):
                per_gy = 0.01 if found[2].lower() == "cgy" else 1.0
                prescription = float(found[1]) * per_gy
            else:
                constraints.append(_constraint_of(plain))
        except InputError as error:
            raise InputError(f"Line {number}: {error}") from error
    return ConstraintList(tuple(constraints), prescription)


def check_constraints(
    constraints: Sequence[StructureConstraint],
    histograms: Sequence[DVH],
    *,
    prescription_gy: float | None = None,
    without: Mapping[str, str] | None = None,
) -> tuple[ConstraintCheck, ...]:
    """Hold histograms against constraints; what cannot be evaluated never passes.

    Parameters
    ----------
    constraints
        In order.
    histograms
        Of the structures they are about.
    prescription_gy
        Dose to which percentages of dose refer.
    without
        Why there is no histogram, by the name of the structure.

    Returns
    -------
    tuple of ConstraintCheck
        One for each constraint.
    """
    return tuple(
        _check(wanted, histograms, prescription_gy, without or {})
        for wanted in constraints
    )


def _constraint_of(line: str) -> StructureConstraint:
    found = _LINE.fullmatch(line)
    if found is None:
        raise InputError(
            'expected "Structure: constraint", as in "PTV: D95% >= 47.5 Gy", or '
            '"prescription = 50 Gy".'
        )
    constraint, _, comment = found["rest"].partition("#")
    name = found["quoted"] or found["plain"].strip()
    return StructureConstraint(name, constraint.strip(), comment.strip())


def _check(
    wanted: StructureConstraint,
    histograms: Sequence[DVH],
    prescription_gy: float | None,
    without: Mapping[str, str],
) -> ConstraintCheck:
    constraint = parse_constraint(wanted.constraint)

    def answer(
        verdict: Verdict, value: float | None = None, remark: str = ""
    ) -> ConstraintCheck:
        return ConstraintCheck(
            wanted.structure,
            str(constraint),
            value,
            constraint.unit,
            verdict,
            remark,
            wanted.comment,
        )

    histogram, remark = _find(wanted.structure, histograms, without)
    if histogram is None:
        return answer(Verdict.INCONCLUSIVE, remark=remark)
    if histogram.outside_percent > _OUTSIDE_PERCENT:
        return answer(
            Verdict.INCONCLUSIVE,
            remark=f"{histogram.outside_percent:.2g} % of it lies outside the dose grid",
        )
    if constraint.metric.needs_prescription(constraint.unit) and not prescription_gy:
        return answer(Verdict.INCONCLUSIVE, remark="no prescribed dose was given")
    value = constraint.metric.of(histogram, constraint.unit, prescription_gy)
    if math.isnan(value):
        size = f"it has {histogram.volume_cc:.3g} cc only"
        return answer(Verdict.INCONCLUSIVE, remark=size)
    kept = constraint.is_kept_by(value)
    return answer(Verdict.PASS if kept else Verdict.FAIL, value, remark)


def _find(
    name: str, histograms: Sequence[DVH], without: Mapping[str, str]
) -> tuple[DVH | None, str]:
    """The histogram of a structure, and a remark; exact names go before others."""
    found = [h for h in histograms if h.name == name]
    if not found and name in without:
        return None, without[name]
    remark = ""
    if not found:
        found = [h for h in histograms if _folded(h.name) == _folded(name)]
        remark = f"named {found[0].name!r} in the structure set" if found else ""
    if len(found) > 1:
        return None, f"{len(found)} structures have this name"
    if found:
        return found[0], remark
    for other, reason in without.items():
        if _folded(other) == _folded(name):
            return None, reason
    return None, "no such structure"


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
