"""The arrays that a clean writes, by digest: a change of structure must not change one bit of them.

python tests/test_same_output.py    writes tests/same_output.json again, from the code as it is
"""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
RECORD = Path(__file__).parent / "same_output.json"

# Name of the case -> the stand-in that it cleans and the options.
CASES = {
    "default .npz": ("SMPLH_NEUTRAL.npz",),
    "default .pkl": ("SMPLH_NEUTRAL.pkl",),
    "islands": ("SMPLH_NEUTRAL.npz", "--policy", "islands"),
    "four influences": ("SMPLH_NEUTRAL.npz", "--max-influences", "4"),
    "zero correctives": ("SMPLH_NEUTRAL.npz", "--posedirs", "zero"),
    "smpl": ("smpl/SMPL_NEUTRAL.pkl",),
    "smplx": ("smplx/SMPLX_NEUTRAL.npz",),
    "mano": ("mano/MANO_LEFT.pkl",),
    "flame": ("flame/FLAME_NEUTRAL.pkl",),
}


@pytest.mark.parametrize("case", CASES)
def test_the_arrays_are_those_on_record(
    case: str, standin_dir: Path, family_dir: Path, tmp_path: Path
) -> None:
    file = CASES[case][0]
    folder = family_dir if "/" in file else standin_dir
    record = json.loads(RECORD.read_text())
    assert digests(folder, case, tmp_path) == record[case]


def digests(folder: Path, case: str, out: Path) -> dict[str, str]:
    """Key -> digest of every value of the cleaned file but the stamp, in the file's order."""
    file, *options = CASES[case]
    target = out / f"cleaned{Path(file).suffix}"
    command = [sys.executable, "-m", "smplprep", "clean", str(folder / file), "-o", str(target)]
    subprocess.run([*command, "--no-html", "-q", *options], check=True, cwd=ROOT, timeout=300)
    if target.suffix == ".npz":
        with np.load(target) as archive:
            values: dict[Any, Any] = dict(archive)
    else:
        values = pickle.loads(target.read_bytes(), encoding="latin1")
    return {str(key): digest(value) for key, value in values.items() if key != "smplprep"}


def digest(value: Any) -> str:
    """SHA-256 of the value's type, shape and bytes."""
    if hasattr(value, "indptr"):  # a scipy.sparse matrix
        parts = [value.data, value.indices, value.indptr]
    elif isinstance(value, np.ndarray):
        parts = [value]
    else:
        return repr(value)
    sha = hashlib.sha256()
    for part in parts:
        sha.update(f"{part.dtype.str}{part.shape}".encode())
        sha.update(np.ascontiguousarray(part).tobytes())
    return sha.hexdigest()


def write_record() -> None:
    """Make the stand-ins and record what the code gives now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for script in ("make_standin", "make_family_standins"):
            command = [sys.executable, "-m", f"scripts.standins.{script}", folder]
            subprocess.run(command, cwd=ROOT, check=True)
        record = {}
        for case in CASES:
            with tempfile.TemporaryDirectory() as out:
                record[case] = digests(folder, case, Path(out))
        RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    write_record()
