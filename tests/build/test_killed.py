"""A build that is killed at any moment, and started again, ends with the same bytes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from small_project import command, make_project, tree


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tree after a build that nobody killed."""
    folder = tmp_path_factory.mktemp("whole")
    make_project(folder)
    subprocess.run(command("-q"), cwd=folder, check=True, timeout=120)
    return tree(folder)


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("-j", "2", "-q"), cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    )


def wait_for(folder: Path, n_changes: int, process: subprocess.Popen[bytes]) -> bool:
    """Until files have come or gone so many times; False if the build ended before."""
    before = tree_names(folder)
    while n_changes and process.poll() is None:
        now = tree_names(folder)
        n_changes -= now != before
        before = now
    return process.poll() is None


def tree_names(folder: Path) -> list[str]:
    return sorted(name for found in os.walk(folder) for name in found[2])


@pytest.mark.parametrize("victim", ["parent", "all"])
@pytest.mark.parametrize("n_changes", [1, 3, 4, 5, 6, 8, 10, 12])
def test_sigkill(whole: dict[str, bytes], victim: str, n_changes: int, project: Path) -> None:
    """As a temporary file appears, as it is renamed, between model and lock, and so on."""
    process = start(project)
    wait_for(project, n_changes, process)
    with contextlib.suppress(ProcessLookupError):  # it has ended
        (os.kill if victim == "parent" else os.killpg)(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    subprocess.run(command("-q"), cwd=project, check=True, timeout=120)
    assert tree(project) == whole  # and no temporary file is among them


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_processes(
    whole: dict[str, bytes], number: signal.Signals, project: Path
) -> None:
    process = start(project)
    assert wait_for(project, 3, process)
    process.send_signal(number)
    # The pipe of stderr closes once the last process that holds it is gone.
    assert process.communicate(timeout=30)[1] == b""
    assert process.returncode == -number  # 128 + n in a shell
    names = tree_names(project)
    assert [name for name in names if name.endswith(".tmp")] == []
    subprocess.run(command("-q"), cwd=project, check=True, timeout=120)
    assert tree(project) == whole


def test_what_a_kill_left_goes_even_if_everything_is_current(
    whole: dict[str, bytes], project: Path
) -> None:
    subprocess.run(command("-q"), cwd=project, check=True, timeout=120)
    stray = project / "cleaned" / f".SMPLH_MALE_clean.npz.{'0a' * 8}.tmp"
    stray.write_text("half a model")
    other = project / "cleaned" / f".other.npz.{'0a' * 8}.tmp"
    other.write_text("somebody else's")
    subprocess.run(command("-q"), cwd=project, check=True, timeout=120)
    assert not stray.exists()
    other.unlink()
    assert tree(project) == whole


def test_two_builds_at_once_do_not_meet(whole: dict[str, bytes], project: Path) -> None:
    both = [start(project), start(project)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(said) in (
        [b"", b"smplprep: another build is running here; waiting for it to end\n"],
        [b"", b""],  # the first had ended before the second began
    )
    assert tree(project) == whole
