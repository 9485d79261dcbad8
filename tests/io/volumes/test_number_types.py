from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.io.volumes.number_types import (
    as_float32,
    as_hu,
    as_labels,
    as_numbers,
    rescaled,
)


@pytest.mark.parametrize(
    ("numbers", "before", "after"),
    [
        ([-32768, 32767], np.int32, np.int16),
        ([-32769, 0], np.int64, np.float32),
        ([0, 65535], np.uint16, np.float32),
        ([0, 32767], np.uint16, np.int16),
        ([-5, 5], np.int8, np.int16),
        ([0, 2**24], np.uint32, np.float32),
        ([0.5, -1], np.float64, np.float32),
        ([1, 2], np.float32, np.float32),
    ],
)
def test_ct_numbers_take_the_smallest_type_that_holds_them(
    numbers: list[float], before: type, after: type
) -> None:
    hu, notes = as_hu(np.array(numbers, before))
    assert hu.dtype == after
    assert hu.tolist() == numbers
    assert notes == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_a_plain_volume_keeps_the_types_that_there_are(dtype: type) -> None:
    assert as_numbers(np.array([0, 200], dtype))[0].dtype == dtype


@pytest.mark.parametrize("number", [2**24 + 1, 2**53 + 1, -(2**24) - 1, 2**63 - 1])
def test_a_whole_number_that_float32_would_round_is_refused(number: int) -> None:
    with pytest.raises(InputError, match="do not fit float32 without rounding"):
        as_float32(np.array([number, 0], np.int64))


def test_double_precision_is_rounded_with_a_note_and_overflow_refused() -> None:
    assert as_float32(np.array([0.5]))[1] == ()
    numbers, notes = as_float32(np.array([0.1, np.nan, np.inf]))
    assert numbers.tolist() == pytest.approx([0.1, np.nan, np.inf], nan_ok=True)
    assert notes == (
        "Numbers of double precision were rounded to float32.",
        "1 voxels hold no number (NaN).",
    )
    with pytest.raises(InputError, match="too large for float32"):
        as_float32(np.array([1e39]))


@pytest.mark.parametrize(
    ("numbers", "dtype", "largest", "after"),
    [
        ([0, 255], np.int64, 0, np.uint8),
        ([0, 256], np.float64, 0, np.uint16),
        ([0, 1], np.uint16, 0, np.uint16),
        ([0, 1], np.uint8, 256, np.uint16),
        ([0, 1], bool, 0, np.uint8),
    ],
)
def test_region_numbers_take_the_type_that_holds_them_and_their_labels(
    numbers: list[float], dtype: type, largest: int, after: type
) -> None:
    regions = as_labels(np.array(numbers, dtype), largest_label=largest)
    assert regions.dtype == after
    assert regions.tolist() == numbers


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (-1, "from -1 to"),
        (65536, "to 65536"),
        (0.5, "not whole"),
        (np.nan, "not whole"),
        (np.inf, "to inf"),
    ],
)
def test_what_is_no_region_number_is_refused(number: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_labels(np.array([0, number]))


def test_whole_scales_keep_whole_numbers_and_do_not_overflow() -> None:
    array = np.array([0, 65535], np.uint16)
    assert rescaled(array, 1, 0) is array
    assert rescaled(array, 2, -1024).tolist() == [-1024, 130046]
    assert rescaled(array, 0.5, 0).tolist() == [0, 32767.5]
    assert rescaled(array, 2.0**40, 0).dtype == np.float32
