"""Two threads: the same results in the same order as one, and the same errors."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from smplprep import clean
from smplprep.geometry import two_threads as threads
from smplprep.geometry.two_threads import thread_map


def test_results_come_in_the_order_of_the_items():
    def slow_first(item):
        time.sleep(0.05 if item == 0 else 0)
        return item, threading.get_ident()

    found = list(thread_map(slow_first, range(6)))
    assert [item for item, _ in found] == list(range(6))
    assert len({thread for _, thread in found}) == threads.THREADS


@pytest.mark.parametrize("items", [[], [1], [1, 2, 3]])
def test_any_number_of_items(items):
    assert list(thread_map(str, items)) == list(map(str, items))


@pytest.mark.parametrize("items", [[0], [4, 2, 0, 1]])
def test_what_one_raises_is_raised(items):
    with pytest.raises(ZeroDivisionError):
        list(thread_map(lambda item: 1 / item, items))


def test_no_bit_of_a_clean_depends_on_them(standin, monkeypatch):
    found = []
    for count in (1, 3):
        monkeypatch.setattr(threads, "THREADS", count)
        found.append(clean(standin))
    (one, report), (three, same_report) = found
    assert report.to_json() == same_report.to_json()
    for key, array in one.entries().items():
        assert np.array_equal(array, three.entries()[key]), key
