from __future__ import annotations

import math

import pytest

from kerma.dosimetry import GammaCriteria, GammaLimits
from kerma.dosimetry.gamma_criteria import tg218
from kerma.errors import InputError


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dose_percent": 0}, "dose_percent .* over 0; got 0"),
        ({"distance_mm": -1}, "distance_mm .* got -1"),
        ({"distance_mm": math.nan}, "distance_mm .* got nan"),
        ({"norm_gy": math.inf}, "norm_gy .* got inf"),
        ({"threshold_percent": 101}, "from 0 to 100; got 101"),
        ({"threshold_percent": math.nan}, "from 0 to 100; got nan"),
        ({"normalization": "locally"}, "global or local; got 'locally'"),
        ({"max_gamma": 1}, "over 1, or nothing could fail; got 1"),
        ({"max_gamma": math.nan}, "max_gamma must be over 1"),
    ],
)
def test_criteria_that_mean_nothing_are_refused(
    wrong: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        GammaCriteria(**wrong)  # type: ignore[arg-type]  # one of them is wrong on purpose


def test_an_infinite_largest_gamma_is_none() -> None:
    assert GammaCriteria(max_gamma=math.inf) == GammaCriteria(max_gamma=None)


def test_the_limits_of_tg_218_are_those_of_the_report() -> None:
    limits = tg218()
    assert (limits.tolerance_percent, limits.action_percent) == (95, 90)
    assert "10.1002/mp.12810" in limits.source
    assert limits.is_made_for(GammaCriteria(3, 2))
    assert not limits.is_made_for(GammaCriteria(3, 3))
    assert not limits.is_made_for(GammaCriteria(3, 2, normalization="local"))


@pytest.mark.parametrize(("tolerance", "action"), [(90, 95), (101, 90), (95, -1)])
def test_limits_in_the_wrong_order_are_refused(tolerance: float, action: float) -> None:
    with pytest.raises(InputError, match=r"0 <= action <= tolerance <= 100"):
        GammaLimits("ours", "here", tolerance, action)


def test_a_share_that_is_no_percentage_is_refused() -> None:
    with pytest.raises(InputError, match=r"not_evaluable_percent .* got 200"):
        GammaLimits("ours", "here", 95, 90, not_evaluable_percent=200)
