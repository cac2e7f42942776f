"""From file to file: same bytes twice, untouched members untouched, nothing lost."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import smplprep
from smplprep import ModelWriteError, Options, VerificationError, read_model
from smplprep.io.replace_file import Replacement
from smplprep.jobs.clean_file import clean_file

pytestmark = pytest.mark.slow


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def raw_members(path: Path) -> dict[str, bytes]:
    """The compressed bytes of each member, as they stand in the archive."""
    data = path.read_bytes()
    found = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            start = info.header_offset
            lengths = data[start + 26 : start + 30]
            start += 30 + int.from_bytes(lengths[:2], "little")
            start += int.from_bytes(lengths[2:], "little")
            found[info.filename] = data[start : start + info.compress_size]
    return found


@pytest.fixture(scope="module")
def done(model_file, tmp_path_factory):
    return clean_file(model_file, tmp_path_factory.mktemp("out") / f"clean{model_file.suffix}")


def test_cleaning_twice_gives_the_bytes_of_cleaning_once(done, tmp_path):
    again = clean_file(done.target, tmp_path / done.target.name)
    assert digest(again.target) == digest(done.target)
    assert again.report.data["displacement"]["max_mm"] == 0


@pytest.mark.parametrize("policy", ["islands"])
def test_cleaning_twice_under_another_policy(standin_dir, tmp_path, policy):
    options = Options(policy=policy, removed_to="parent", max_influences=3, keep_joints=("neck",))
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    once = clean_file(source, tmp_path / "once.npz", options, html=False)
    twice = clean_file(once.target, tmp_path / "twice.npz", options, html=False)
    assert digest(twice.target) == digest(once.target)


def test_the_model_is_put_in_place_last(standin_dir, tmp_path, monkeypatch):
    """A program that waits for the model finds its report beside it."""
    placed = []
    swap = Replacement._swap

    def watched(self):
        swap(self)
        placed.append(self.target.name)

    monkeypatch.setattr(Replacement, "_swap", watched)
    clean_file(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz", tmp_path / "c.npz")
    assert placed == ["c.report.html", "c.report.json", "c.npz"]


def test_a_folder_where_a_page_would_be_is_left_alone(standin_dir, tmp_path):
    (tmp_path / "c.report.html").mkdir()
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    clean_file(source, tmp_path / "c.npz", html=False, force=True)
    assert (tmp_path / "c.report.html").is_dir()


def test_two_runs_give_the_same_bytes(model_file, done, tmp_path):
    again = clean_file(model_file, tmp_path / done.target.name)
    assert digest(again.target) == digest(done.target)
    assert again.report_target.read_bytes() == done.report_target.read_bytes()


@pytest.mark.parametrize("compressed", [False, True])
def test_members_that_did_not_change_are_the_same_bytes(standin_dir, tmp_path, compressed):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    if compressed:
        with np.load(source) as arrays:
            # All but the largest, which would take a while to deflate.
            small = {key: arrays[key] for key in arrays if key != "posedirs"}
        small["posedirs"] = np.zeros((6890, 3, 459))
        source = tmp_path / "deflated.npz"
        np.savez_compressed(source, **small)
    target = clean_file(source, tmp_path / "clean.npz").target
    before, after = raw_members(source), raw_members(target)
    changed = {name for name in before if before[name] != after[name]}
    expected = {"weights.npy", "J_regressor.npy", "posedirs.npy", "J.npy"}
    assert changed == (expected - {"posedirs.npy"} if compressed else expected)
    assert list(after) == [*before, "smplprep.npy"]
    with zipfile.ZipFile(source) as a, zipfile.ZipFile(target) as b:
        for info in a.infolist():
            assert b.getinfo(info.filename).compress_type == info.compress_type
            assert b.getinfo(info.filename).date_time == (1980, 1, 1, 0, 0, 0)


def test_every_promise_at_once_on_any_file(done, model_file):
    """What must hold for any SMPL-H file, also a licensed one."""
    before, after = read_model(model_file, normalize_rows=True), read_model(done.target)
    assert np.abs(after.weights.sum(axis=1, dtype=np.float64) - 1).max() < 1e-6
    assert not ((after.weights > 0) & (after.weights < after.weights.dtype.type(1e-2))).any()
    shapes = np.concatenate([before.v_template[:, :, None], before.shapedirs[:, :, :16]], axis=2)
    moved = np.tensordot(after.J_regressor - before.J_regressor, shapes, axes=([1], [0]))
    if before.J_regressor.dtype == np.float64:
        assert np.linalg.norm(moved, axis=1).max() <= 1e-9
    assert np.count_nonzero(after.J_regressor, axis=1)[22:].max() <= 52
    assert not ((after.J_regressor != 0) & (before.J_regressor == 0)).any()
    assert all(row["after"]["leaks"] == [] for row in done.report.data["landmarks"])
    for key in ("v_template", "f", "kintree_table", "shapedirs"):
        assert np.array_equal(getattr(before, key), getattr(after, key))
    assert set(after.extras) == {*before.extras, "smplprep"}


def test_float32_and_zeros_halve_the_file(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    options = Options(dtype="float32", posedirs="zero", shapedirs="zero")
    target = clean_file(source, tmp_path / "small.npz", options, compress=True).target
    model = read_model(target)
    assert model.posedirs.dtype == model.weights.dtype == np.float32
    assert not model.posedirs.any()
    assert not model.shapedirs.any()
    assert target.stat().st_size < 2e6
    again = clean_file(target, tmp_path / "again.npz", options, compress=True).target
    assert digest(again) == digest(target)


def test_pkl_to_npz_and_back_keeps_every_value(standin_dir, tmp_path):
    pkl, npz = standin_dir / "SMPLH_NEUTRAL.pkl", standin_dir / "SMPLH_NEUTRAL.npz"
    from_pkl = clean_file(pkl, tmp_path / "a.npz").target
    from_npz = clean_file(npz, tmp_path / "b.npz").target
    with np.load(from_pkl) as a, np.load(from_npz) as b:
        assert set(a) == {*b, "pose_training_info"}
        for key in set(b) - {"smplprep"}:
            assert np.array_equal(a[key], b[key]), key


def test_the_stamp_says_where_the_model_came_from(done, model_file):
    stamp = json.loads(str(read_model(done.target).extras["smplprep"]))
    assert stamp["version"] == smplprep.__version__
    assert stamp["input_sha256"] == digest(model_file)
    assert stamp["options"] == Options().as_dict()


def test_the_input_is_never_the_output(standin_dir, tmp_path):
    source = tmp_path / "model.npz"
    source.write_bytes((standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz").read_bytes())
    before = digest(source)
    (tmp_path / "link.npz").symlink_to(source)
    for target in (source, tmp_path / "link.npz"):
        with pytest.raises(ModelWriteError, match="input"):
            clean_file(source, target, force=True)
    assert digest(source) == before
    assert {p.name for p in tmp_path.iterdir()} == {"model.npz", "link.npz"}


def test_an_existing_output_needs_force(standin_dir, tmp_path):
    target = tmp_path / "out.npz"
    target.write_text("mine")
    with pytest.raises(ModelWriteError, match="exists already") as error:
        clean_file(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz", target)
    assert "--force" in error.value.hint
    assert target.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["out.npz"]


def test_a_disk_that_fails_while_the_model_goes_out(standin_dir, tmp_path, monkeypatch):
    """It says so once; asked again, it is content."""
    sync, asked = os.fsync, []

    def fails_once(descriptor: int) -> None:
        asked.append(descriptor)
        if len(asked) == 1:
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fails_once)
    with pytest.raises(ModelWriteError, match="Input/output error"):
        clean_file(standin_dir / "SMPLH_NEUTRAL.npz", tmp_path / "o.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("report", [True, False])
def test_what_was_written_wrongly_is_withheld(standin_dir, tmp_path, monkeypatch, report):
    """A writer that flips one weight: the check on the written file must see it."""
    from smplprep.io import write_model

    honest = write_model.write_npz

    def dishonest(arrays, out, **options):
        weights = arrays["weights"].copy()
        weights[332, 1] = 1e-7
        return honest(arrays | {"weights": weights}, out, **options)

    monkeypatch.setattr(write_model, "write_npz", dishonest)
    with pytest.raises(VerificationError, match="weights") as error:
        clean_file(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz", tmp_path / "out.npz", report=report)
    assert error.value.exit_status == 1
    assert list(tmp_path.iterdir()) == []
