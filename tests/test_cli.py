"""The command line as a user sees it: real processes, exit statuses, one clear sentence."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import smplprep
from smplprep import Report, read_model, write_model
from smplprep.cli.main import COMMANDS


def run(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smplprep", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


@pytest.fixture(scope="module")
def small_file(standin, tmp_path_factory) -> Path:
    """The stand-in with a tenth of the bytes: quick to clean, full in size."""
    from smplprep import Options
    from smplprep.pipeline import clean

    cast, _ = clean(standin, Options(tolerance=0, regressor="keep", posedirs="zero"))
    path = tmp_path_factory.mktemp("small") / "SMPLH_NEUTRAL.npz"
    write_model(cast.with_arrays(weights=standin.weights), path, compress=True)
    return path


def test_writes_beside_the_input_and_ends_with_the_table(small_file, tmp_path):
    source = tmp_path / "SMPLH_NEUTRAL.npz"
    source.write_bytes(small_file.read_bytes())
    done = run("clean", source)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert {p.name for p in tmp_path.iterdir()} == {
        "SMPLH_NEUTRAL.npz",
        "SMPLH_NEUTRAL_clean.npz",
        "SMPLH_NEUTRAL_clean.report.html",
        "SMPLH_NEUTRAL_clean.report.json",
    }
    data = json.loads((tmp_path / "SMPLH_NEUTRAL_clean.report.json").read_text())
    jsonschema.validate(data, Report.schema())
    size = (tmp_path / "SMPLH_NEUTRAL_clean.npz").stat().st_size
    assert data["output"]["bytes"] == data["summary"]["after"]["file_bytes"] == size
    table = done.stdout.splitlines()
    assert "leaking landmarks                               20 of 21           0 of 21" in table
    paths = [line for line in table if line.startswith(("model:", "report:", "page:"))]
    assert len(paths) == 3
    assert all(len(line) <= 80 for line in table if str(tmp_path) not in line)
    assert "\x1b" not in done.stdout


def test_json_prints_the_report_and_nothing_else(small_file, tmp_path):
    done = run("clean", small_file, "-o", tmp_path / "out.npz", "--json")
    assert done.stdout == (tmp_path / "out.report.json").read_text()


def test_dry_run_and_quiet(small_file, tmp_path):
    done = run("clean", small_file, "-o", tmp_path / "out.npz", "--dry-run")
    assert "nothing was written" in done.stdout
    assert "0 of 21" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert run("clean", small_file, "-o", tmp_path / "out.npz", "-q").stdout == ""


def test_several_models_go_into_a_folder_and_one_failure_does_not_stop_the_rest(
    small_file, tmp_path
):
    broken = tmp_path / "broken.npz"
    broken.write_bytes(small_file.read_bytes()[:-40])
    done = run("clean", broken, small_file, "-o", tmp_path / "out", "-v")
    assert done.returncode == 3
    assert done.stderr.startswith(f"smplprep: {broken}: ")
    assert len(done.stderr.splitlines()) == 1
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "SMPLH_NEUTRAL_clean.npz",
        "SMPLH_NEUTRAL_clean.report.html",
        "SMPLH_NEUTRAL_clean.report.json",
    ]
    assert "rows touched" in done.stdout


def test_an_output_that_exists_needs_force(small_file, tmp_path):
    target = tmp_path / "out.npz"
    target.write_text("mine")
    done = run("clean", small_file, "-o", target)
    assert done.returncode == 4
    assert "--force" in done.stderr
    assert target.read_text() == "mine"
    assert run("clean", small_file, "-o", target, "--force").returncode == 0
    assert read_model(target).n_vertices == 6890


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["clean"], 2, "Missing argument"),
        (["clean", "{small}", "--posedirs", "none"], 2, "'none' is not one of"),
        (
            ["clean", "{small}", "--tol", "2", "-o", "{tmp}/o.npz"],
            2,
            "2.0 is not in the range 0<=x<1",
        ),
        (["clean", "{tmp}/none.npz"], 3, "none.npz: "),
        (["clean", "{small}", "-o", "{tmp}/no/folder/o.npz"], 4, "no such folder"),
        (["clean", "{small}", "-o", "{tmp}/o.txt"], 4, "ending"),
        (["clean", "{small}", "--keep-joints", "tail"], 3, "'tail' is no joint of this model"),
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


def test_bad_values_are_named_by_file_key_and_index(small_file, tmp_path):
    with np.load(small_file) as arrays:
        entries = dict(arrays)
    entries["weights"] = entries["weights"].copy()
    entries["weights"][1234, 7] = -0.31
    bad = tmp_path / "bad.npz"
    np.savez(bad, **entries)
    done = run("clean", bad)
    assert done.returncode == 3
    assert f"smplprep: {bad}: weights[1234, 7]: -0.31 is negative" in done.stderr


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


def test_clean_imports_neither_torch_nor_smplx_nor_plots(small_file, tmp_path):
    code = (
        "import sys\n"
        "from smplprep.clean_file import clean_file\n"
        f"clean_file({str(small_file)!r}, {str(tmp_path / 'o.npz')!r})\n"
        "print([m for m in ('torch', 'smplx', 'matplotlib', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_inspect_tells_what_is_odd_and_what_to_do(standin_dir):
    good = run("inspect", standin_dir / "SMPLH_NEUTRAL.npz")
    assert "stock smplx: loads it" in good.stdout
    assert "influences per vertex: 4: 6,890" in good.stdout
    hands = run("inspect", standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz").stdout
    assert "lacks hands_meanl, hands_meanr, hands_componentsl, hands_componentsr" in hands
    official = json.loads(run("inspect", standin_dir / "SMPLH_NEUTRAL.pkl", "--json").stdout)
    assert official["family"] == "smplh"
    assert not official["smplx"]["loads"]
    assert "chumpy" in official["smplx"]["reasons"][0]["why"]
    assert all(len(line) <= 80 for line in good.stdout.splitlines())


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
    command = [sys.executable, "-m", "smplprep", "clean", source, "-o", target, "--force"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
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
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_cleaning_a_clean_file_says_so_and_copies_it(small_file, tmp_path):
    once, twice = tmp_path / "once.npz", tmp_path / "twice.npz"
    assert "already clean" not in run("clean", small_file, "-o", once, "--no-html").stdout
    told = run("clean", once, "-o", twice, "--no-html").stdout
    assert "note: already clean; no step had anything to do, and every array was copied" in told
    assert once.read_bytes() == twice.read_bytes()


def test_leaks_that_stay_are_told_even_to_those_who_want_quiet(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    command = ("clean", source, "-o", tmp_path / "o.npz", "--no-html", "-q")
    assert run(*command).stderr == ""
    told = run(*command, "--force", "--posedirs", "keep")
    assert (told.returncode, told.stdout) == (0, "")
    expected = f"smplprep: {source}: 21 of 21 landmarks still leak; smplprep audit says to what\n"
    assert told.stderr == expected


def test_the_list_of_kept_vertices_is_an_input(small_file, tmp_path):
    listed = tmp_path / "o.report.json"
    listed.write_text("[1, 2]")
    command = ("clean", small_file, "--keep-vertices", listed, "-o", tmp_path / "o.npz")
    told = run(*command, "--force", "--no-html")
    assert told.returncode == 4
    assert told.stderr == f"smplprep: {listed}: the output is the input\n"
    assert listed.read_text() == "[1, 2]"


@pytest.mark.parametrize(
    ("name", "why"), [(".", "this is a folder, not a model file"), ("", "there is no such file")]
)
def test_a_folder_is_no_model(name, why):
    told = run("clean", name)
    assert (told.returncode, told.stderr) == (3, f"smplprep: {name}: {why}\n")


def test_names_that_are_no_text(small_file, tmp_path):
    model = os.fsencode(tmp_path) + b"/b\xff.npz"
    with open(model, "wb") as file:  # noqa: PTH123 (a name in bytes)
        file.write(small_file.read_bytes())
    name = os.fsdecode(model)
    assert run("clean", name, env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"}).returncode == 0
    assert len(list(tmp_path.iterdir())) == 4
    assert "b\\udcff.npz" in run("audit", name, "--vertices", "all", "--csv").stdout


@pytest.mark.parametrize("command", ["audit", "evaluate", "verify"])
def test_a_pipe_is_waited_for_by_nobody(small_file, tmp_path, command):
    os.mkfifo(tmp_path / "o.report.json")
    (tmp_path / "o.npz").write_bytes(small_file.read_bytes())
    model, pipe = tmp_path / "o.npz", tmp_path / "o.report.json"
    walk = Path(__file__).parents[1] / "assets" / "cc0_walk.npz"
    arguments = {
        "audit": (model, "--landmarks", pipe),
        "evaluate": (model, model, "--motions", walk, "--resume", pipe),
        "verify": (model,),
    }
    told = run(command, *arguments[command])
    assert told.returncode == (1 if command == "verify" else 3)
    assert "o.report.json: this is" in told.stdout + told.stderr


def test_a_reader_that_goes_is_no_failed_check(small_file):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "smplprep", "inspect", small_file]
    assert subprocess.run(command, stdout=write, timeout=60).returncode == 4
    os.close(write)


def test_a_damaged_report_is_named(small_file, tmp_path):
    run("clean", small_file, "-o", tmp_path / "o.npz", "--no-html")
    path = tmp_path / "o.report.json"
    data = json.loads(path.read_text())
    del data["summary"]["before"]
    path.write_text(json.dumps(data))
    told = run("report", path)
    assert told.returncode == 3
    assert told.stderr == f"smplprep: {path}: a damaged report: KeyError: 'before'\n"
    assert not (tmp_path / "o.report.html").exists()


def test_version_names_what_a_bug_report_needs():
    lines = run("--version").stdout.splitlines()
    assert lines[0] == f"smplprep {smplprep.__version__}"
    assert f"numpy {np.__version__}" in lines
    assert any(line.startswith("torch ") for line in lines)


def test_bash_completes_commands_and_options():
    folder = Path(sys.executable).parent  # where pip puts the entry point
    lines = [
        f'PATH="{folder}:$PATH"',
        run("completion", "bash").stdout,
        "try() { COMPREPLY=() COMP_WORDS=($1) COMP_CWORD=$2; _smplprep_completion smplprep; "
        "echo $COMPREPLY; }",
        'try "smplprep merge" 1',
        'try "smplprep clean --posed" 2',
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["merge-hands", "--posedirs"], done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example_that_fits_a_terminal(command):
    told = run(command, "--help").stdout.replace("python -m smplprep", "smplprep")
    assert f"smplprep {command} " in told.split("Example:")[1]
    assert max(map(len, told.splitlines())) <= 80


def test_a_policy_counts_each_of_its_rules_and_keeps_what_it_is_told_to(small_file, tmp_path):
    keep = tmp_path / "keep.json"
    keep.write_text("[7, 3]")
    arguments = ["clean", small_file, "--policy", "structure", "--keep-vertices", keep]
    arguments += ["--keep-joints", "left_hip, lthumb0", "--max-influences", "3"]
    done = run(*arguments, "--dry-run", "--json")
    report = json.loads(done.stdout)
    jsonschema.validate(report, Report.schema())
    options = report["options"]
    assert (options["keep_joints"], options["keep_vertices"]) == (["left_hip", "lthumb0"], [3, 7])
    rules = report["changes"][0]["dropped_per_rule"]
    assert list(rules) == ["islands", "far", "small", "max_influences"]
    assert sum(rules.values()) == report["changes"][0]["entries_dropped"]
    assert str(tmp_path) not in done.stdout


def test_a_vertex_that_the_model_lacks_is_named_with_its_file(small_file, tmp_path):
    keep = tmp_path / "keep.txt"
    keep.write_text("7\n6890\n")
    done = run("clean", small_file, "--keep-vertices", keep, "--dry-run")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"smplprep: {keep}: 6890 is no vertex of 6890\n"


def test_two_models_of_one_name_are_refused(small_file, tmp_path):
    """Beside each other, too: both would have one report."""
    twin = small_file.with_suffix(".pkl")
    assert run("convert", small_file, "-o", twin).returncode == 0
    before = sorted(path.name for path in small_file.parent.iterdir())
    for more in ([], ["-o", str(tmp_path / "out")]):
        done = run("clean", small_file, twin, "--no-html", *more)
        assert done.returncode == 2
        assert "two of the models would get outputs or reports of the same name" in done.stderr
    assert sorted(path.name for path in small_file.parent.iterdir()) == before


@pytest.mark.parametrize(
    "arguments", [["report", "gone.json"], ["build", "gone.toml"], ["build", "no/such/folder.toml"]]
)
def test_a_missing_input_of_any_command_is_bad_input(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no such file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_is_made_where_the_output_ends_as_one(small_file, tmp_path):
    assert run("clean", small_file, "-o", f"{tmp_path}/new/", "--no-html", "-q").returncode == 0
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"{small_file.stem}_clean.npz", f"{small_file.stem}_clean.report.json"}
    other = tmp_path / "other.npz"
    other.write_bytes(small_file.read_bytes())
    done = run("clean", small_file, other, "-o", tmp_path / "both.npz", "--no-html")
    assert done.returncode == 2
    assert "both.npz is no folder, which several models need" in done.stderr
    assert not (tmp_path / "both.npz").exists()


def test_reports_of_several_models_are_one_json_list(small_file, tmp_path):
    other = tmp_path / "other.npz"
    other.write_bytes(small_file.read_bytes())
    reports = json.loads(run("clean", small_file, other, "--dry-run", "--json").stdout)
    assert [report["smplprep_version"] for report in reports] == [smplprep.__version__] * 2
    assert json.loads(run("clean", small_file, "--dry-run", "--json").stdout) == reports[0]


def test_a_page_of_what_was_replaced_does_not_stay(small_file, tmp_path):
    target = tmp_path / "out.npz"
    assert run("clean", small_file, "-o", target).returncode == 0
    page = tmp_path / "out.report.html"
    assert page.exists()
    again = run("clean", small_file, "-o", target, "--tol", "0.02", "--no-html", "--force")
    assert again.returncode == 0
    assert not page.exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tol", "2"),
        ("--tol", "-0.1"),
        ("--tol", "little"),
        ("--regressor-tol", "1"),
        ("--regressor-budget-mm", "0"),
        ("--budget-mm", "-3"),
    ],
)
def test_a_wrong_value_is_a_usage_error_that_names_the_option(option, value, tmp_path):
    done = run("clean", tmp_path / "gone.npz", option, value)
    assert done.returncode == 2
    assert f"Invalid value for '{option}'" in done.stderr


def test_an_existing_output_is_refused_before_the_work(small_file, tmp_path, monkeypatch):
    from smplprep.clean_file import clean_file

    (tmp_path / "out.report.json").write_text("mine")
    monkeypatch.setattr("smplprep.pipeline.transformed", None)
    with pytest.raises(smplprep.ModelWriteError, match=r"out\.report\.json: .* exists already"):
        clean_file(small_file, tmp_path / "out.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["out.report.json"]


def test_diff_writes_a_page_to_nothing_but_a_page(small_file, tmp_path):
    done = run("diff", small_file, small_file, "-o", tmp_path / "d.txt")
    assert done.returncode == 2
    assert "-o names the page, FILE.html" in done.stderr
    assert not list(tmp_path.glob("d.*"))


def test_inspect_and_check_say_what_leaks(standin_dir):
    raw = standin_dir / "SMPLH_NEUTRAL.npz"
    assert "landmarks: 21 of 21 leak; smplprep clean mends that" in run("inspect", raw).stdout
    allowed = run("check", raw, "--max-leaks", "21")
    assert (allowed.returncode, allowed.stdout) == (0, "within the limits\n")


def test_help_fits_80_columns_and_uses_a_wider_terminal(monkeypatch):
    for columns, widest in ((80, 80), (200, 120)):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = run("--help").stdout.splitlines()
        assert max(map(len, lines)) <= widest
        assert not any(line.endswith("...") for line in lines if not line.startswith("Usage"))


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (["--reach", "3"], "note: --reach has no effect with --policy threshold"),
        (["--regressor-tol", "0.5"], "note: --regressor-tol has no effect with --regressor exact"),
        (["--hops", "1", "--posedirs", "zero"], "note: --hops has no effect with --posedirs zero"),
        (
            ["--tol", "0.1", "--policy", "islands"],
            "note: --tol has no effect with --policy islands",
        ),
        (["--hops", "1"], None),
        (["--posedirs", "zero"], None),
    ],
)
def test_an_option_set_in_vain_is_named(small_file, arguments, note):
    told = run("clean", small_file, "--dry-run", *arguments).stdout.splitlines()
    assert [line for line in told if "no effect" in line] == ([note] if note else [])
