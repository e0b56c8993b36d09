from __future__ import annotations

import numpy as np

from cellseg.images.cache import BlockCache


def _block(size: int = 10) -> np.ndarray:
    return np.zeros(size, np.uint8)


def test_a_block_is_made_once():
    cache, made = BlockCache(100), []
    for _ in range(3):
        cache.get("a", lambda: made.append(1) or _block())
    assert len(made) == 1


def test_the_least_recently_used_goes_first():
    cache, made = BlockCache(20), []
    for key in "abaca":
        cache.get(key, lambda key=key: made.append(key) or _block())
    assert made == ["a", "b", "c"]
    cache.get("b", lambda: made.append("b") or _block())
    assert made == ["a", "b", "c", "b"]
    assert cache.held == 20


def test_a_block_larger_than_the_limit_is_kept_alone():
    cache = BlockCache(20)
    cache.get("small", _block)
    cache.get("large", lambda: _block(1000))
    assert cache.held == 1000
    cache.get("small", _block)
    assert cache.held == 10


def test_only_those_that_are_missing_are_made():
    cache, made = BlockCache(1000), []

    def make(places):
        made.append(places)
        return [_block(place + 1) for place in places]

    assert [len(block) for block in cache.get_all("abc", make)] == [1, 2, 3]
    assert [len(block) for block in cache.get_all("cxbya", make)] == [3, 2, 2, 4, 1]
    assert made == [[0, 1, 2], [1, 3]]
