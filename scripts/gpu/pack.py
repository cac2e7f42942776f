"""A folder that takes the GPU tests to a machine where nothing can be downloaded.

    python -m scripts.gpu.pack FOLDER [--python 3.12]

In it: the artifacts (zipped), the code that runs them, and wheels of what a machine with torch may
lack. ``python3 FOLDER/code/scripts/run_tests.py --gpu --run FOLDER`` does the rest there; torch and
scipy are that machine's own. ``--python`` is the version there, if it is another one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from scripts.gpu import artifacts

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60 << 20
# Import name -> package. Installed there only where the import fails.
NEEDED = {
    "numpy": "numpy",
    "click": "click",
    "smplx": "smplx",
    "highspy": "highspy",
    "pytest": "pytest",
    "iniconfig": "iniconfig",
    "pluggy": "pluggy",
    "packaging": "packaging",
    "pygments": "pygments",
}
CODE = ("smplprep", "scripts", "tests/gpu", "tests/conftest.py", "tests/tidiness.py",
        "pyproject.toml", "README.md",
        "assets/findings.json", "assets/cc0_walk.npz")  # fmt: skip


def pack(folder: Path, python: str | None) -> None:
    """Fill the folder.

    Raises:
        SystemExit: it would be larger than 60 MiB.
    """
    for name in CODE:
        source, target = ROOT / name, folder / "code" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=ignore, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)
    with tempfile.TemporaryDirectory() as made:
        artifacts.make(Path(made))
        with zipfile.ZipFile(folder / "artifacts.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(made).iterdir()):
                archive.write(path, path.name)
    download(folder / "wheels", python)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 2**20:.1f} MiB")
    if size > LIMIT:
        sys.exit(f"{folder} is larger than {LIMIT >> 20} MiB")


def download(folder: Path, python: str | None) -> None:
    """The wheels, for this Python or for that version on 64-bit Linux."""
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "-d", str(folder)]
    command += ["--only-binary=:all:", "-c", str(ROOT / "constraints.txt")]
    if python:
        tags = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
        command += ["--python-version", python, "--implementation", "cp"]
        command += [f"--platform={tag}_x86_64" for tag in tags]
    subprocess.run([*command, *NEEDED.values()], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python")
    arguments = parser.parse_args()
    pack(arguments.folder, arguments.python)


if __name__ == "__main__":
    main()
