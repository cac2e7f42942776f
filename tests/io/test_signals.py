"""Real signals, sent to a real process in the middle of a write."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import smplprep

ROOT = Path(smplprep.__file__).parents[1]

WRITER = """
import sys, time
from smplprep.io import signals
signals.install()
assert "numpy" not in sys.modules
from smplprep.io.replace_file import replacing
with replacing(sys.argv[1], force=True) as output:
    output.write(bytes(100_000))
    print("writing", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        output.write(bytes(1000))
        time.sleep(0.001)
"""


def writer(target: Path, script: str = WRITER, **options: object) -> subprocess.Popen[str]:
    """A process that is now in the middle of writing ``target``."""
    process = subprocess.Popen(  # type: ignore[call-overload]
        [sys.executable, "-c", script, target],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout.readline() == "writing\n"
    return process  # type: ignore[no-any-return]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_signal_leaves_the_old_file_and_no_litter(
    number: signal.Signals, old: bytes | None, tmp_path: Path
) -> None:
    target = tmp_path / "model.npz"
    if old:
        target.write_bytes(old)
    process = writer(target)
    assert len(list(tmp_path.glob(".model.npz.*.tmp"))) == 1
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == -number  # it died of the signal: 128 + n in a shell
    assert names(tmp_path) == (["model.npz"] if old else [])
    assert (target.read_bytes() if old else None) == old


COMMITTER = """
import os, signal, sys
from smplprep.io import signals
signals.install()
from smplprep.io.replace_file import Replacement, commit_all, replacing
swap = Replacement._swap
def interrupted(self):
    swap(self)
    os.kill(os.getpid(), signal.SIGTERM)
Replacement._swap = interrupted
with replacing(sys.argv[1], force=True) as a, replacing(sys.argv[2], force=True) as b:
    a.write(b"new")
    b.write(b"new")
    print("writing", flush=True)
    commit_all(a, b)
print("not reached")
"""


@pytest.mark.parametrize("old", [b"old", None])
def test_a_signal_between_two_outputs_waits_for_both(old: bytes | None, tmp_path: Path) -> None:
    targets = [tmp_path / "report", tmp_path / "model"]
    for target in targets if old else []:
        target.write_bytes(old or b"")
    command = [sys.executable, "-c", COMMITTER, *map(str, targets)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "writing\n", "")
    assert [target.read_bytes() for target in targets] == [b"new", b"new"]
    assert sorted(names(tmp_path)) == ["model", "report"]


def test_kill_9_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "model.npz"
    target.write_bytes(b"old")
    process = writer(target)
    process.kill()
    process.communicate(timeout=10)
    assert target.read_bytes() == b"old"
    (stray,) = set(names(tmp_path)) - {"model.npz"}  # nothing can remove this one
    assert stray.startswith(".model.npz.") and stray.endswith(".tmp")


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does

    process = writer(tmp_path / "model.npz", preexec_fn=ignore)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM
    assert names(tmp_path) == []


def test_a_forked_child_does_not_remove_its_parents_file(tmp_path: Path) -> None:
    script = WRITER.replace(
        '    print("writing", flush=True)\n',
        """    import os, signal
    child = os.fork()
    if not child:
        time.sleep(30)
        os._exit(0)
    time.sleep(0.1)
    os.kill(child, signal.SIGTERM)
    assert os.waitpid(child, 0)[1] == signal.SIGTERM
    assert output.temporary.exists()
    print("writing", flush=True)
""",
    )
    process = writer(tmp_path / "model.npz", script)
    process.terminate()
    process.communicate(timeout=10)
    assert names(tmp_path) == []


def test_many_signals_at_once(tmp_path: Path) -> None:
    process = writer(tmp_path / "model.npz")
    for _ in range(20):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode in (-signal.SIGTERM, -signal.SIGINT)
    assert names(tmp_path) == []


def test_a_handler_of_somebody_else_stays() -> None:
    script = """
import signal
from smplprep.io import signals
signal.signal(signal.SIGTERM, lambda *_: None)
mine = signal.getsignal(signal.SIGTERM)
signals.install()
assert signal.getsignal(signal.SIGTERM) is mine
assert signal.getsignal(signal.SIGINT) is signals._remove_and_die
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
