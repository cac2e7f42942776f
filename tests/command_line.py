"""The command line, as a user meets it: what it says and how it ends."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from smplprep.cli.main import run as run_main


def command(*arguments: object) -> list[str]:
    """What a shell would run."""
    return [sys.executable, "-m", "smplprep", *map(str, arguments)]


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run it, in a process of its own where ``options`` of ``subprocess.run`` are given."""
    line = command(*arguments)
    if options:
        return subprocess.run(line, capture_output=True, text=True, timeout=120, **options)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    here = contextlib.chdir(Path.cwd())  # `build` goes to the folder of its manifest
    with here, patch.multiple(sys, argv=["smplprep", *line[3:]], stdout=out, stderr=err):
        try:
            run_main()
        except SystemExit as done:
            status = int(done.code or 0)
    said = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(line, status, *said)
