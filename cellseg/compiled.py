"""Array loops compiled by numba, kept on disk where a place for them can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` at its first call; it lets other threads run meanwhile.

    No numba threads: they do not survive a fork, and the callers have processes of their own.
    """
    try:
        return cast(Callable[P, R], njit(nogil=True, error_model="numpy", cache=True)(function))
    except RuntimeError:  # a read-only installation without a home folder has no place for the cache
        return cast(Callable[P, R], njit(nogil=True, error_model="numpy")(function))
