"""What the scripts of the first minute do: nothing to what is installed already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("there", "installs"),
    [
        ({"apt-get"}, True),
        ({"apt-get", "chromium"}, False),
        ({"apt-get", "google-chrome", "chromedriver"}, False),
    ],
)
def test_a_browser_that_is_there_is_not_replaced(there, installs, monkeypatch):
    """By root, who could."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import install_browser

    ran = []
    monkeypatch.setattr(shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command[0]))
    install_browser.main()
    assert ("apt-get" in ran) == installs
    sys.modules.pop("install_browser")
