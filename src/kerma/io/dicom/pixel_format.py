"""How a value lies in its bits."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PixelFormat"]


@dataclass(frozen=True)
class PixelFormat:
    """How one stored value lies in its bytes (PS3.5, 8.1)."""

    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def dtype(self) -> str:
        """Little-endian NumPy type of the words as they lie in the file."""
        return f"<{'i' if self.signed else 'u'}{self.bits_allocated // 8}"

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value that can be stored."""
        if self.signed:
            return -(1 << self.bits_stored - 1), (1 << self.bits_stored - 1) - 1
        return 0, (1 << self.bits_stored) - 1
