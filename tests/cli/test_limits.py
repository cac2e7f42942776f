"""Little memory and early signals: one sentence or none, and no litter."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import command
from small_files import arrays, as_npz

import smplprep

ROOT = Path(smplprep.__file__).parents[1]
# Sends itself SIGINT as it begins to import a module.
INTERRUPTED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from smplprep.__main__ import main
sys.argv = ["smplprep", "inspect", "none.npz"]
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is held on Linux")
@pytest.mark.parametrize("mebibytes", [200, 250, 300, 350, 400, 511, 520, 600])
def test_little_address_space_is_one_sentence(tmp_path: Path, mebibytes: int):
    (tmp_path / "raw.npz").write_bytes(as_npz(arrays()))
    line = ["bash", "-c", f'ulimit -v {mebibytes * 1024}; exec "$@"', "-"]
    line += command("clean", "raw.npz", "-o", "o.npz", "-q", "--no-html")
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    left = sorted(path.name for path in tmp_path.iterdir())
    if done.returncode == 0 and mebibytes >= 512:
        assert left == ["o.npz", "o.report.json", "raw.npz"]
        return
    assert done.returncode == 3
    assert re.match(r"smplprep: (memory is limited to|there is not enough memory)", done.stderr)
    assert len(done.stderr.splitlines()) <= 2
    assert left == ["raw.npz"]


@pytest.mark.parametrize(
    "module", ["smplprep.io", "smplprep.io.signals", "smplprep.cli.main", "click"]
)
def test_an_early_interrupt_prints_nothing(module: str):
    """Python's own handler would print where it was, and so would click."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_the_package_itself_imports_next_to_nothing():
    """What is imported before the handlers are installed is time in which an interrupt prints."""
    code = (
        "import sys, __future__; before = {*sys.modules}; import smplprep.__main__;"
        "print(sorted({*sys.modules} - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "['smplprep', 'smplprep.__main__']\n"
