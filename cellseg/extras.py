"""Libraries that only some people need, and the line that is said where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cellseg.errors import InputError


@contextmanager
def wanted(extra: str, what: str) -> Iterator[None]:
    """Import inside the block; where a library is missing, InputError says which, and how to get it.

    Args:
        extra: name of the extra that brings it, as in `pip install '.[extra]'`.
        what: words for what needs it.
    """
    try:
        yield
    except ImportError as error:
        missing = (error.name or str(error)).split(".")[0]
        remedy = f"Install it, in your clone of cellseg: pip install '.[{extra}]'"
        raise InputError(f"{what} need {missing}, which is not installed", remedy) from error
