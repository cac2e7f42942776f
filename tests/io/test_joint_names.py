"""A file of joint names, and what a model does with them."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import ModelReadError, Options, SmplprepError, clean, read_model
from smplprep.io.joint_names import read_joint_names

NAMES = ("root", "neck", "jaw", "tongue tip")


@pytest.mark.parametrize("text", ['["root", "neck", "jaw", "tongue tip"]', "\n".join(NAMES) + "\n"])
def test_a_list_or_a_name_a_line(tmp_path, text):
    file = tmp_path / "names.txt"
    file.write_text(text)
    assert read_joint_names(file) == NAMES


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "names no joints"),
        ("[]", "names no joints"),
        ('["root", 3]', "entry 1"),
        ('["root", " "]', "entry 1"),
        ("root\njaw\nroot\n", "entry 2"),
        ("root\n\x1b[31m\n", "entry 1"),
    ],
)
def test_what_is_no_list_of_names_is_refused(tmp_path, text, fragment):
    file = tmp_path / "names.txt"
    file.write_text(text)
    with pytest.raises(ModelReadError, match=fragment) as error:
        read_joint_names(file)
    assert error.value.path == str(file)


def written(small_model, tmp_path, **extras):
    file = tmp_path / "rig.npz"
    np.savez(file, **small_model().entries(), **extras)
    return file


def test_names_are_the_users_then_the_files_then_numbers(small_model, tmp_path):
    file = written(small_model, tmp_path)
    assert read_model(file).joint_names() == ["j0", "j1", "j2", "j3"]
    assert read_model(file, joint_names=NAMES).joint_names("smplx") == list(NAMES)
    named = written(small_model, tmp_path, joint_names=np.array(["a", "b", "c", "d"]))
    assert read_model(named).joint_names() == ["a", "b", "c", "d"]
    assert read_model(named, joint_names=NAMES).joint_names() == list(NAMES)
    twice = written(small_model, tmp_path, joint_names=np.array(["a", "b", "a", "d"]))
    assert read_model(twice).joint_names()[0] == "j0"


def test_as_many_names_as_joints(small_model, tmp_path):
    file = written(small_model, tmp_path)
    with pytest.raises(SmplprepError, match=r"3 joint names.*4 joints") as error:
        read_model(file, joint_names=NAMES[:3])
    assert error.value.path == str(file)


def test_joints_are_kept_and_reported_by_their_names(small_model, tmp_path):
    weights = small_model().weights.copy()
    weights[0] = [0.99, 0, 0.005, 0.005]
    model = small_model(weights=weights)
    file = tmp_path / "rig.npz"
    np.savez(file, **model.entries(), joint_names=np.array(NAMES))
    cleaned, report = clean(read_model(file), Options(keep_joints=("jaw",), regressor="keep"))
    assert cleaned.weights[0, 2] == 0.005
    assert cleaned.weights[0, 3] == 0
    assert report.data["gradients"]["joints"] == list(NAMES)
    assert report.data["removed"]["largest"]["joint"] == "tongue tip"


def test_a_known_familys_own_names_win_over_the_files(standin_dir):
    model = read_model(standin_dir / "SMPLH_NEUTRAL.npz")
    assert model.joint_names()[1] == "leftUpLeg"
    assert model.joint_names("smplx")[1] == "left_hip"
