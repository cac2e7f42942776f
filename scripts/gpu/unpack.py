"""What ``pack`` made, unpacked where nothing can be downloaded. Needs pip and the standard library.

The wheels go into a folder of their own, and only those of packages that this Python lacks.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path


def unpack(folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder of the artifacts, and the environment in which Python finds the packages."""
    missing = [path for path in sorted((folder / "wheels").glob("*.whl")) if lacks(path)]
    site = folder / "site"
    if missing:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
        subprocess.run([*command, "--upgrade", "--target", site, *missing], check=True)
    with zipfile.ZipFile(folder / "artifacts.zip") as archive:
        archive.extractall(folder / "artifacts")
    found = [str(folder / "code"), str(site), os.environ.get("PYTHONPATH", "")]
    return folder / "artifacts", os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, found))}


def lacks(wheel: Path) -> bool:
    """Whether this Python cannot import the package of a wheel."""
    return importlib.util.find_spec(re.split("-", wheel.name)[0].lower()) is None
