"""What every procedure returns."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import TypeAdapter, ValidationError

from kerma.core.provenance import Provenance
from kerma.errors import InputError

__all__ = ["Result", "Verdict", "explain"]


class Verdict(StrEnum):
    """Outcome of a check; only `PASS` means that all is well."""

    PASS = "pass"
    ACTION = "action"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


def explain(error: ValidationError) -> str:
    """Say in one line which keys are wrong and why."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'content'}: {item['msg']}"
        for item in error.errors()
    )


def _refuse_constant(name: str) -> float:
    """Refuse NaN and Infinity, which Python reads though JSON has no such numbers."""
    raise ValueError(f"{name} is no number")


@dataclass(frozen=True, kw_only=True)
class Result(ABC):
    """A frozen record that a procedure returns.

    Fields are plain values: numbers, strings, tuples and other records. Verdicts
    are properties, so they cannot disagree with the numbers. Two results are equal
    when their numbers are; what made them does not count.
    """

    kind: ClassVar[str]
    """Name and version of the JSON form, such as ``ct_calibration/1``."""

    provenance: Provenance | None = field(default=None, compare=False)

    @property
    @abstractmethod
    def passed(self) -> bool:
        """Whether nothing needs attention."""

    @abstractmethod
    def summary(self) -> str:
        """A few lines for a terminal or a log book."""

    def with_provenance(self, provenance: Provenance) -> Self:
        """The same result, saying what made it."""
        return dataclasses.replace(self, provenance=provenance)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, led by the `kind`."""
        fields = TypeAdapter(type(self)).dump_python(self, mode="json")
        return {"kind": self.kind, **fields}

    def to_json(self) -> str:
        """Strict JSON, indented; `from_json` gives an equal record back."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read the record that `to_json` wrote.

        Raises
        ------
        InputError
            Not JSON, another kind of record, or a wrong, missing or unknown key.
        """
        try:
            content = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InputError(f"This is not JSON: {error}.") from error
        found = content.pop("kind", None) if isinstance(content, dict) else None
        if found != cls.kind:
            raise InputError(f"This is not a {cls.kind} record (its kind is {found}).")
        try:
            # JSON text, not Python values, so that lists may stand for tuples.
            return TypeAdapter(cls).validate_json(json.dumps(content), extra="forbid")
        except ValidationError as error:
            raise InputError(explain(error)) from error
