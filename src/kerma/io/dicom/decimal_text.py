"""Numbers written as text (VR DS), to and from arrays."""

from __future__ import annotations

import math

import numpy as np

from kerma.core.arrays import FloatArray

__all__ = ["array_of", "text_of"]

_LONGEST = 16  # characters of one number (PS3.5, 6.2)
_WORTH_A_COMPILER = 2**20  # bytes; loading it costs as much as ten times this text


def array_of(text: bytes) -> FloatArray:
    r"""(n,) numbers that backslashes separate, as `float` reads each.

    What is no number is NaN; what is too large for a double is infinite.
    """
    numbers = np.full(text.count(b"\\") + 1, np.nan)
    if len(text) >= _WORTH_A_COMPILER:
        from kerma.kernels.decimals import parse_decimals

        parse_decimals(np.frombuffer(text, np.uint8), numbers)
    left = np.flatnonzero(np.isnan(numbers))
    if left.size:
        parts = text.split(b"\\")
        numbers[left] = [_float(parts[index]) for index in left.tolist()]
    return numbers


def _float(part: bytes) -> float:
    if b"_" in part:  # Python reads 1_0 as ten
        return math.nan
    try:
        return float(part.rstrip(b" \0"))
    except ValueError:
        return math.nan


def text_of(numbers: FloatArray) -> str:
    r"""Numbers, in the order of the array, separated by backslashes.

    One that 16 characters can hold exactly is written exactly, others to four
    decimals; they have to be under 10^10.
    """
    return "\\".join([_decimal(number) for number in numbers.ravel().tolist()])


def _decimal(number: float) -> str:
    text = repr(number + 0.0)  # + 0.0: no minus zero
    return text if len(text) <= _LONGEST else f"{number:z.4f}"
