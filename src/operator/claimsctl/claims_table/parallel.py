"""Work done by several threads, a bounded number of pieces ahead, results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

WORKERS = 8
"""Threads; a client of the SDK keeps ten connections open."""


def in_parallel(
    work: Callable[[In], Out],
    pieces: Iterable[In],
    *,
    workers: int = WORKERS,
    ahead: int = 2 * WORKERS,
) -> Iterator[tuple[In, Out]]:
    """Each piece with what `work` makes of it; no more than `ahead` of them are in memory.

    What `work` raises is raised here, in its place; pieces not begun by then never begin.
    """
    with ThreadPoolExecutor(workers) as pool:
        begun: deque[tuple[In, Future[Out]]] = deque()
        try:
            for piece in pieces:
                begun.append((piece, pool.submit(work, piece)))
                if len(begun) >= ahead:
                    done, future = begun.popleft()
                    yield done, future.result()
            while begun:
                done, future = begun.popleft()
                yield done, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def batches(pieces: Iterable[In], size: int) -> Iterator[tuple[In, ...]]:
    """`pieces`, `size` at a time (`itertools.batched`, which Python 3.11 has not)."""
    rest = iter(pieces)
    while batch := tuple(islice(rest, size)):
        yield batch
