"""What one calibration allows to be converted to: every quantity at a glance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.conversion import Model
from kerma.workflows.ct_calibration.curves.procedure import fit_curves
from kerma.workflows.ct_calibration.curves.quantity import NAMES, Quantity
from kerma.workflows.ct_calibration.curves.result import CurveSet, InsertRow
from kerma.workflows.ct_calibration.result import Calibration

__all__ = ["Overview", "overview_of"]

# RED as the calibration has it; the others by tissues, since the densities of plastics
# are not those of tissues, or else through the inserts.
_MODELS: dict[Quantity, tuple[Model, ...]] = {
    "red": ("piecewise",),
    "density": ("consensus", "piecewise"),
    "spr": ("consensus", "piecewise"),
}


@dataclass(frozen=True)
class Overview:
    """The conversion curves of one calibration.

    Parameters
    ----------
    sets
        One for each quantity that can be had.
    missing
        What cannot be had and why, one sentence each.
    notes
        What a user should know of the curves, one sentence each.
    """

    sets: tuple[CurveSet, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def inserts(self) -> tuple[InsertRow, ...]:
        """The materials, by CT number; they are the same for every quantity."""
        return self.sets[0].ascending if self.sets else ()


def overview_of(calibration: Calibration, phantom: Phantom) -> Overview:
    """Fit a curve of every quantity to a calibration, by the best model that it allows.

    A curve that cannot be fitted is no error: the overview says what is missing.

    Parameters
    ----------
    calibration, phantom
        The calibration, and the phantom as its file has it.
    """
    sets: list[CurveSet] = []
    reasons: list[tuple[str, str]] = []
    for quantity, models in _MODELS.items():
        failures = []
        for model in models:
            try:
                found = fit_curves(
                    [(calibration, phantom)], quantity=quantity, model=model
                )
            except InputError as error:
                failures.append((str(error), f"{model} curve of {NAMES[quantity]}"))
            else:
                sets.append(found)
                break
        else:  # the simplest model asks for the least
            failures = [(failures[-1][0], f"curve of {NAMES[quantity]}")]
        reasons += failures
    missing = [
        f"No {' and no '.join(what)}. {reason}"
        for reason, what in _grouped(reasons).items()
    ]
    noted = _grouped((note, NAMES[one.quantity]) for one in sets for note in one.notes)
    notes = [
        note if len(what) == len(sets) else f"Of {' and '.join(what)}: {note}"
        for note, what in noted.items()
    ]
    return Overview(tuple(sets), tuple(missing), tuple(notes))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """What a sentence is about, by the sentence."""
    groups: dict[str, list[str]] = {}
    for sentence, subject in pairs:
        groups.setdefault(sentence, []).append(subject)
    return groups
