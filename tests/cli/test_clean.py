"""``smplprep clean`` as a user sees it: real processes."""

from __future__ import annotations

import json
import subprocess
import sys

import jsonschema
import numpy as np
import pytest
from command_line import run

import smplprep
from smplprep import Report


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
    paths = [line for line in table if line.startswith(("model:", "report:", "open the page:"))]
    assert len(paths) == 3
    assert table[-1].startswith('load it with: smplx.create("')
    free = ("note: ", str(tmp_path))
    assert all(len(line) <= 80 for line in table if not any(text in line for text in free))
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


def test_no_report_writes_the_very_same_model_alone(small_file, tmp_path):
    target = tmp_path / "out.npz"
    options = ("--regressor", "keep")
    run("clean", small_file, "-o", target, *options)
    reported = target.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3
    done = run("clean", small_file, "-o", target, *options, "--no-report", "--force")
    assert (done.stdout, done.stderr) == (f"model:  {target}\n", "")
    assert list(tmp_path.iterdir()) == [target]  # the reports were those of what was replaced
    assert target.read_bytes() == reported
    for option in ("--json", "--dry-run"):
        refused = run("clean", small_file, "-o", tmp_path / "new.npz", "--no-report", option)
        assert refused.returncode == 2
        assert option in refused.stderr


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
    assert "rows changed" in done.stdout


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


def test_clean_imports_neither_torch_nor_smplx_nor_plots(small_file, tmp_path):
    code = (
        "import sys\n"
        "from smplprep.jobs.clean_file import clean_file\n"
        f"clean_file({str(small_file)!r}, {str(tmp_path / 'o.npz')!r})\n"
        "print([m for m in ('torch', 'smplx', 'matplotlib', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_cleaning_a_clean_file_says_so_and_copies_it(small_file, tmp_path):
    once, twice = tmp_path / "once.npz", tmp_path / "twice.npz"
    assert "already clean" not in run("clean", small_file, "-o", once, "--no-html").stdout
    said = run("clean", once, "-o", twice, "--no-html").stdout
    assert "note: already clean: no step changed anything, and every array was copied" in said
    assert once.read_bytes() == twice.read_bytes()


def test_leaks_that_stay_are_told_even_to_those_who_want_quiet(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    command = ("clean", source, "-o", tmp_path / "o.npz", "--no-html", "-q")
    assert run(*command).stderr == ""
    said = run(*command, "--force", "--posedirs", "keep")
    assert (said.returncode, said.stdout) == (0, "")
    expected = (
        "21 of 21 landmarks still leak; smplprep audit names the joints; --posedirs local helps"
    )
    assert said.stderr == f"smplprep: {source}: {expected}\n"


def test_a_folder_is_no_model_and_its_files_are_how_to_name_them(tmp_path):
    said = run("clean", "")
    assert (said.returncode, said.stderr) == (3, "smplprep: : there is no such file\n")
    for name, files in (("a.pkl", "*.pkl"), ("a.npz", "*.npz")):
        (tmp_path / name).touch()
        said = run("clean", tmp_path)
        assert said.returncode == 3
        assert said.stderr == (
            f"smplprep: {tmp_path}: this is a folder, not a model file\n"
            f"  Name the files in it: {tmp_path}/{files}\n"
        )


def test_a_policy_counts_each_of_its_rules_and_keeps_what_it_is_told_to(small_file, tmp_path):
    keep = tmp_path / "keep.json"
    keep.write_text("[7, 3]")
    arguments = ["clean", small_file, "--policy", "islands", "--keep-vertices", keep]
    arguments += ["--keep-joints", "left_hip, lthumb0", "--max-influences", "3"]
    done = run(*arguments, "--dry-run", "--json")
    report = json.loads(done.stdout)
    jsonschema.validate(report, Report.schema())
    options = report["options"]
    assert (options["keep_joints"], options["keep_vertices"]) == (["left_hip", "lthumb0"], [3, 7])
    rules = report["changes"][0]["dropped_per_rule"]
    assert list(rules) == ["islands", "max_influences"]
    assert sum(rules.values()) == report["changes"][0]["entries_dropped"]
    assert str(tmp_path) not in done.stdout


def test_an_own_rig_is_cleaned_by_its_own_names_and_units(small_model, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("root\nneck\njaw\ntongue\n")
    model, rig = small_model(), tmp_path / "rig.npz"
    lengths = ("v_template", "shapedirs", "posedirs", "J")
    arrays = model.entries() | {key: 100 * getattr(model, key) for key in lengths}
    np.savez(rig, **arrays)
    arguments = ["clean", rig, "--dry-run", "--json", "--joint-names", names, "--units", "cm"]
    report = json.loads(run(*arguments, "--keep-joints", "jaw").stdout)
    jsonschema.validate(report, Report.schema())
    assert report["options"]["keep_joints"] == ["jaw"]
    assert (report["units"], report["gradients"]["joints"][3]) == ("cm", "tongue")
    assert not [line for line in report["remarks"] if "--units" in line]
    done = run("clean", rig, "--dry-run", "--keep-joints", "tail", "--joint-names", names)
    assert done.returncode == 3
    assert "root, neck, jaw, tongue" in done.stderr
    said = run("audit", rig, "--landmarks", "all", "--joint-names", names).stdout
    assert "tongue" in said


def test_what_moves_far_and_what_is_large_is_said(small_model, tmp_path):
    rig = tmp_path / "rig.npz"
    np.savez(rig, **small_model().entries())
    done = run("clean", rig, "--dry-run", "--tol", "0.5")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "moves by up to" in line]
    assert line.startswith("note: vertex ")
    said = " ".join(done.stdout.split())
    assert "where weights of j" in said
    assert "a smaller --tol (smplprep sweep) or --policy islands, or --keep-joints j" in said
    assert f"smplprep: {rig}: the largest weight removed is 0.25" in done.stderr


def test_a_vertex_that_the_model_lacks_is_named_with_its_file(small_file, tmp_path):
    keep = tmp_path / "keep.txt"
    keep.write_text("7\n6890\n")
    done = run("clean", small_file, "--keep-vertices", keep, "--dry-run")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"smplprep: {keep}: 6890 is not a vertex index below 6890\n"


def test_reports_of_several_models_are_one_json_list(small_file, tmp_path):
    other = tmp_path / "other.npz"
    other.write_bytes(small_file.read_bytes())
    reports = json.loads(run("clean", small_file, other, "--dry-run", "--json").stdout)
    assert [report["smplprep_version"] for report in reports] == [smplprep.__version__] * 2
    assert json.loads(run("clean", small_file, "--dry-run", "--json").stdout) == reports[0]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tol", "2"),
        ("--tol", "-0.1"),
        ("--tol", "little"),
        ("--regressor-tol", "1"),
        ("--hops", "-3"),
    ],
)
def test_a_wrong_value_is_a_usage_error_that_names_the_option(option, value, tmp_path):
    done = run("clean", tmp_path / "gone.npz", option, value)
    assert done.returncode == 2
    assert f"Invalid value for '{option}'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
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
    said = run("clean", small_file, "--dry-run", *arguments).stdout.splitlines()
    assert [line for line in said if "no effect" in line] == ([note] if note else [])


