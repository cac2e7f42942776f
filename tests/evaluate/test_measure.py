"""One stretch against the plain twin in float64, and against two stock smplx models."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import SmplprepError, read_model
from smplprep.evaluate.measure import Frames, Measure, regions
from smplprep.evaluate.tally import quantile_um
from smplprep.geometry.skinning import posed_vertices
from smplprep.jobs.pipeline import clean


def frames(n_joints: int, *, n_frames: int = 40, n_betas: int = 2) -> Frames:
    random = np.random.RandomState(5)
    poses = 0.4 * random.standard_normal((n_frames, n_joints, 3))
    return Frames("walk.npz", 128, poses, random.standard_normal(n_betas))


def apart_mm(a, b, stretch: Frames) -> np.ndarray:
    """(N, V) distances, plainly."""
    n_shapes = min(a.shapedirs.shape[2], len(stretch.betas))
    betas = np.tile(stretch.betas[:n_shapes], (len(stretch.poses), 1))
    ours, theirs = (posed_vertices(model, stretch.poses, betas) for model in (a, b))
    return 1000 * np.linalg.norm(ours - theirs, axis=2)


def test_figures_are_the_plain_ones(pair):
    stretch = frames(4)
    measure = Measure(*pair)
    found, expected = measure(stretch), apart_mm(*pair, stretch)
    owner = pair[0].weights.argmax(axis=1)
    assert measure.regions == ["j0", "j1", "j2", "j3"]
    assert found.frames == 40
    for region in range(4):
        mine = expected[:, owner == region]
        assert measure.region_sizes[region] == mine.shape[1]
        assert found.sums[region] / mine.size / 1000 == pytest.approx(mine.mean(), abs=2e-3)
        assert found.highest[region] / 1000 == pytest.approx(mine.max(), abs=2e-3)
        median = np.sort(mine, axis=None)[mine.size // 2 - 1]
        assert quantile_um(found.counts[region], 50) / 1000 == pytest.approx(median, rel=3e-3)
    (worst,) = found.worst
    frame, vertex = np.unravel_index(expected.argmax(), expected.shape)
    assert (worst.file, worst.frame, worst.vertex) == ("walk.npz", 128 + frame, vertex)


def test_the_same_model_twice_lies_nowhere_apart(pair):
    assert not Measure(pair[0], pair[0])(frames(4)).sums.any()


def test_betas_beyond_the_models_are_left_out(pair):
    short, long = frames(4, n_betas=2), frames(4, n_betas=2)
    longer = Frames(long.file, long.first, long.poses, np.append(short.betas, [7.0, 9.0]))
    assert Measure(*pair)(short).to_json() == Measure(*pair)(longer).to_json()


def test_stand_in_agrees_with_two_stock_models(standin):
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    from smplprep.stock.load import stock_from_model, stock_output

    cleaned = clean(standin)[0]
    stretch = frames(52, n_frames=12, n_betas=10)
    with torch.no_grad():
        ours, theirs = (
            stock_output(
                stock_from_model(model),
                torch.tensor(stretch.poses, dtype=torch.float32),
                torch.tensor(stretch.betas, dtype=torch.float32).expand(12, -1),
            ).vertices.double()
            for model in (standin, cleaned)
        )
    expected = 1000 * (ours - theirs).norm(dim=2).numpy()
    found = Measure(standin, cleaned)(stretch)
    assert found.sums.sum() / expected.size / 1000 == pytest.approx(expected.mean(), abs=1e-3)
    assert found.highest.max() / 1000 == pytest.approx(expected.max(), abs=5e-3)
    exact = apart_mm(standin, cleaned, stretch)
    assert found.highest.max() / 1000 == pytest.approx(exact.max(), abs=1e-3)
    frame, vertex = np.unravel_index(exact.argmax(), exact.shape)
    assert (found.worst[0].frame - 128, found.worst[0].vertex) == (frame, vertex)


def test_fingers_count_with_their_hand_and_faces_with_the_head(standin, family_dir):
    from smplprep import read_model

    names, _ = regions(standin)
    assert "leftHand" in names
    assert not [name for name in names if "index" in name]
    names, of_vertex = regions(read_model(next(family_dir.rglob("SMPLX_*.npz"))))
    assert not {"jaw", "leftEye", "lindex0"} & set(names)
    assert len(of_vertex) == 10475


def test_other_families_are_refused(pair, standin):
    with pytest.raises(SmplprepError, match="it does not match"):
        Measure(pair[0], standin)


def test_what_hangs_on_no_named_joint_counts_with_the_root(family_dir):
    """FLAME's root is not a joint of the body, and jaw and eyes hang on its neck."""
    flame = read_model(family_dir / "flame" / "FLAME_NEUTRAL.pkl")
    names, region_of = regions(flame)
    joints = flame.family.joint_names(flame.n_joints)
    heaviest = flame.weights.argmax(axis=1)
    assert set(names) == {joints[0], "neck"}
    assert (heaviest == 0).any()
    assert {names[region] for region in region_of[heaviest == 0]} == {joints[0]}
    assert {names[region] for region in region_of[heaviest > 1]} == {"neck"}
