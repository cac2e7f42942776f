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
    program = (python.parent / "smplprep").relative_to(root)
    print(
        "\nThese figures are those of the stand-in, in which the faults were planted. Next, from "
        "this folder:\n"
        "\nClean your own model:\n"
        f"  {program} clean YOUR_MODEL.npz\n"
        "\nProve the stand-in through stock smplx (the first line downloads 0.8 to 6 GB):\n"
        f"  {program.with_name('pip')} install -c constraints.txt -e '.[report,verify]'\n"
        f"  {program} verify {out}/SMPLH_NEUTRAL_clean.npz --against {out}/SMPLH_NEUTRAL.npz"
    )


if __name__ == "__main__":
    main()
