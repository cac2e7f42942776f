"""Where commands write, and what they must not write over or leave behind."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import command, run
from small_files import arrays, as_npz

import smplprep
from smplprep import read_model

pytestmark = pytest.mark.slow


def test_an_output_that_exists_needs_force(small_file, tmp_path):
    target = tmp_path / "out.npz"
    target.write_text("mine")
    done = run("clean", small_file, "-o", target)
    assert done.returncode == 4
    assert "--force" in done.stderr
    assert target.read_text() == "mine"
    assert run("clean", small_file, "-o", target, "--force").returncode == 0
    assert read_model(target).n_vertices == 6890


def test_an_existing_output_is_refused_before_the_work(small_file, tmp_path, monkeypatch):
    from smplprep.jobs.clean_file import clean_file

    (tmp_path / "out.report.json").write_text("mine")
    monkeypatch.setattr("smplprep.jobs.pipeline.transformed", None)
    with pytest.raises(smplprep.ModelWriteError, match=r"out\.report\.json: .* exists already"):
        clean_file(small_file, tmp_path / "out.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["out.report.json"]


def test_the_report_of_another_model_is_not_forced_away(small_file, tmp_path):
    """SMPLH.pkl after SMPLH.npz: the report is all that proves the first."""
    assert run("clean", small_file, "-o", tmp_path / "x.npz", "--no-html").returncode == 0
    done = run("clean", small_file, "-o", tmp_path / "x.pkl", "--no-html")
    assert done.returncode == 4
    assert done.stderr == (
        f"smplprep: {tmp_path}/x.report.json: the output exists already\n"
        "  It probably belongs to another model. Choose another output name or folder.\n"
    )
    again = run("clean", small_file, "-o", tmp_path / "x.npz", "--no-html")
    assert "Use --force to replace it." in again.stderr


def test_a_full_disk_leaves_nothing_and_the_old_file_whole(small_file, tmp_path):
    target = tmp_path / "out.npz"
    target.write_text("mine")

    def tiny_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = run("clean", small_file, "-o", target, "--force", preexec_fn=tiny_files)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert target.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["out.npz"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_in_the_middle_of_a_write(standin_dir, tmp_path, number):
    """92 MB take a while: as soon as the temporary file appears, the process is killed."""
    target = tmp_path / "out.npz"
    target.write_text("mine")
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    asked = command("clean", source, "-o", target, "--force")
    process = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not any(p.suffix == ".tmp" and p.stat().st_size for p in tmp_path.iterdir()):
        assert process.poll() is None, "it ended before a temporary file was seen"
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == -number
    assert b"Traceback" not in stderr
    assert target.read_text() == "mine"
    litter = [p for p in tmp_path.iterdir() if p != target]
    assert not litter or number == signal.SIGKILL  # which no program can clean up after
    for path in litter:
        path.unlink()
    assert subprocess.run(asked, capture_output=True).returncode == 0


def test_the_list_of_kept_vertices_is_an_input(small_file, tmp_path):
    listed = tmp_path / "o.report.json"
    listed.write_text("[1, 2]")
    command = ("clean", small_file, "--keep-vertices", listed, "-o", tmp_path / "o.npz")
    said = run(*command, "--force", "--no-html")
    assert said.returncode == 4
    assert said.stderr == f"smplprep: {listed}: the output is the input\n"
    assert listed.read_text() == "[1, 2]"


def test_a_page_of_what_was_replaced_does_not_stay(small_file, tmp_path):
    target = tmp_path / "out.npz"
    assert run("clean", small_file, "-o", target).returncode == 0
    page = tmp_path / "out.report.html"
    assert page.exists()
    again = run("clean", small_file, "-o", target, "--tol", "0.02", "--no-html", "--force")
    assert again.returncode == 0
    assert not page.exists()


def test_two_models_of_one_name_are_refused(small_file, tmp_path):
    """Beside each other, too: both would have one report."""
    twin = small_file.with_suffix(".pkl")
    assert run("convert", small_file, "-o", twin).returncode == 0
    before = sorted(path.name for path in small_file.parent.iterdir())
    for more in ([], ["-o", str(tmp_path / "out")]):
        done = run("clean", small_file, twin, "--no-html", *more)
        assert done.returncode == 2
        said = " ".join(done.stderr.split())
        assert f"{small_file} and {twin} would both be written to" in said
        assert f"{small_file.parent.name}_{small_file.stem}_clean.pkl, or use --layout" in said
    assert sorted(path.name for path in small_file.parent.iterdir()) == before


def test_a_folder_is_made_where_the_output_ends_as_one(small_file, tmp_path):
    assert run("clean", small_file, "-o", f"{tmp_path}/new/", "--no-html", "-q").returncode == 0
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"{small_file.stem}_clean.npz", f"{small_file.stem}_clean.report.json"}
    other = tmp_path / "other.npz"
    other.write_bytes(small_file.read_bytes())
    for name in ("both.npz", "both.NPZ"):
        done = run("clean", small_file, other, "-o", tmp_path / name, "--no-html")
        assert done.returncode == 2
        assert f"{name} is not a folder; several models need one" in done.stderr
        assert not (tmp_path / name).exists()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "model.npz"
    path.parent.mkdir()
    path.write_bytes(as_npz(arrays()))
    return path


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_several_runs_at_once_on_one_output(
    force: bool, old: bool, tiny: Path, tmp_path: Path
) -> None:
    """One of them wins. With --force others may, too, where the file stood there before them."""
    target = tmp_path / "out" / "model.npz"
    target.parent.mkdir()
    if old and force:
        target.write_text("old")
        target.with_suffix(".report.json").write_text("old")
    asked = command("clean", tiny, "-o", target, "--no-html", "-q", *(["--force"] if force else []))
    processes = [subprocess.Popen(asked, stderr=subprocess.PIPE, text=True) for _ in range(4)]
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
def test_folders_that_nobody_can_write_to(name: str, folder: str, tiny: Path) -> None:
    if not Path(folder).exists():
        pytest.skip(f"no {folder} here")
    target = Path(folder) / "model.npz"
    done = run(name, tiny, "-o", target)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert f"smplprep: {folder}/model" in done.stderr
    assert not os.path.lexists(target)


@pytest.mark.parametrize("ending", ["npz", "pkl", "h5"])
def test_converting_onto_the_input_is_refused(ending: str, tiny: Path, tmp_path: Path) -> None:
    link = tmp_path / f"link.{ending}"
    link.symlink_to(tiny)
    before = tiny.read_bytes()
    done = run("convert", tiny, "-o", link, "--force")
    assert done.returncode == 4
    assert "the output is the input" in done.stderr
    assert tiny.read_bytes() == before


def test_folders_are_made_when_there_is_something_to_put_in(tiny, tmp_path):
    """Not by a dry run, and not for an input that nobody can read."""
    assert run("clean", tiny, "-o", f"{tmp_path}/dry/", "--dry-run").returncode == 0
    two = (tiny, tmp_path / "gone.npz")
    assert run("clean", *two, "-o", tmp_path / "dry", "--dry-run").returncode == 3
    assert run("clean", tmp_path / "gone.npz", "-o", f"{tmp_path}/new/").returncode == 3
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    assert run("clean", *two, "-o", tmp_path / "a/b", "--no-html", "-q").returncode == 3
    assert len(list((tmp_path / "a/b").iterdir())) == 2


def test_a_folder_that_is_not_there_is_made(tiny, tmp_path):
    assert run("clean", tiny, "-o", tmp_path / "a/b/o.npz", "--no-html").returncode == 0
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == ["o.npz", "o.report.json"]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("/proc/none/o.npz", "/proc/none: cannot be created: "),
     ("{tmp}/file/", "cannot be written: there is no such folder"),
     ("/proc/none/", "/proc/none: cannot be created: ")],
)  # fmt: skip
def test_a_place_that_cannot_be_had_is_named(tiny, tmp_path, place, sentence):
    (tmp_path / "file").touch()
    done = run("clean", tiny, "-o", place.format(tmp=tmp_path))
    assert done.returncode == 4
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("output", ["cleaned", "-"])
@pytest.mark.parametrize("name", ["clean", "convert", "merge-hands"])
def test_a_name_without_an_ending_is_neither_file_nor_folder(tiny, tmp_path, name, output):
    inputs = [tiny] * (3 if name == "merge-hands" else 1)
    done = run(name, *inputs, "-o", output, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{output} must end in one of .npz, .pkl, .h5" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("redirected", ["| true", "> /dev/full"])
def test_models_are_cleaned_though_nobody_hears_of_them(tiny, tmp_path, redirected):
    other = tiny.with_name("other.npz")
    other.write_bytes(tiny.read_bytes())
    asked = command("clean", tiny, other, "-o", tmp_path / "out", "--no-html")
    shell = f"set -o pipefail; {' '.join(asked)} {redirected}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
    assert (done.returncode, len(list((tmp_path / "out").iterdir()))) == (4, 4)
    assert "Traceback" not in done.stderr


def test_a_fault_in_one_model_does_not_stop_the_next(tiny, tmp_path, monkeypatch):
    from smplprep.cli.main import smplprep as group
    from smplprep.jobs import clean_file as module

    real = module.run

    def faulty(job, **options):
        if Path(job.path).name == "other.npz":
            raise MemoryError
        return real(job, **options)

    monkeypatch.setattr(module, "run", faulty)
    asked = ["clean", str(tmp_path / "other.npz"), str(tiny), "-o", f"{tmp_path}/out/", "--no-html"]
    done = CliRunner().invoke(group, asked)
    assert done.exit_code == 3
    assert "there is not enough memory for this file" in done.output
    assert (tmp_path / "out" / "model_clean.npz").exists()


def test_no_model_of_a_command_replaces_another(small_file, tmp_path):
    """Both are SMPLH_NEUTRAL to smplx.create, whatever their folders are called."""
    sources = [tmp_path / name / "SMPLH_NEUTRAL.npz" for name in ("a", "b")]
    for source in sources:
        source.parent.mkdir()
        source.symlink_to(small_file)
    asked = ("clean", *sources, "--layout", "smplx", tmp_path / "models", "--force", "--no-html")
    done = run(*asked)
    target = tmp_path / "models/smplh/SMPLH_NEUTRAL.npz"
    assert done.returncode == 4
    said = f"smplprep: {target}: an earlier model of this command was written there\n"
    assert done.stderr == said
    assert target.exists()


def test_cleaning_a_folder_twice_does_not_clean_what_was_cleaned(tiny, tmp_path):
    """``clean *.npz`` twice would leave X_clean_clean.npz."""
    folder, cleaned = tiny.parent, tiny.with_name("model_clean.npz")
    assert run("clean", tiny, "--no-html").returncode == 0
    before = sorted(folder.iterdir())
    again = run("clean", tiny, cleaned, "--no-html", "--force")
    assert again.returncode == 0
    assert f"{cleaned}: skipped, since it is the output of {tiny}\n" in again.stdout
    alone = run("clean", cleaned, "--no-html")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == f"{cleaned}: skipped, since it is clean already; --force writes a copy\n"
    assert sorted(folder.iterdir()) == before
    assert run("clean", cleaned, "--no-html", "--force", "-q").returncode == 0
    twice = tiny.with_name("model_clean_clean.npz")
    assert twice.read_bytes() == cleaned.read_bytes()


def test_a_name_alone_makes_no_file_clean(tiny):
    named = tiny.rename(tiny.with_name("a_clean.npz"))
    assert run("clean", named, "--no-html", "-q").returncode == 0
    assert named.with_name("a_clean_clean.npz").exists()