def test_what_stock_smplx_cannot_load_is_said_at_once(standin_dir, family_dir, tmp_path):
    source = family_dir / "smpl" / "SMPL_NEUTRAL.pkl"
    said = run("clean", source, "-o", tmp_path / "s.npz", "--no-html").stdout
    note = "note: stock smplx cannot load it: smplx.SMPL reads no .npz, only .pkl; smplprep convert"
    assert note in said
    assert note in run("convert", source, "-o", tmp_path / "t.npz").stdout
    assert "cannot load" not in run("clean", source, "-o", tmp_path / "s.pkl", "--no-html").stdout
    bare = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    said = run("clean", bare, "-o", tmp_path / "b.npz", "--no-html").stdout
    assert "cannot load it: it lacks hands_meanl" in said


def test_a_name_that_smplx_create_does_not_know_is_said(small_file, family_dir, tmp_path):
    """It takes the type of model from the file's name, whatever model_type says."""
    note = (
        "note: smplx.create loads a file only under a name that begins with SMPLH_; rename it, or "
        "use smplx.SMPLH(...), or write it with --layout smplx FOLDER"
    )
    target = tmp_path / "model_clean.npz"
    assert note in run("clean", small_file, "-o", target, "--no-html").stdout.splitlines()
    assert note in run("convert", small_file, "-o", tmp_path / "model.pkl").stdout.splitlines()
    named = run("clean", small_file, "-o", tmp_path / "smplh_x.npz", "--no-html").stdout
    assert note not in named
    assert "smplx.create" not in run("convert", target, "-o", tmp_path / "model.h5").stdout
    inspected = run("inspect", target).stdout.splitlines()
    assert inspected[-2:] == [
        "stock smplx: loads it, but smplx.create only under a name that begins with SMPLH_",
        "  do:  rename it, or use smplx.SMPLH(...)",
    ]
    hand = family_dir / "mano" / "MANO_LEFT.pkl"
    assert "smplx.create" not in run("convert", hand, "-o", tmp_path / "mano_x.pkl").stdout
    said = run("convert", hand, "-o", tmp_path / "left_hand.pkl").stdout
    assert "a name that begins with MANO_; rename it, or use smplx.MANO(...), or" in said


def test_a_name_of_another_family_is_warned_of_even_with_q(small_file, tmp_path) -> None:
    named = tmp_path / "SMPLX_NEUTRAL.npz"
    named.write_bytes(small_file.read_bytes())
    done = run("clean", named, "-q", "--no-html")
    assert (done.returncode, done.stdout) == (0, "")
    assert "SMPLX_NEUTRAL_clean.npz holds SMPLH, but is named SMPLX" in done.stderr
    assert "a name that begins with SMPLH_" in done.stderr
    converted = run("convert", named, "-o", tmp_path / "SMPLX_b.npz")
    assert "SMPLX_b.npz holds SMPLH" in converted.stderr
