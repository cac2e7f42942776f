"""Outputs under duress: two runs at once, folders that nobody can write to, inputs as outputs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_files import arrays, as_npz


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "model.npz"
    path.parent.mkdir()
    path.write_bytes(as_npz(arrays()))
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "smplprep", *map(str, arguments), "--force"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments)[:-1], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_several_runs_at_once_on_one_output(
    force: bool, old: bool, source: Path, tmp_path: Path
) -> None:
    """One of them wins. With --force others may, too, where the file stood there before them."""
    target = tmp_path / "out" / "model.npz"
    target.parent.mkdir()
    if old and force:
        target.write_text("old")
        target.with_suffix(".report.json").write_text("old")
    asked = command("clean", source, "-o", target, "--no-html", "-q")
    processes = [
        subprocess.Popen(asked if force else asked[:-1], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    statuses = sorted(process.returncode for process in processes)
    if force:
        assert statuses[0] == 0, errors
        assert set(statuses) <= {0} if old else {0, 4}, errors
    else:
        assert statuses == [0, 4, 4, 4], errors
    assert all(len(error.splitlines()) <= 2 for error in errors)
    assert sorted(path.name for path in target.parent.iterdir()) == [
        "model.npz",
        "model.report.json",
    ]
    report = json.loads(target.with_suffix(".report.json").read_text())
    assert report["output"]["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["clean", "convert"])
@pytest.mark.parametrize("folder", ["/sys", "/proc", "/dev/null"])
def test_folders_that_nobody_can_write_to(name: str, folder: str, source: Path) -> None:
    if not Path(folder).exists():
        pytest.skip(f"no {folder} here")
    target = Path(folder) / "model.npz"
    done = run(name, source, "-o", target)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert f"smplprep: {folder}/model" in done.stderr
    assert not os.path.lexists(target)


@pytest.mark.parametrize("ending", ["npz", "pkl", "h5"])
def test_converting_onto_the_input_is_refused(ending: str, source: Path, tmp_path: Path) -> None:
    link = tmp_path / f"link.{ending}"
    link.symlink_to(source)
    before = source.read_bytes()
    done = subprocess.run(command("convert", source, "-o", link), capture_output=True, text=True)
    assert done.returncode == 4
    assert "the output is the input" in done.stderr
    assert source.read_bytes() == before
