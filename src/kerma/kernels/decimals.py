"""Decimal numbers from text, many at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["parse_decimals"]

_SEPARATOR, _SPACE, _NUL = ord("\\"), ord(" "), 0
_PLUS, _MINUS, _POINT, _ZERO, _NINE = (ord(c) for c in "+-.09")
_LOWER_E, _UPPER_E = ord("e"), ord("E")
# Whole numbers up to 2^53 and powers of ten up to 10^22 are exact in binary, so one
# multiplication or division of the two is rounded once, as the nearest number has to
# be (Clinger, PLDI 1990).
_LARGEST_EXACT = 2**53
_POWERS = 10.0 ** np.arange(23)


@compiled
def parse_decimals(text: NDArray[np.uint8], numbers: NDArray[np.float64]) -> None:
    r"""Read numbers separated by backslashes.

    Parameters
    ----------
    text
        (m,) ASCII codes.
    numbers
        (n,) what is found, one for each separator and one more; each is the double
        nearest to the decimal. NaN marks what this parser leaves to another: what is
        no plain decimal, has over 15 digits or so, or a large exponent.
    """
    position = 0
    for index in range(numbers.size):
        end = position
        while end < text.size and text[end] != _SEPARATOR:
            end += 1
        first, last = position, end
        while first < last and text[first] == _SPACE:
            first += 1
        while last > first and (text[last - 1] == _SPACE or text[last - 1] == _NUL):
            last -= 1
        numbers[index] = _decimal(text, first, last)
        position = end + 1


@compiled
def _decimal(text: NDArray[np.uint8], first: int, last: int) -> float:
    """Value of ``text[first:last]``, or NaN."""
    negative = first < last and text[first] == _MINUS
    if negative or (first < last and text[first] == _PLUS):
        first += 1
    mantissa: Any = 0
    fraction_at, digits = -1, 0
    while first < last and mantissa <= _LARGEST_EXACT:
        code = text[first]
        if _ZERO <= code <= _NINE:
            mantissa = 10 * mantissa + (np.int64(code) - _ZERO)
            digits += 1
        elif code == _POINT and fraction_at < 0:
            fraction_at = digits
        else:
            break
        first += 1
    if digits == 0 or mantissa > _LARGEST_EXACT:
        return np.nan
    power = 0 if fraction_at < 0 else fraction_at - digits
    if first < last:
        exponent = _exponent(text, first, last)
        if exponent > _LARGEST_EXACT:
            return np.nan
        power += exponent
    if abs(power) >= _POWERS.size:
        return np.nan
    size = float(mantissa)
    size = size * _POWERS[power] if power >= 0 else size / _POWERS[-power]
    return -size if negative else size


@compiled
def _exponent(text: NDArray[np.uint8], first: int, last: int) -> int:
    """Value of an exponent, as in E+02; over 2^53 where it is none, or is absurd."""
    if text[first] != _LOWER_E and text[first] != _UPPER_E:
        return _LARGEST_EXACT + 1
    first += 1
    negative = first < last and text[first] == _MINUS
    if negative or (first < last and text[first] == _PLUS):
        first += 1
    if first == last or last - first > 4:
        return _LARGEST_EXACT + 1
    exponent: Any = 0
    while first < last:
        code = text[first]
        if code < _ZERO or code > _NINE:
            return _LARGEST_EXACT + 1
        exponent = 10 * exponent + (np.int64(code) - _ZERO)
        first += 1
    return -exponent if negative else exponent
