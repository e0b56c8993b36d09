"""Work that goes on beside the main thread: items made ahead, results put away behind."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar, cast

T = TypeVar("T")
END = object()


def ahead(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """The same items in the same order, made in a thread of their own, at most `depth` of them waiting.

    An error in making an item comes up when its turn comes.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming: deque[Future[object]] = deque(pool.submit(next, iterator, END) for _ in range(depth))
        try:
            while (item := coming.popleft().result()) is not END:
                coming.append(pool.submit(next, iterator, END))
                yield cast(T, item)
        finally:
            for future in coming:
                future.cancel()


class Behind:
    """Does pieces of work in order in a thread of its own, at most `depth` of them waiting.

    An error comes up at the next call, or at the end of the `with` block, which waits for what is left.
    """

    def __init__(self, depth: int = 2) -> None:
        self._pool = ThreadPoolExecutor(1, "behind")
        self._depth = depth
        self._waiting: deque[Future[Any]] = deque()

    def do(self, work: Callable[..., object], *arguments: object) -> None:
        """Do `work(*arguments)` as soon as what came before is done."""
        while len(self._waiting) >= self._depth:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(work, *arguments))

    def __enter__(self) -> Behind:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
        if kind is None:
            for future in self._waiting:
                future.result()
