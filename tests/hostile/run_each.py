"""Runs ``smplprep clean`` on each file named on stdin, in a process of its own with limits.

Each run is a fork of this process, which has imported everything already: a few milliseconds
instead of half a second, and no file can spoil the next. A line of JSON comes back for each.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from smplprep.__main__ import main

ADDRESS_SPACE = 6 << 30
SECONDS = 20
SLOW = 2.0


def run_one(path: str, out: Path) -> dict[str, object]:
    """Exit status, output, processor time and memory of one run."""
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        in_child(path, out)
    _, status, usage = os.wait4(pid, 0)
    return {
        "path": path,
        "status": os.waitstatus_to_exitcode(status),
        "stdout": (out / "stdout").read_text(),
        "stderr": (out / "stderr").read_text(),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": time.monotonic() - start,
        "rss_bytes": usage.ru_maxrss * 1024,
        "outputs": [path.name for path in (out / "outputs").iterdir()],
    }


def measured(path: str, out: Path) -> dict[str, object]:
    """One run; one that was slow is run twice more, since neighbors only ever add to its time."""
    result = run_one(path, out)
    if result["cpu_s"] < SLOW or result["outputs"]:
        return result
    again = [run_one(path, out) for _ in range(2)]
    return min((result, *again), key=lambda run: run["cpu_s"])


def in_child(path: str, out: Path) -> None:
    """The run itself; never comes back."""
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = ["smplprep", "clean", path, "-o", str(out / "outputs" / "out.npz"), "--no-html"]
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    for module in ("jobs.pipeline", "io.npz.read", "io.pickle.read", "io.h5.read", "io.json_model"):
        import_module(f"smplprep.{module}")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "outputs").mkdir()
        for line in sys.stdin:
            result = measured(line.rstrip("\n"), Path(folder))
            print(json.dumps(result), flush=True)
            for name in result["outputs"]:
                (Path(folder) / "outputs" / name).unlink()
