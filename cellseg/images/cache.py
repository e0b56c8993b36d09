"""The most recently used blocks of pixels, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import count
from typing import Any

from numpy.typing import NDArray

CACHE_BYTES = 128 * 2**20


class BlockCache:
    """Arrays by key; the least recently used go when there are more bytes than `limit`; the newest always stays."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._blocks: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array under `key`, made and kept if it is not there; several threads may ask at once."""
        return self.get_all([key], lambda _: [make()])[0]

    def get_all(
        self, keys: Sequence[Hashable], make: Callable[[list[int]], Sequence[NDArray[Any]]]
    ) -> list[NDArray[Any]]:
        """The arrays under these keys; `make` is asked once for those that are not there, by their place in `keys`."""
        found = self._used(keys)
        missing = sorted(set(range(len(keys))) - found.keys())
        if missing:
            made = dict(zip(missing, make(missing), strict=True))
            self._keep({keys[place]: block for place, block in made.items()})
            found |= made
        return [found[place] for place in range(len(keys))]

    def _used(self, keys: Sequence[Hashable]) -> dict[int, NDArray[Any]]:
        """The arrays that are there, by their place in `keys`; they count as just used."""
        with self._lock:
            found = {place: self._blocks[key] for place, key in enumerate(keys) if key in self._blocks}
            for place in found:
                self._blocks.move_to_end(keys[place])
        return found

    def _keep(self, made: Mapping[Hashable, NDArray[Any]]) -> None:
        with self._lock:
            for key, block in made.items():
                if key not in self._blocks:
                    self._blocks[key] = block
                    self.held += block.nbytes
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        while self.held > self.limit and len(self._blocks) > 1:
            self.held -= self._blocks.popitem(last=False)[1].nbytes


shared_blocks = BlockCache(CACHE_BYTES)
"""Decoded pieces of all open images."""
_tokens = count()


def new_token() -> int:
    """A key that tells the blocks of one open image from those of another."""
    return next(_tokens)
