"""Cleaned stand-ins for the GPU tests, small enough to travel: float32, compressed where it helps.

    python -m scripts.gpu.artifacts [FOLDER]

The raw SMPL-H goes beside them, for what compares the two. Its pose correctives are rounded to
three bits of mantissa before it is cleaned, so that the file deflates well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "gpu"
RAW = "SMPLH_RAW.npz"
# Name of the cleaned file -> the raw file that it is made of.
CLEANED = {
    "SMPLH_CLEAN.npz": RAW,
    "SMPLH_PKL_CLEAN.pkl": "SMPLH_RAW.pkl",
    "SMPLX_CLEAN.npz": "smplx/SMPLX_NEUTRAL.npz",
    "MANO_RIGHT_CLEAN.pkl": "mano/MANO_RIGHT.pkl",
}


def make(folder: Path) -> None:
    """Write the raw SMPL-H and the files of ``CLEANED`` into the folder."""
    # They need scipy, which a machine that only runs the tests may lack.
    from scripts.standins.make_standin import make_standin, write_npz, write_pkl
    from smplprep import Options
    from smplprep.jobs.clean_file import clean_file

    folder.mkdir(parents=True, exist_ok=True)
    model, _ = make_standin(dtype="float32")
    model["posedirs"] = rounded(model["posedirs"])
    write_npz(folder / RAW, model, compressed=True)
    with tempfile.TemporaryDirectory() as name:
        raw = Path(name)
        (raw / RAW).symlink_to((folder / RAW).resolve())
        write_pkl(raw / "SMPLH_RAW.pkl", model)
        families = [sys.executable, "-m", "scripts.standins.make_family_standins", name]
        subprocess.run(families, cwd=ROOT, check=True)
        for target, source in CLEANED.items():
            compress = True if target.endswith(".npz") else None
            options = Options(dtype="float32")
            clean_file(
                raw / source, folder / target, options, compress=compress, force=True, html=False
            )
    for path in sorted(folder.iterdir()):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def rounded(array: np.ndarray) -> np.ndarray:
    """The float32 array with three bits of mantissa, rounded to the nearest."""
    bits = array.view(np.uint32) + np.uint32(0x80000)
    return (bits & np.uint32(0xFFF00000)).view(np.float32)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
