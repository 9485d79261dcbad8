"""Numbers in sentences."""

from __future__ import annotations

from kerma.core.wording import counted


def test_one_of_a_kind_has_no_s() -> None:
    assert [counted(n, "slice") for n in (0, 1, 2)] == [
        "0 slices",
        "1 slice",
        "2 slices",
    ]
