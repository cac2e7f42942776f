"""Motion files: what np.load reads, found in order; what is not a motion is said in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import ModelReadError, SmplprepError
from smplprep.evaluate.motions import Motion, find_motions, n_frames, stretches

N_JOINTS = 4


def motion_at(path, **arrays) -> Motion:
    np.savez(path, **arrays)
    return Motion(path.name, str(path))


def read(motion: Motion) -> list:
    return list(stretches(motion, n_joints=N_JOINTS))


@pytest.mark.parametrize("dtype", ["<f8", "<f4", ">f8", "<f2"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("count", [1, 128, 129, 1000])
def test_reads_what_numpy_reads(tmp_path, dtype, save, count):
    poses = np.random.RandomState(count).standard_normal((count, 12)).astype(dtype)
    gender = np.array("male", dtype=object)
    save(tmp_path / "m.npz", gender=gender, poses=poses, betas=np.arange(16.0), trans=poses)
    motion = Motion("m.npz", str(tmp_path / "m.npz"))
    found = read(motion)
    assert n_frames(motion, n_joints=N_JOINTS) == count
    assert [part.first for part in found] == list(range(0, count, 128))
    joined = np.concatenate([part.poses for part in found])
    np.testing.assert_array_equal(joined, poses.astype(np.float64).reshape(-1, N_JOINTS, 3))
    np.testing.assert_array_equal(found[0].betas, np.arange(16.0))


def test_folders_are_searched_in_order(tmp_path):
    beside = ("a/shape.npz", "a/neutral_stagei.npz", "a/notes.txt")  # in AMASS's folders
    for name in ("b/2.npz", "a/9.npz", "b/10.npz", "c.npz", *beside):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [motion.label for motion in find_motions([tmp_path])]
    assert found == ["a/9.npz", "b/10.npz", "b/2.npz", "c.npz"]
    one = find_motions([tmp_path / "c.npz", tmp_path / "a" / "9.npz", tmp_path / "c.npz"])
    assert [motion.label for motion in one] == ["9.npz", "c.npz"]


def test_what_cannot_be_found_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SmplprepError, match=r"empty: no \.npz file in this folder"):
        find_motions([tmp_path / "empty"])
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.npz").touch()
    with pytest.raises(SmplprepError, match=r"another motion has the same name, x\.npz"):
        find_motions([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(ModelReadError, match="there is no such file"):
        read(find_motions([tmp_path / "gone.npz"])[0])


def zeros(*shape: int, at: tuple[int, ...] = (), value: float = 0.0) -> np.ndarray:
    array = np.zeros(shape)
    if at:
        array[at] = value
    return array


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"trans": zeros(3, 3)}, "it has no key poses, so it is not a motion"),
        ({"poses": zeros(3, 156)}, "poses has 156 columns, but a model of 4 joints takes 12"),
        ({"poses": zeros(3, 4, 3)}, r"poses has shape \(3, 4, 3\), not \(frames, 12\)"),
        ({"poses": zeros(0, 12)}, r"poses has shape \(0, 12\)"),
        ({"poses": np.zeros((3, 12), np.int64)}, "poses has dtype int64, not floats"),
        (
            {"poses": zeros(300, 12, at=(200, 7), value=np.nan)},
            r"poses\[200, 7\]: nan is not a valid angle",
        ),
        (
            {"poses": zeros(3, 12, at=(2, 0), value=np.inf)},
            r"poses\[2, 0\]: inf is not a valid angle",
        ),
        (
            {"poses": zeros(3, 12, at=(1, 1), value=1e200)},
            r"poses\[1, 1\]: 1e\+200 is not a valid angle",
        ),
        ({"poses": np.array([None], dtype=object)}, "poses is objects, not numbers"),
        ({"poses": np.asfortranarray(zeros(3, 12))}, "poses is stored column by column"),
        (
            {"poses": zeros(3, 12), "betas": zeros(16, at=(3,), value=np.nan)},
            r"betas\[3\]: nan is not a valid shape coefficient",
        ),
        ({"poses": zeros(3, 12), "betas": zeros(3, 16)}, r"betas has shape \(3, 16\)"),
        ({"poses": zeros(3, 12), "betas": zeros(1, 0)}, r"betas has shape \(1, 0\)"),
        ({"poses": zeros(3, 12), "betas": zeros()}, r"betas has shape \(\), not one row"),
    ],
)
def test_what_is_no_motion_is_refused(tmp_path, arrays, message):
    with pytest.raises(ModelReadError, match=message) as caught:
        read(motion_at(tmp_path / "m.npz", **arrays))
    assert "m.npz" in str(caught.value)


def test_betas_may_be_missing_or_one_row(tmp_path):
    assert read(motion_at(tmp_path / "m.npz", poses=zeros(3, 12)))[0].betas.size == 0
    row = motion_at(tmp_path / "m.npz", poses=zeros(3, 12), betas=zeros(1, 10))
    assert read(row)[0].betas.shape == (10,)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_flipped_byte_of_the_poses_is_noticed(tmp_path, save):
    path = tmp_path / "m.npz"
    save(path, poses=np.random.RandomState(0).standard_normal((200, 12)))
    good = path.read_bytes()
    for at in range(60, len(good) - 200, 997):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        with pytest.raises(ModelReadError):
            read(Motion("m.npz", str(path)))


def test_a_file_cut_short_is_refused(tmp_path):
    motion = motion_at(tmp_path / "m.npz", poses=zeros(200, 12))
    whole = (tmp_path / "m.npz").read_bytes()
    (tmp_path / "m.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelReadError, match="cut short"):
        read(motion)
