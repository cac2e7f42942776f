"""Clean the stand-in model and say where the result is. Needs Python 3.11 and git, nothing else.

python3 scripts/quickstart.py
"""

from __future__ import annotations

import subprocess

import environment


def main() -> None:
    """Make an environment and the stand-in, clean it, and point at the files."""
    python = environment.make(".venv", extras="report")
    out = environment.ROOT / "build" / "quickstart"
    out.mkdir(parents=True, exist_ok=True)
    script = environment.ROOT / "scripts" / "make_standin.py"
    print("making the stand-in model ...", flush=True)
    subprocess.run([python, script, out, "--only", "npz"], check=True, stdout=subprocess.DEVNULL)
    model = out / "SMPLH_NEUTRAL.npz"
    subprocess.run([python, "-m", "smplprep", "clean", model, "--force"], check=True)


if __name__ == "__main__":
    main()
