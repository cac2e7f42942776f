"""A pytest plugin: tests leave no process and no file behind, in any order."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MARK = "SMPLPREP_TEST_RUN"
SECONDS = 300.0  # the longest that a test waits for a process
TORCH = "torchinductor_"  # torch's own cache, which it keeps between runs

started: list[subprocess.Popen] = []


class Bounded(subprocess.Popen):
    """A process that is waited for no longer than SECONDS, and ended with the test."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        started.append(self)

    def wait(self, timeout: float | None = None) -> int:
        return super().wait(SECONDS if timeout is None else timeout)

    def communicate(self, input=None, timeout: float | None = None):
        return super().communicate(input, SECONDS if timeout is None else timeout)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run the tests in random order")


def pytest_configure(config: pytest.Config) -> None:
    # A child inherits what is ignored (nohup, a CI runner), and then no test could interrupt it. A
    # handler that does nothing ignores as well, and is not inherited.
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    os.environ[MARK] = uuid.uuid4().hex
    config.before = untracked()
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    config.temporary = Path(tempfile.mkdtemp(prefix="smplprep-tests-"))
    os.environ["TMPDIR"] = str(config.temporary)
    tempfile.tempdir = None


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("--shuffle")
    return None if seed is None else f"random order: --shuffle {seed}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle the files and the tests in each: what a file's tests share is made once."""
    seed = config.getoption("--shuffle")
    if seed is None:
        return
    dice = random.Random(seed)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    groups = [*files.values()]
    dice.shuffle(groups)
    for group in groups:
        dice.shuffle(group)
    items[:] = [item for group in groups for item in group]


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End what the test started, and what its own fixtures did."""
    first = len(started)
    monkeypatch.setattr(subprocess, "Popen", Bounded)
    yield
    for process in started[first:]:
        with contextlib.suppress(OSError):
            process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
    del started[first:]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Fail the run for what is left behind; see ``pytest_sessionfinish``."""
    shutil.rmtree(config.temporary, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if processes or files are left, and end the processes."""
    config = session.config
    said = [f"left a process behind: {line}" for line in end_left_over()]
    said += [f"left {path} behind" for path in sorted(untracked() - config.before)]
    found = sorted(path.name for path in config.temporary.iterdir())
    said += [f"left {name} in TMPDIR" for name in found if not name.startswith(TORCH)]
    if said:
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        for line in said if terminal else ():
            terminal.write_line(f"\n{line}", red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def end_left_over() -> list[str]:
    """Kill what this run's tests started, whatever its parent is now; a line for each process."""
    wanted = f"{MARK}={os.environ[MARK]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(folder.name) == os.getpid():
                continue
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                line = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                if line:  # a zombie has none
                    found.append(f"{folder.name} {line[:120]}")
                    os.kill(int(folder.name), signal.SIGKILL)
    return found


def untracked() -> set[str]:
    """Files of the repository that git neither knows nor ignores; none where there is no git."""
    with contextlib.suppress(OSError):
        line = ["git", "-C", str(ROOT), "ls-files", "--others", "--exclude-standard"]
        return {*subprocess.run(line, capture_output=True, text=True).stdout.splitlines()}
    return set()
