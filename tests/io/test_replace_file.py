"""Outputs are whole or not there, and the old file is never lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import smplprep
from smplprep.errors import ModelWriteError, VerificationError
from smplprep.io import signals
from smplprep.io.output_place import check_output
from smplprep.io.replace_file import commit_all, replacing

ROOT = Path(smplprep.__file__).parents[1]


@pytest.fixture(autouse=True)
def no_litter(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.rglob("*.tmp"))
    assert not list(tmp_path.rglob(".*"))
    assert not signals._unfinished


def put(path: Path, data: bytes = b"new", **options: object) -> None:
    with replacing(path, **options) as output:  # type: ignore[arg-type]
        output.write(data)
        output.commit()


def refusal(path: Path | str, **options: object) -> ModelWriteError:
    with pytest.raises(ModelWriteError) as caught:
        put(path, **options)  # type: ignore[arg-type]
    assert caught.value.path == os.fspath(path)
    return caught.value


def test_writes_beside_the_target_and_renames(tmp_path: Path) -> None:
    target = tmp_path / "model.npz"
    with replacing(target) as output:
        assert output.write(b"new") == 3
        assert output.temporary.parent == tmp_path
        assert output.temporary.name.startswith(".model.npz.")
        assert not target.exists()
        output.close()
        output.close()
        assert output.temporary.read_bytes() == b"new"
        output.commit()
        assert not output.temporary.exists()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("umask, mode", [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_mode_of_a_new_file(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        put(tmp_path / "m")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444])
def test_mode_of_a_replaced_file(mode: int, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    (tmp_path / "m").chmod(mode)
    put(tmp_path / "m", force=True)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == mode
    assert (tmp_path / "m").read_bytes() == b"new"


def test_an_existing_file_needs_force(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    error = refusal(tmp_path / "m")
    assert (error.message, error.hint) == (
        "the output exists already",
        "Use --force to replace it.",
    )
    assert (tmp_path / "m").read_bytes() == b"old"


def test_a_folder_that_cannot_be_written_to_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ModelWriteError) as caught:
        check_output(tmp_path / "m")
    assert caught.value.message == "cannot be written: no permission to write in that folder"


def test_of_two_runs_at_once_the_second_fails(tmp_path: Path) -> None:
    with replacing(tmp_path / "m") as first, replacing(tmp_path / "m") as second:
        first.write(b"first")
        second.write(b"second")
        first.commit()
        with pytest.raises(
            ModelWriteError, match="another process created it while this one was running"
        ):
            second.commit()
    assert (tmp_path / "m").read_bytes() == b"first"


def test_no_regular_file(tmp_path: Path) -> None:
    assert refusal(tmp_path, force=True).message == "the output is a folder"
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        message = "the output is a device or a pipe, not a regular file"
        assert refusal(path, force=True).message == message
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_the_input_is_not_written_to(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"old")
    (tmp_path / "symbolic").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    for target in ("source", "symbolic", "hard"):
        for given in (source, tmp_path / "symbolic"):
            inputs = [tmp_path / "missing", given]
            message = refusal(tmp_path / target, force=True, inputs=inputs).message
            assert message == "the output is the input"
    assert source.read_bytes() == b"old"


def test_symbolic_links_are_written_through(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to("folder/m")
    put(tmp_path / "link")  # dangling: there is nothing to replace
    put(tmp_path / "link", b"newer", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (folder / "m").read_bytes() == b"newer"
    (tmp_path / "circle").symlink_to("circle")
    message = refusal(tmp_path / "circle").message
    assert message == "cannot be written: its symbolic links go in a circle"


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    message = "cannot be written: there is no such folder"
    assert refusal(tmp_path / "none" / "m").message == message
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "m").message == message
    assert refusal(tmp_path / ("x" * 256)).message == "cannot be written: the name is too long"


def test_long_names(tmp_path: Path) -> None:
    put(tmp_path / ("é" * 127))
    assert (tmp_path / ("é" * 127)).read_bytes() == b"new"


def test_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("root ignores the modes of folders")
    message = "cannot be written: no permission to write in that folder"
    assert refusal(folder / "m").message == message


@pytest.mark.parametrize("old", [b"old", None])
def test_what_is_not_committed_is_removed(old: bytes | None, tmp_path: Path) -> None:
    target = tmp_path / "m"
    if old:
        target.write_bytes(old)

    with pytest.raises(VerificationError), replacing(target, force=True) as output:
        output.write(b"new")
        output.close()
        assert output.temporary.read_bytes() == b"new"
        raise VerificationError("it differs")
    with pytest.raises(KeyboardInterrupt), replacing(target, force=True) as output:
        raise KeyboardInterrupt
    with replacing(target, force=True) as output:
        output.write(b"new")
    assert (target.read_bytes() if target.exists() else None) == old


def test_what_was_written_is_hashed_on_the_way(tmp_path: Path) -> None:
    with replacing(tmp_path / "m") as first, replacing(tmp_path / "n") as second:
        for piece in (b"one, ", memoryview(b"two"), b""):
            first.write(piece)
            second.write(piece)
        second.write(b"!")
        assert first.sha256() == hashlib.sha256(b"one, two").hexdigest()
        assert second.sha256() == hashlib.sha256(b"one, two!").hexdigest()
        assert (first.n_bytes, second.n_bytes) == (8, 9)


def test_two_outputs_together(tmp_path: Path) -> None:
    with replacing(tmp_path / "report") as report, replacing(tmp_path / "model") as model:
        model.write(b"model")
        model.close()
        report.write(b"report")
        commit_all(report, model)
    assert (tmp_path / "report").read_bytes() == b"report"
    assert (tmp_path / "model").read_bytes() == b"model"


@pytest.mark.parametrize("old", [b"old", None])
def test_when_the_second_rename_fails_the_first_is_taken_back(
    old: bytes | None, tmp_path: Path
) -> None:
    if old:
        (tmp_path / "report").write_bytes(old)
    with (
        pytest.raises(ModelWriteError),
        replacing(tmp_path / "report", force=True) as report,
        replacing(tmp_path / "model", force=True) as model,
    ):
        report.write(b"report")
        model.write(b"model")
        (tmp_path / "model").mkdir()  # somebody puts a folder there
        commit_all(report, model)
    found = (tmp_path / "report").read_bytes() if (tmp_path / "report").exists() else None
    assert found == old


@pytest.mark.parametrize("old", [b"old", None])
def test_file_systems_without_hard_links(
    old: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*names: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    if old:
        (tmp_path / "m").write_bytes(old)
    put(tmp_path / "m", force=True)
    assert (tmp_path / "m").read_bytes() == b"new"


@pytest.mark.parametrize("old", [b"old", None])
def test_file_size_limit(old: bytes | None, tmp_path: Path) -> None:
    target = tmp_path / "m"
    if old:
        target.write_bytes(old)
    script = f"""
import resource
from smplprep.errors import ModelWriteError
from smplprep.io.replace_file import replacing
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    with replacing({str(target)!r}, force=True) as output:
        for _ in range(100):
            output.write(bytes(1000))
        output.commit()
except ModelWriteError as error:
    print(error.message)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    message = "cannot be written: it would exceed the file-size limit (ulimit -f)\n"
    assert (result.stdout, result.stderr) == (message, "")
    assert (target.read_bytes() if target.exists() else None) == old


@contextlib.contextmanager
def tiny_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a tiny disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("n_bytes", [70_000, 200_000])
def test_full_disk(n_bytes: int, tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk") as disk:
        (disk / "m").write_bytes(b"old")
        error = refusal(disk / "m", data=bytes(n_bytes), force=True)
        assert error.message == "cannot be written: no space left on the disk"
        assert (disk / "m").read_bytes() == b"old"
        assert [path.name for path in disk.iterdir()] == ["m"]
