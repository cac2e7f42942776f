"""``--pickle`` and ``--keep-objects``: how an output holds the model."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import run
from small_files import arrays, as_pkl

JOINTS = {"hips": 0, "spine": 1, "tail": [2, 3]}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(as_pkl(arrays() | {"joint2num": JOINTS}))
    return path


def output(source: Path, how: str, ending: str, **storage: Any) -> Path:
    """The model that the command or the manifest makes of ``source``."""
    target = source.with_name(f"out.{ending}")
    if how == "build":
        lines = [f"{key.replace('_', '-')} = {value}" for key, value in storage.items()]
        model = ["[[model]]", 'path = "model.pkl"', f'output = "{target.name}"']
        manifest = source.with_name("smplprep.toml")
        manifest.write_text("\n".join([*model, *lines]))
        done = run("build", manifest)
    else:
        flags = []
        for key, value in storage.items():
            flags += [
                f"--{key.replace('_', '-')}",
                *([value.strip('"')] if value != "true" else []),
            ]
        more = ["--no-html"] if how == "clean" else []
        done = run(how, source, "-o", target, *more, *flags)
    assert done.returncode == 0, done.stderr
    return target


@pytest.mark.parametrize("how", ["clean", "convert", "build"])
def test_the_default_pickle_is_for_python_3(how: str, source: Path) -> None:
    data = output(source, how, "pkl").read_bytes()
    found = pickle.loads(data)
    assert found["joint2num"] == JOINTS
    assert found["weights"].shape == (10, 4)
    assert list(pickle.loads(data, encoding="latin1")) == list(found)


@pytest.mark.parametrize("how", ["clean", "convert", "build"])
def test_a_pickle_for_python_2(how: str, source: Path) -> None:
    data = output(source, how, "pkl", pickle='"python2"').read_bytes()
    assert data[:2] == b"\x80\2"
    assert pickle.loads(data, encoding="latin1")["weights"].shape == (10, 4)
    with pytest.raises(UnicodeDecodeError):  # its arrays are strings of Python 2
        pickle.loads(data)


@pytest.mark.parametrize("how", ["clean", "convert", "build"])
def test_objects_stay_objects_in_a_npz(how: str, source: Path) -> None:
    with np.load(output(source, how, "npz", keep_objects="true"), allow_pickle=True) as found:
        assert found["joint2num"].item() == JOINTS


def test_an_unknown_pickle_is_a_usage_error(source: Path) -> None:
    done = run("convert", source, "-o", source.with_name("x.pkl"), "--pickle", "3")
    assert done.returncode == 2
    assert "--pickle" in done.stderr
    assert not source.with_name("x.pkl").exists()
