"""The committed rigs are what their table says, small, licensed, and body models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

RIGS = Path(__file__).resolve().parents[2] / "assets/rigs"
NAMES = sorted(path.stem for path in RIGS.glob("*.npz"))


def table() -> dict[str, list[str]]:
    """Rig -> the cells of its row in the table of facts."""
    rows = [line.strip("| ").split(" | ") for line in (RIGS / "README.md").read_text().splitlines()]
    return {row[0].strip("`"): row[1:] for row in rows if row[0].startswith("`") and len(row) == 11}


def test_every_rig_is_in_the_table_and_has_a_license():
    assert NAMES == sorted(table()) == ["dog", "hand", "makehuman", "rocketbox"]
    for name in NAMES:
        (text,) = RIGS.glob(f"LICENSE-{name}.*")
        assert any(word in text.read_text() for word in ("MIT License", "Apache License", "CC0"))


def test_all_together_are_at_most_2_mb():
    assert sum(path.stat().st_size for path in RIGS.iterdir()) <= 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_are_the_files(name):
    with np.load(RIGS / f"{name}.npz", allow_pickle=False) as rig:
        points, faces, weights = rig["v_template"], rig["f"], rig["weights"]
        regressor, tree = rig["J_regressor"], rig["kintree_table"]
        assert {rig[key].dtype for key in ("v_template", "weights", "J_regressor")} == {
            np.dtype("float32")
        }
        assert len(rig["joint_names"]) == weights.shape[1]
    there = weights > 0
    facts = [len(points), len(faces), weights.shape[1]]
    facts += [there.sum(), (there & (weights < 0.01)).sum(), there.sum(axis=1).max()]
    cells = table()[name]
    assert [int(cell) for cell in (*cells[1:4], *cells[5:8])] == facts
    assert cells[8] == " x ".join(f"{side:.2f}" for side in np.ptp(points, axis=0))
    assert np.abs(weights.sum(axis=1) - 1).max() < 1e-6
    assert faces.max() == len(points) - 1
    parents = tree[0]
    assert (parents == 2**32 - 1).sum() == 1
    assert all(parent < joint for joint, parent in enumerate(parents) if parent != 2**32 - 1)
    # Every joint is where its row puts it: within the mesh's own box, but for rows of eight.
    inside = (regressor >= 0).all(axis=1)
    joints = (regressor @ points)[inside]
    assert (joints >= points.min(axis=0) - 1e-6).all() and (
        joints <= points.max(axis=0) + 1e-6
    ).all()
    assert np.count_nonzero(regressor, axis=1).max() <= 8
