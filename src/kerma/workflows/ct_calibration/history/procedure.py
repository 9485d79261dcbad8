"""The procedure: from past results to charts, causes and warnings."""

from __future__ import annotations

from collections.abc import Sequence

from kerma.core.phantom import Phantom
from kerma.workflows.ct_calibration.constancy import Scope, Tolerances
from kerma.workflows.ct_calibration.history.assembly import assemble
from kerma.workflows.ct_calibration.history.result import History, scope_words
from kerma.workflows.ct_calibration.history.series import (
    LeftOut,
    Loaded,
    PastResult,
    group_by_scope,
)
from kerma.workflows.ct_calibration.history.validity import BaselineLog
from kerma.workflows.ct_calibration.history.watching import Rules

__all__ = ["watch_history"]

_NO_LOG = BaselineLog()
_USUAL = Rules()


def watch_history(
    loaded: Loaded,
    tolerances: Tolerances,
    *,
    phantoms: Sequence[Phantom] = (),
    baselines: BaselineLog = _NO_LOG,
    rules: Rules = _USUAL,
) -> History:
    """Chart the history of every scanner and say what has changed, and why.

    Parameters
    ----------
    loaded
        The past results.
    tolerances
        How much each material may change since the first result of a period.
    phantoms
        Models whose expected CT numbers show what a change of tube voltage does.
    baselines
        Since when which reference counts; the charts begin anew there.
    rules
        Of the charts.
    """
    groups = group_by_scope(loaded.results)
    series = [group for group in groups if len(group) > 1]
    main = series[0][0].accepted.scope if series else None
    return History(
        series=tuple(
            assemble(
                group,
                tolerances,
                phantom=_model_of(group[0].accepted.scope, phantoms),
                baselines=baselines.of(group[0].accepted.scope),
                rules=rules,
            )
            for group in series
        ),
        apart=tuple(_apart(group[0], main) for group in groups if len(group) == 1),
        skipped=loaded.skipped,
        duplicates=loaded.duplicates,
        tolerances=tolerances.name,
        rules=rules,
    )


def _model_of(scope: Scope, phantoms: Sequence[Phantom]) -> Phantom | None:
    """The model by its own name, or by the seed's where one bears it."""
    for phantom in phantoms:
        if scope.phantom == phantom.name:
            return phantom
    meant = [one for one in phantoms if scope.phantom == one.seed_name]
    return meant[0] if meant else None


def _apart(one: PastResult, main: Scope | None) -> LeftOut:
    """A result that stands alone, and how it differs from the longest series."""
    mine = one.accepted.scope
    reason = f"no other result under its conditions ({scope_words(mine)})"
    if main is not None:
        differing = [
            f"{name.replace('_', ' ')} {_said(value)}, not {_said(getattr(main, name))}"
            for name, value in vars(mine).items()
            if value != getattr(main, name)
        ]
        reason += f"; beside the longest series: {', '.join(differing)}"
    return LeftOut(one.file, reason)


def _said(value: object) -> str:
    return "not stated" if value is None else str(value)
