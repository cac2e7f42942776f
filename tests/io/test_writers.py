"""Several processes for one output: the files that stand there in the end are of one of them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import command
from small_files import arrays, as_npz

import smplprep
from smplprep.errors import ModelWriteError
from smplprep.io import folder_lock
from smplprep.io.replace_file import commit_all, replacing

ROOT = Path(smplprep.__file__).parents[1]
NAMES = ("m.report.html", "m.report.json", "m.npz")
# Writes three files again and again, each time with a mark of its own.
WRITER = """
import os, sys, time
from contextlib import ExitStack
from pathlib import Path
from smplprep.io.replace_file import commit_all, replacing
folder, end = Path(sys.argv[1]), time.monotonic() + 2.0
while time.monotonic() < end:
    mark = os.urandom(8).hex().encode()
    with ExitStack() as stack:
        files = [stack.enter_context(replacing(folder / n, force=True)) for n in sys.argv[2:]]
        for file in files:
            file.write(mark)
        commit_all(*files)
"""


def test_files_of_four_writers_are_always_of_one(tmp_path: Path):
    line = [sys.executable, "-c", WRITER, tmp_path, *NAMES]
    writers = [subprocess.Popen(line, cwd=ROOT) for _ in range(4)]
    seen = set()
    try:
        while any(writer.poll() is None for writer in writers):
            if (tmp_path / "m.npz").exists():
                with folder_lock.locked_folder(tmp_path):
                    marks = {(tmp_path / name).read_bytes() for name in NAMES}
                assert len(marks) == 1
                seen |= marks
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(seen) > 4
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


def test_four_cleans_by_force_of_one_new_output(tmp_path: Path):
    (tmp_path / "raw.npz").write_bytes(as_npz(arrays()))
    lines = [
        command("clean", "raw.npz", "-o", "m.npz", "--force", "-q", "--hops", str(hops))
        for hops in range(4)
    ]
    cleans = [
        subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for line in lines
    ]
    said = [clean.communicate(timeout=120)[1] for clean in cleans]
    assert [clean.returncode for clean in cleans] == [0] * 4, said
    report = json.loads((tmp_path / "m.report.json").read_text())
    digest = hashlib.sha256((tmp_path / "m.npz").read_bytes()).hexdigest()
    assert report["output"]["sha256"] == digest
    assert digest in (tmp_path / "m.report.html").read_text()
    assert len(list(tmp_path.iterdir())) == 4


def test_a_page_that_is_not_written_again_goes_with_the_rest(tmp_path: Path):
    page = tmp_path / "m.report.html"
    page.write_text("of the model before")
    with replacing(tmp_path / "m.npz") as file:
        file.write(b"new")
        commit_all(file, stale=[page])
    assert not page.exists()


def test_a_folder_that_another_process_holds_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock, "SECONDS", 0.1)
    with (
        folder_lock.locked_folder(tmp_path),
        replacing(tmp_path / "m") as file,
        pytest.raises(ModelWriteError) as caught,
    ):
        file.commit()
    assert caught.value.message == "another process holds this folder locked"
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_and_nothing_else(tmp_path: Path):
    code = (
        "import sys, time\nfrom smplprep.io.replace_file import replacing\n"
        "with replacing(sys.argv[1]) as file:\n"
        "    file.write(b'half'); file.flush(); print(flush=True); time.sleep(60)"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "m.npz")]
    started = [subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in started:
            process.stdout.readline()
        _, killed = started
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        (tmp_path / ".other.npz.0123456789abcdef.tmp").touch()
        (tmp_path / ".m.npz.mine.tmp").touch()
        (tmp_path / ".m.npz.0123456789abcdef.tmp").symlink_to("elsewhere")
        assert len(list(tmp_path.glob(".m.npz.*.tmp"))) == 4
        with replacing(tmp_path / "m.npz") as file:
            file.commit()
        left = {path.name for path in tmp_path.iterdir()}
        assert {"m.npz", ".other.npz.0123456789abcdef.tmp", ".m.npz.mine.tmp"} < left
        assert len(left) == 5  # the link, and what the living process writes
    finally:
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()
    assert os.path.lexists(tmp_path / ".m.npz.0123456789abcdef.tmp")
