"""What holds for every command: help, exit statuses, one clear sentence, streams that are gone."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from command_line import command, run

import smplprep
from smplprep import SmplprepError, read_model
from smplprep.cli.main import COMMANDS
from smplprep.cli.main import smplprep as smplprep_command
from smplprep.cli.terminal import note

pytestmark = pytest.mark.slow


def test_help_imports_neither_numpy_nor_torch():
    code = (
        "import sys; sys.argv = ['smplprep', '--help']\n"
        "from smplprep.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'scipy', 'torch', 'smplx', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_debug_shows_a_traceback_wherever_it_stands():
    assert "--debug" in run("--help").stdout
    for line in (("--debug", "inspect", "no.npz"), ("inspect", "no.npz", "--debug")):
        done = run(*line)
        assert done.returncode == 3
        assert "Traceback" in done.stderr
        assert "no.npz: " in done.stderr


def test_the_nearest_command_is_named():
    done = run("claen")
    assert done.returncode == 2
    assert "Error: there is no command 'claen'; the nearest one is clean\n" in done.stderr
    assert "Error: there is no command 'xyz'\n" in run("xyz").stderr


def test_the_nearest_files_are_named(tmp_path):
    for name in ("SMPLH_NEUTRAL.npz", "SMPLH_MALE.npz", "other.txt"):
        (tmp_path / name).touch()
    for verb, name in (("clean", "SMPLH_NEUTRL.npz"), ("report", "SMPLH_NEUTRAL.json")):
        done = run(verb, tmp_path / name)
        assert done.returncode == 3
        assert done.stderr.splitlines()[1].startswith("  Nearest names: SMPLH_NEUTRAL.npz")
        assert "other.txt" not in done.stderr
    (tmp_path / "smplprep.toml").touch()
    assert "Nearest names: smplprep.toml" in run("build", tmp_path / "smplpep.toml").stderr


def test_the_home_folder_is_meant_by_a_tilde_behind_a_flag(small_file, tmp_path):
    home = os.environ | {"HOME": str(tmp_path)}
    done = run("convert", small_file, "--output=~/o.npz", env=home, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["o.npz"]


def test_notes_are_broken_for_a_terminal_alone(monkeypatch):
    sentence = "joints stay in place over the first 16; --tol stays whole, and see /a/path-of/words"
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert note(sentence) == [f"note: {sentence}"]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert note(sentence) == [
        "note: joints stay in place over the",
        "      first 16; --tol stays whole, and",
        "      see /a/path-of/words",
    ]
    word = "a" * 50  # is not broken
    assert note(word) == ["note:", f"      {word}"]


def test_help_fits_80_columns_and_uses_a_wider_terminal(monkeypatch):
    for columns, widest in ((80, 80), (200, 120)):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = run("--help").stdout.splitlines()
        assert max(map(len, lines)) <= widest
        assert not any(line.endswith("...") for line in lines if not line.startswith("Usage"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example_that_fits_a_terminal(command):
    said = run(command, "--help").stdout.replace("python -m smplprep", "smplprep")
    assert f"smplprep {command} " in said.split("Example:")[1]
    assert max(map(len, said.splitlines())) <= 80


def test_version_names_what_a_bug_report_needs():
    lines = run("--version").stdout.splitlines()
    assert lines[0] == f"smplprep {smplprep.__version__}"
    assert f"numpy {np.__version__}" in lines
    assert any(line.startswith("torch ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["clean"], 2, "Missing argument"),
        (["clean", "{small}", "--posedirs", "none"], 2, "'none' is not one of"),
        (
            ["clean", "{small}", "--tol", "2", "-o", "{tmp}/o.npz"],
            2,
            "must be at least 0 and less than 1",
        ),
        (["clean", "{tmp}/none.npz"], 3, "none.npz: "),
        (["clean", "{small}", "-o", "/proc/no/o.npz"], 4, "/proc/no: cannot be created"),
        (["clean", "{small}", "-o", "{tmp}/o.txt"], 4, "ending"),
        (["clean", "{small}", "--keep-joints", "tail"], 3, "'tail' is not a joint of this model"),
        (["clean", "{small}", "--keep-vertices", "{tmp}/v"], 3, "/v: there is no such file"),
        (["inspect", "{tmp}"], 3, "folder"),
    ],
)
def test_exit_status_and_one_sentence(small_file, tmp_path, arguments, status, sentence):
    arguments = [text.format(small=small_file, tmp=tmp_path) for text in arguments]
    done = run(*arguments)
    assert done.returncode == status
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["report", "gone.json"], ["build", "gone.toml"], ["build", "no/such/folder.toml"]]
)
def test_a_missing_input_of_any_command_is_bad_input(arguments, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no such file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("sweep M --tols 1e-3:1e-1", "'--tols': '1e-3:1e-1' is neither LOW:HIGH:COUNT"),
        ("sweep M --tols 0.5,1.5", "'--tols': '0.5,1.5' has a tolerance that is not in [0, 1)"),
        ("sweep M --plot x.gif", "'--plot': x.gif: a picture ends in one of .png, .svg, .pdf"),
        ("replay M --plot x.gif", "'--plot': x.gif: a picture ends in one of .png, .svg, .pdf"),
        ("report R -o x.txt", "-o must name an .html file, got x.txt"),
        ("clean M --hands L.pkl", "'--hands' requires 2 arguments"),
        ("clean M --tol 1%", "must be a fraction and not a percentage: 0.01"),
        ("clean M --tolerance 2", "Did you mean --tol?"),
        ("clean M --overwrite", "Did you mean --force?"),
        ("clean M --tol 2", "must be at least 0 and less than 1"),
        ("clean M --hands L R --flat-hands", "--hands and --flat-hands cannot be combined"),
    ],
)
def test_what_is_wrong_without_a_model_is_a_usage_error_that_names_it(arguments, sentence):
    done = run(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    # Older versions of click quote nothing.
    assert sentence.replace("'", "") in done.stderr.replace("'", "")


@pytest.mark.parametrize(
    "arguments", ["inspect M", "clean M", "check M", "convert M -o x.npz", "build M"]
)
def test_a_file_that_nobody_may_read_is_bad_input(arguments, tmp_path, monkeypatch):
    def denied(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    model = tmp_path / "model.npz"
    model.touch()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(os, "open", denied)
    monkeypatch.setattr(Path, "read_text", denied)
    done = CliRunner().invoke(smplprep_command, arguments.replace("M", str(model)).split())
    assert isinstance(done.exception, SmplprepError), done.output
    assert (done.exception.exit_status, done.exception.path) in ((3, str(model)), (3, "model.npz"))


@pytest.mark.parametrize("command", ["audit", "evaluate", "verify"])
def test_a_pipe_is_waited_for_by_nobody(small_file, tmp_path, command):
    if command == "verify":
        pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    os.mkfifo(tmp_path / "o.report.json")
    (tmp_path / "o.npz").write_bytes(small_file.read_bytes())
    model, pipe = tmp_path / "o.npz", tmp_path / "o.report.json"
    walk = Path(__file__).parents[2] / "assets" / "cc0_walk.npz"
    arguments = {
        "audit": (model, "--landmarks", pipe),
        "evaluate": (model, model, "--motions", walk, "--resume", pipe),
        "verify": (model,),
    }
    said = run(command, *arguments[command])
    assert said.returncode == (1 if command == "verify" else 3)
    assert "o.report.json: this is" in said.stdout + said.stderr


def test_names_that_are_no_text(small_file, tmp_path):
    model = os.fsencode(tmp_path) + b"/b\xff.npz"
    with open(model, "wb") as file:  # noqa: PTH123 (a name in bytes)
        file.write(small_file.read_bytes())
    name = os.fsdecode(model)
    assert run("clean", name, env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"}).returncode == 0
    assert len(list(tmp_path.iterdir())) == 4
    assert "b\\udcff.npz" in run("audit", name, "--vertices", "all", "--csv").stdout


@pytest.mark.parametrize(
    ("redirected", "status"), [("| true", 0), ("> /dev/full", 4), (">&-", 0), (">&- 2>&-", 0)]
)
def test_a_closed_or_full_stdout_is_no_traceback_and_loses_no_output(
    small_file, tmp_path, redirected, status
):
    command = f"{sys.executable} -m smplprep clean {small_file} -o {tmp_path}/o.npz {redirected}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert read_model(tmp_path / "o.npz").n_vertices == 6890


def test_a_reader_that_goes_is_no_failed_check(small_file):
    read, write = os.pipe()
    os.close(read)
    asked = command("inspect", small_file)
    assert subprocess.run(asked, stdout=write, timeout=60).returncode == 4
    os.close(write)
