"""From when on which reference counts: the site's log of new baselines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kerma.errors import InputError
from kerma.io import read_record
from kerma.workflows.ct_calibration.constancy import Scope

__all__ = ["AcceptedBaseline", "BaselineLog", "read_baseline_log"]


@dataclass(frozen=True)
class AcceptedBaseline:
    """One new baseline: results from this day on are held against each other only.

    Parameters
    ----------
    valid_from
        First day; the first result on or after it is the new reference.
    reason
        What was done to the scanner.
    who
        Who accepted it.
    station
        Station name of the scanner; empty for all.
    """

    valid_from: date
    reason: str
    who: str
    station: str = ""

    def __post_init__(self) -> None:
        for name in ("reason", "who"):
            if not getattr(self, name).strip():
                raise InputError(
                    f"The baseline of {self.valid_from} does not say its {name}; a new "
                    f"baseline hides every earlier change, so both must be recorded."
                )


@dataclass(frozen=True)
class BaselineLog:
    """All new baselines of a site.

    Parameters
    ----------
    baseline
        One for each; in any order.
    """

    baseline: tuple[AcceptedBaseline, ...] = ()

    def __post_init__(self) -> None:
        days = [(one.valid_from, one.station) for one in self.baseline]
        twice = sorted({day for day in days if days.count(day) > 1})
        if twice:
            raise InputError(
                f"Two baselines are valid from {twice[0][0]}; record one of them."
            )

    def of(self, scope: Scope) -> tuple[AcceptedBaseline, ...]:
        """The baselines of a scanner, by date."""
        mine = [one for one in self.baseline if one.station in ("", scope.station)]
        return tuple(sorted(mine, key=lambda one: one.valid_from))


def read_baseline_log(file: Path) -> BaselineLog:
    """Read the log from TOML, a table ``[[baseline]]`` for each, or JSON.

    Raises
    ------
    InputError
        The file cannot be read, a key is wrong or missing, or reason or name are empty.
    """
    return read_record(file, BaselineLog)
