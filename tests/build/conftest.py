"""A small project to build, and the command line in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from small_project import Run, command, make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a manifest and three small models."""
    make_project(tmp_path)
    return tmp_path


@pytest.fixture
def build(project: Path) -> Run:
    """``smplprep build`` in the project."""

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*arguments), cwd=project, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run
