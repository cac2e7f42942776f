"""Work for two threads: numpy and HiGHS let go of the interpreter while they compute."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Not one for each core: the interpreter itself is for one thread at a time, a build step has a
# machine seldom to itself, and a folder of models is cleaned by several processes.
THREADS = 2


def n_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not every system has it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``map`` on threads, in the order of the items: go through it to the end.

    Each item must be work of its own, so that no figure depends on the number of threads.
    """
    items = list(items)
    if len(items) == 1:  # not worth a thread
        yield function(items[0])
        return
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(function, items)
