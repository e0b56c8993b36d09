"""Compiled loops work where no cache can be written."""

from __future__ import annotations

from cellseg import compiled as module


def test_without_a_place_for_the_cache(monkeypatch):
    real = module.njit

    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(module, "njit", njit)
    assert module.compiled(lambda x: x + 1)(2) == 3
