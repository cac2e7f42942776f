"""``smplprep convert``: other containers, the same arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import run

from smplprep import read_model, write_model
from smplprep.io.plain_arrays import plain_array

pytestmark = pytest.mark.slow


def plain(path: Path) -> dict[str, np.ndarray]:
    """The entries of a model file, as a .npz would hold them."""
    entries = read_model(path, normalize_rows=True).entries()
    return {key: plain_array(value) for key, value in entries.items()}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return list(a) == list(b) and all(
        a[key].dtype == b[key].dtype and a[key].tobytes() == b[key].tobytes() for key in a
    )


@pytest.mark.parametrize("way", ["pkl npz", "h5 npz", "pkl h5", "npz h5 pkl", "h5 pkl h5 npz pkl"])
def test_round_trips_are_exact(way: str, family_dir: Path, tmp_path: Path) -> None:
    source = path = family_dir / "mano" / "MANO_LEFT.pkl"
    for step, ending in enumerate(way.split()):
        path, before = tmp_path / f"{step}.{ending}", path
        write_model(read_model(before), path)
        assert same(plain(path), plain(source))
    assert read_model(path).source.container == way.split()[-1]


def test_chumpy_and_python_2_go_and_matrices_stay_sparse(family_dir: Path, tmp_path: Path) -> None:
    source = family_dir / "mano" / "MANO_RIGHT.pkl"
    assert b"chumpy" in source.read_bytes()
    for name in ("mano_m.pkl", "m.h5"):
        done = run("convert", source, "-o", tmp_path / name)
        assert (done.returncode, done.stdout) == (0, f"model: {tmp_path / name}\n")
        assert b"chumpy" not in (tmp_path / name).read_bytes()
        assert read_model(tmp_path / name).source.sparse == {"J_regressor": "csc"}
    assert run("convert", source, "-o", tmp_path / "m.npz").returncode == 0
    assert "smplprep" not in np.load(tmp_path / "m.npz")
    before = read_model(source)
    assert np.array_equal(np.load(tmp_path / "m.npz")["weights"], before.weights)


def test_converting_needs_one_place_and_force(family_dir: Path, tmp_path: Path) -> None:
    source = family_dir / "mano" / "MANO_RIGHT.pkl"
    assert run("convert", source).returncode == 2
    target = tmp_path / "m.npz"
    target.write_text("mine")
    assert run("convert", source, "-o", target).returncode == 4
    assert target.read_text() == "mine"
    assert run("convert", source, "-o", target, "--force").returncode == 0
    assert run("convert", source, "-o", tmp_path / "m.txt").returncode == 4
