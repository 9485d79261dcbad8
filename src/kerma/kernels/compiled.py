"""How the kernels are compiled: one thread, no GIL, kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

__all__ = ["compiled", "inlined"]

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function on first use; the type checker sees it as it is written."""
    return cast("F", njit(cache=True, nogil=True)(function))


def inlined(function: F) -> F:
    """Compile a function into its callers: handing over arrays costs short work dear."""
    return cast("F", njit(cache=True, nogil=True, inline="always")(function))
