from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from kerma.core.provenance import InputSeries, Provenance

MADE = Provenance(
    kerma_version="0.1",
    procedure="ct-calibration",
    parameters=(("phantom", "auto"), ("any_scope", "False")),
    inputs=(InputSeries("", (), "ab" * 32),),
    started_utc="2024-03-12T08:02:11+00:00",
    duration_s=1.84,
)


def test_provenance_survives_json() -> None:
    adapter = TypeAdapter(Provenance)
    assert adapter.validate_json(adapter.dump_json(MADE)) == MADE


def test_provenance_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        MADE.procedure = "another"  # type: ignore[misc]  # that is the test
    with pytest.raises(AttributeError):
        MADE.inputs[0].sha256 = ""  # type: ignore[misc]  # that is the test


def test_another_input_makes_another_provenance() -> None:
    other = replace(MADE, inputs=(replace(MADE.inputs[0], sha256="cd" * 32),))
    assert other != MADE
