"""The command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any


def command(*arguments: object) -> list[str]:
    """What a shell would run."""
    return [sys.executable, "-m", "smplprep", *map(str, arguments)]


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """What it says and how it ends; ``options`` are those of ``subprocess.run``."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=120, **options
    )
