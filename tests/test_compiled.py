"""Kernels compile where nothing can be cached, too."""

from __future__ import annotations

from hepml import compiled as module
from hepml.compiled import compiled


def test_a_kernel_works_where_nothing_can_be_cached(monkeypatch):
    njit = module.numba.njit

    def uncached(*args, **options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(module.numba, "njit", uncached)
    assert compiled(lambda number: number + 1)(1) == 2
