"""Clean the stand-in model and say where the result is. Needs Python 3.11 and git, nothing else.

python3 scripts/quickstart.py
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import environment


def main() -> None:
    """Make an environment and the stand-in, clean it, and point at the files."""
    python = environment.make(".venv", extras="report")
    root, out = environment.ROOT, Path("build", "quickstart")
    print("making the stand-in model ...", flush=True)
    make = [python, "-m", "scripts.standins.make_standin", out, "--only", "npz"]
    subprocess.run(make, cwd=root, check=True, stdout=subprocess.DEVNULL)
    clean = [python, "-m", "smplprep", "clean", out / "SMPLH_NEUTRAL.npz", "--force"]
    subprocess.run(clean, cwd=root, check=True)
    command = (python.parent / "smplprep").relative_to(root)
    print(f"\nNow your own model, from this folder:\n  {command} clean YOUR_MODEL.npz")


if __name__ == "__main__":
    main()
