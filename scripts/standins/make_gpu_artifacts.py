"""Cleaned stand-ins for the GPU tests, small enough to travel: compressed, float32.

    python -m scripts.standins.make_gpu_artifacts [OUT_DIR]

The raw stand-in goes beside them, for what compares the two. The tests in ``tests/gpu`` find them
in ``build/gpu``, or where SMPLPREP_GPU_ARTIFACTS points.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from smplprep import Options
from smplprep.jobs.clean_file import clean_file

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "gpu"


def main() -> None:
    """Make SMPLH_RAW.npz, SMPLH_CLEAN.npz and SMPLH_CLEAN.pkl."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    as_is = Options(tolerance=0.0, regressor="keep", posedirs="keep", dtype="float32")
    cleaned = Options(dtype="float32")
    with tempfile.TemporaryDirectory() as name:
        make = [sys.executable, "-m", "scripts.standins.make_standin", name]
        subprocess.run(make, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        source = Path(name)
        for target, origin, options in (
            ("SMPLH_RAW.npz", "SMPLH_NEUTRAL.npz", as_is),
            ("SMPLH_CLEAN.npz", "SMPLH_NEUTRAL.npz", cleaned),
            ("SMPLH_CLEAN.pkl", "SMPLH_NEUTRAL.pkl", cleaned),
        ):
            done = clean_file(source / origin, folder / target, options, compress=True, force=True)
            print(f"{done.target}: {done.target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
