"""A few seconds of ``tests/fuzz.py``; CI runs a minute of it, you as much as you like."""

from __future__ import annotations

import pytest
from fuzz import fuzz

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("h5", [False, True])
def test_files_are_read_or_refused(h5: bool) -> None:
    assert fuzz(seconds=3, h5=h5) >= 1
