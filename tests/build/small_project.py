"""A small project to build: three models of ten vertices."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from small_files import arrays, as_npz

MANIFEST = """\
tol = 0.02
output = "cleaned"

[[model]]
path = "raw/*.npz"
"""
GENDERS = ("FEMALE", "MALE", "NEUTRAL")

Run = Callable[..., subprocess.CompletedProcess[str]]


def write_small(path: Path, number: int) -> None:
    """A model of ten vertices, no two alike."""
    entries = arrays()
    entries["v_template"] = entries["v_template"] + number
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(as_npz(entries))


def make_project(folder: Path) -> None:
    """A manifest and three models."""
    (folder / "smplprep.toml").write_text(MANIFEST)
    for number, gender in enumerate(GENDERS):
        write_small(folder / "raw" / f"SMPLH_{gender}.npz", number)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "smplprep", "build", *arguments]


def results(text: str) -> dict[str, str]:
    """The summary table: model -> result and reason."""
    rows = [line.split(maxsplit=1) for line in text.splitlines()[1:-1]]
    return {path: " ".join(rest.split()) for path, rest in rows}


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a project with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def flip(path: Path, at: int = -40) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
