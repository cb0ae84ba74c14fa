"""Jets as shuffled batches out of more Parquet than fits in memory.

Row groups are read in a random order, a few at a time into a pool; the jets of a pool are shuffled
and cut into batches, which are padded only then. Two threads work ahead of the training: one
reads, one fills batches. The order is a function of seed and epoch alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hepml.ml.toptag.blocks import LABEL, WEIGHT, Block, JetRows, read_block
from hepml.ml.toptag.inputs import Inputs
from hepml.parts import to_numpy

__all__ = ["Batch", "JetLoader", "prefetched"]

Floats = NDArray[np.float32]
T = TypeVar("T")
# Jets of a pool, at least: with 80 constituents each some 100 MB.
POOL = 80_000
AHEAD = 16
_END: Any = object()


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Jets of one step.

    Attributes
    ----------
    x : array of float32
        Inputs, one jet a row.
    y, weight : array of float32, shape (jets,)
        1 for top and 0 for QCD; training weight.
    """

    x: Floats
    y: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Jets in memory: what the inputs hold of them, and their order."""

    held: Any
    order: NDArray[np.int64]
    y: Floats
    weight: Floats


class JetLoader:
    """Batches of jets.

    Parameters
    ----------
    rows : JetRows
        Which jets.
    inputs : Inputs
        What of them.
    batch : int
        Jets of a batch; the last one has what is left.
    shuffle : bool
        ``False``: in the order of the table.
    pool : int
        Jets that are shuffled with each other: row groups are read until there are so many.
    seed : int
        Of the order.
    ahead : int
        Batches that are made ahead; 0: no threads.
    """

    def __init__(
        self,
        rows: JetRows,
        inputs: Inputs,
        *,
        batch: int = 256,
        shuffle: bool = True,
        pool: int = POOL,
        seed: int = 0,
        ahead: int = AHEAD,
    ) -> None:
        self.rows, self.inputs, self.batch = rows, inputs, batch
        self.shuffle, self.pool, self.seed, self.ahead = shuffle, pool, seed, ahead

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.rows) // self.batch)

    def epoch(self, number: int = 0, start: int = 0) -> Generator[Batch]:
        """All jets, once.

        Parameters
        ----------
        number : int
            Of the epoch: each has its own order.
        start : int
            Batches to leave out, those before them being done.
        """
        plan = self._pools_of(number)
        if not self.ahead:
            return self._batches(self._read(plan, number, start), start)
        pools = prefetched(self._read(plan, number, start), 1)
        return prefetched(self._batches(pools, start), self.ahead)

    def _pools_of(self, number: int) -> list[list[Block]]:
        """Row groups of each pool."""
        blocks = self.rows.blocks
        order: Any = range(len(blocks))
        if self.shuffle:
            order = np.random.default_rng([self.seed, number]).permutation(len(blocks))
        pools: list[list[Block]] = []
        size = self.pool
        for place in order:
            if size >= self.pool:
                pools.append([])
                size = 0
            pools[-1].append(blocks[place])
            size += blocks[place].size
        return pools

    def _read(self, plan: list[list[Block]], number: int, start: int) -> Generator[Pool]:
        """Pools from the one on that holds the first wanted jet, less the jets before it."""
        skip = start * self.batch
        for place, blocks in enumerate(plan):
            size = sum(block.size for block in blocks)
            if skip >= size:
                skip -= size
                continue
            yield self._pool(blocks, [self.seed, number, place], skip)
            skip = 0

    def _pool(self, blocks: list[Block], seed: list[int], skip: int) -> Pool:
        columns = [*self.inputs.columns, LABEL, WEIGHT]
        tables, rows, base = [], [], 0
        for block in blocks:
            table = read_block(block, columns)
            chosen = np.arange(len(table)) if block.rows is None else block.rows.astype(np.int64)
            rows.append(chosen + base)
            base += len(table)
            tables.append(table)
        order = np.concatenate(rows)
        if self.shuffle:
            order = np.random.default_rng(seed).permutation(order)
        y, weight = (
            np.concatenate([to_numpy(table.column(name)) for table in tables]).astype(np.float32)
            for name in (LABEL, WEIGHT)
        )
        return Pool(self.inputs.load(tables), order[skip:], y, weight)

    def _batches(self, pools: Iterator[Pool], start: int) -> Generator[Batch]:
        left = len(self.rows) - start * self.batch
        made, filled = self._empty(left), 0
        for pool in pools:
            place = 0
            while place < len(pool.order):
                chosen = pool.order[place : place + len(made.y) - filled]
                there = slice(filled, filled + len(chosen))
                self.inputs.fill(pool.held, chosen, made.x[there])
                made.y[there], made.weight[there] = pool.y[chosen], pool.weight[chosen]
                place, filled = place + len(chosen), filled + len(chosen)
                if filled == len(made.y):
                    yield made
                    left -= filled
                    made, filled = self._empty(left), 0

    def _empty(self, left: int) -> Batch:
        size = min(self.batch, max(left, 0))
        x = np.empty((size, *self.inputs.shape), np.float32)
        return Batch(x, np.empty(size, np.float32), np.empty(size, np.float32))


def prefetched(items: Generator[T], depth: int) -> Generator[T]:
    """The same items, made by a thread that is up to so many ahead."""
    try:
        with ThreadPoolExecutor(1) as worker:
            coming: deque[Future[T]] = deque()
            try:
                coming.extend(worker.submit(next, items, _END) for _ in range(depth))
                while (item := coming.popleft().result()) is not _END:
                    coming.append(worker.submit(next, items, _END))
                    yield item
            finally:
                for future in coming:
                    future.cancel()
    finally:
        items.close()
