"""How the kernels are compiled: one thread, no GIL, kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["borrowing", "compiled", "inlined"]

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function on first use; the type checker sees it as it is written."""
    return cast("F", njit(cache=True, nogil=True)(function))


def borrowing(function: F) -> F:
    """Compile a function that neither makes an array nor outlives its caller's.

    Arrays are then handed over without counting references to them. Counting is atomic:
    it costs short work a third of its time, and threads that share an array all their
    gain. A product and a sum may be rounded once instead of twice.
    """
    options: dict[str, Any] = {
        "_nrt": False,  # no switch of numba's interface: it has no public one
        "error_model": "numpy",
        "fastmath": {"contract"},
    }
    return cast("F", njit(cache=True, nogil=True, **options)(function))


def inlined(function: F) -> F:
    """Compile a function into its callers: handing over arrays costs short work dear."""
    return cast("F", njit(cache=True, nogil=True, inline="always")(function))
