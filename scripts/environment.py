"""Virtual environments of the project's own, made with nothing but Python 3.11 and pip."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make(name: str, *, extras: str = "", torch: bool = False) -> Path:
    """A virtual environment ``ROOT/name`` with smplprep in it; its Python.

    Args:
        name: of the folder; what is there already is used again.
        extras: comma-separated extras of pyproject.toml.
        torch: install torch first and by its exact version, since what depends on it would
            otherwise bring in the newest build and its gigabytes of CUDA.
    """
    python = created(name)
    if torch:
        pip(python, pinned("torch"))
    pip(python, "-e", f"{ROOT}[{extras}]" if extras else str(ROOT))
    return python


def created(name: str) -> Path:
    """The Python of the virtual environment ``ROOT/name``, which is made if it is not there."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this file runs before anything is installed)
        sys.exit("smplprep needs Python 3.11 or newer")
    folder = ROOT / name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        print(f"making a virtual environment in {name} ...", flush=True)
        venv.create(folder, with_pip=True)
    return python


def pip(python: Path, *what: str) -> None:
    """``pip install`` under the project's constraints; its errors end the script."""
    install(python, "-c", str(ROOT / "constraints.txt"), *what)


def install(python: Path, *what: str) -> None:
    """``pip install``; its errors end the script."""
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*command, *what], check=True)


def pinned(package: str) -> str:
    """The package with the version that constraints.txt gives it."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))
