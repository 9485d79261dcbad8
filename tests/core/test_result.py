from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.provenance import InputSeries, Provenance
from kerma.core.result import Result, Verdict
from kerma.errors import InputError


@dataclass(frozen=True)
class Row:
    name: str
    change: float | None
    parts: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Check(Result):
    kind: ClassVar[str] = "check/1"

    rows: tuple[Row, ...]
    verdict: Verdict = Verdict.PASS

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASS

    def summary(self) -> str:
        return f"{len(self.rows)} rows"


PROVENANCE = Provenance(
    kerma_version="0.1",
    procedure="check",
    parameters=(("phantom", "auto"),),
    inputs=(InputSeries("1.2.3", ("1.2.3.1", "1.2.3.2"), "ab" * 32),),
    started_utc="2024-03-12T08:02:11+00:00",
    duration_s=1.84,
)
CHECK = Check(rows=(Row("air", -1.5, (1.0, 2.0)), Row("µ", None)))

rows = st.builds(
    Row,
    name=st.text(),
    change=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    parts=st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple),
)


@given(st.lists(rows).map(tuple), st.sampled_from(Verdict))
def test_a_result_read_back_from_json_is_equal(
    content: tuple[Row, ...], verdict: Verdict
) -> None:
    check = Check(rows=content, verdict=verdict)
    assert Check.from_json(check.to_json()) == check


def test_provenance_survives_json_but_takes_no_part_in_comparison() -> None:
    signed = CHECK.with_provenance(PROVENANCE)
    assert signed == CHECK
    assert Check.from_json(signed.to_json()).provenance == PROVENANCE
    assert CHECK.provenance is None


def test_the_json_is_led_by_its_kind() -> None:
    assert next(iter(json.loads(CHECK.to_json()).items())) == ("kind", "check/1")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        Check(rows=(Row("air", 0.0, (number,)),)).to_json()


def test_another_kind_of_record_is_refused() -> None:
    text = CHECK.to_json().replace("check/1", "check/2")
    with pytest.raises(InputError, match=r"not a check/1 record \(its kind is check/2"):
        Check.from_json(text)


@pytest.mark.parametrize("text", ["[]", "3", "null", '{"rows": []}'])
def test_json_without_a_kind_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="its kind is None"):
        Check.from_json(text)


@pytest.mark.parametrize("text", ["", "rows", b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(InputError, match="This is not JSON"):
        Check.from_json(text)


def test_an_unknown_key_is_named() -> None:
    content = CHECK.to_dict()
    content["rows"][1]["chnage"] = 2.0
    with pytest.raises(InputError, match=r"rows\.1\.chnage: Unexpected"):
        Check.from_json(json.dumps(content))


def test_a_missing_key_is_named() -> None:
    content = CHECK.to_dict()
    del content["rows"]
    with pytest.raises(InputError, match="rows: "):
        Check.from_json(json.dumps(content))


@pytest.mark.parametrize("text", ["NaN", "Infinity"])
def test_a_number_that_is_none_is_not_read_either(text: str) -> None:
    written = CHECK.to_json().replace("-1.5", text)
    with pytest.raises(InputError, match=f"not JSON: {text} is no number"):
        Check.from_json(written)


def test_a_result_cannot_be_changed_but_replaced() -> None:
    with pytest.raises(AttributeError):
        CHECK.verdict = Verdict.FAIL  # type: ignore[misc]  # that is the test
    assert not replace(CHECK, verdict=Verdict.FAIL).passed
