"""Building again does what changed, no more; a failure is named and stops nobody else."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
from small_project import (
    GENDERS,
    MANIFEST,
    Run,
    command,
    make_project,
    results,
    tree,
    write_small,
)

from smplprep import Options, clean, read_model, write_model

MODELS = [f"raw/SMPLH_{gender}.npz" for gender in GENDERS]
CURRENT = dict.fromkeys(MODELS, "current")


def test_the_outputs_are_those_of_clean(project: Path, build: Run) -> None:
    done = build()
    assert results(done.stdout) == dict.fromkeys(MODELS, "built not in the lock")
    assert done.stdout.splitlines()[-1] == "3 models: 3 built"
    assert done.stderr == ""
    for path in MODELS:
        cleaned, _ = clean(read_model(project / path), Options(tolerance=0.02))
        write_model(cleaned, project / "plain.npz", force=True)
        output = project / "cleaned" / f"{Path(path).stem}_clean.npz"
        assert output.read_bytes() == (project / "plain.npz").read_bytes()


def test_a_second_build_does_nothing_whatever_the_dates(project: Path, build: Run) -> None:
    build()
    before = tree(project)
    inodes = [path.stat().st_ino for path in sorted((project / "cleaned").iterdir())]
    for path in project.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert results(build().stdout) == CURRENT
    assert results(build("--check").stdout) == CURRENT
    assert tree(project) == before
    assert [path.stat().st_ino for path in sorted((project / "cleaned").iterdir())] == inodes


def test_what_changed_is_built_and_nothing_else(project: Path, build: Run) -> None:
    build()
    first, second, third = MODELS
    source, output = project / first, project / "cleaned" / "SMPLH_MALE_clean.npz"
    old = source.stat()
    write_small(source, 9)
    assert source.stat().st_size == old.st_size
    os.utime(source, ns=(old.st_atime_ns, old.st_mtime_ns))  # an edit that hides its date
    good = output.read_bytes()
    output.unlink()
    (project / "cleaned" / "SMPLH_NEUTRAL_clean.report.json").unlink()
    expected = {
        first: "{} input changed",
        second: "{} output missing",
        third: "{} output missing",
    }
    stale = build("--check", status=1)
    assert results(stale.stdout) == {k: v.format("stale") for k, v in expected.items()}
    assert results(build().stdout) == {k: v.format("built") for k, v in expected.items()}
    assert output.read_bytes() == good
    build("--check")


def test_a_rigs_own_joint_names_and_units(project: Path, build: Run) -> None:
    for path in MODELS[1:]:
        (project / path).unlink()
    (project / "names.txt").write_text("root\nneck\njaw\ntongue\n")
    keys = 'joint-names = "names.txt"\nunits = "cm"\nkeep-joints = ["jaw"]\n'
    (project / "smplprep.toml").write_text(keys + MANIFEST)
    build()
    report = json.loads((project / "cleaned/SMPLH_FEMALE_clean.report.json").read_text())
    assert report["units"] == "cm"
    assert report["options"]["keep_joints"] == ["jaw"]
    assert report["gradients"]["joints"] == ["root", "neck", "jaw", "tongue"]
    (project / "smplprep.toml").write_text(keys.replace("cm", "feet") + MANIFEST)
    assert "smplprep.toml:2: must be one of m, cm, mm" in build(status=3).stderr


def test_an_option_changes_its_model_alone(project: Path, build: Run) -> None:
    build()
    own = '[[model]]\npath = "raw/SMPLH_MALE.npz"\nhops = 1\nregressor = "keep"\n'
    others = MANIFEST.replace('"raw/*.npz"', str([MODELS[0], MODELS[2]]))
    (project / "smplprep.toml").write_text(others + own)
    assert results(build().stdout) == CURRENT | {MODELS[1]: "built hops, regressor changed"}


def test_a_new_version_builds_everything(project: Path, build: Run) -> None:
    build()
    lock = project / "smplprep.lock"
    text = lock.read_text()
    lock.write_text(text.replace('"smplprep": "', '"smplprep": "0.0.'))
    assert set(results(build("-j", "1").stdout).values()) == {"built smplprep 0.0.0.1.0 > 0.1.0"}
    assert lock.read_text() == text


def test_one_failure_is_named_and_the_rest_is_built(project: Path, build: Run) -> None:
    (project / MODELS[1]).write_bytes(b"PK\3\4 no archive")
    (project / "smplprep.toml").write_text(MANIFEST + '[[model]]\npath = "raw/none.npz"\n')
    done = build(status=3)
    assert [*results(done.stdout).values()] == [
        "built not in the lock",
        "failed see above",
        "built not in the lock",
        "failed there is no such file",
    ]
    assert done.stdout.splitlines()[-1] == "4 models: 2 built, 2 failed"
    first, second = done.stderr.splitlines()
    assert first.startswith(f"smplprep: {MODELS[1]}: ")
    assert second == "smplprep: raw/none.npz: there is no such file"
    again = build(status=3)
    assert again.stdout.splitlines()[-1] == "4 models: 2 current, 2 failed"


def test_two_models_for_one_place_and_an_input_as_output_are_refused(
    project: Path, build: Run
) -> None:
    text = 'layout = "smplx"\noutput = "out"\nfamily = "smplh"\n[[model]]\npath = "raw/*.npz"\n'
    (project / "smplprep.toml").write_text(text + 'gender = "male"\n')
    assert "smplprep.toml:5: raw/SMPLH_FEMALE.npz and raw/SMPLH_MALE.npz" in build(status=3).stderr
    text = '[[model]]\npath = "raw/*.npz"\n[[model]]\npath = "raw/SMPLH_MALE.npz"\n'
    (project / "smplprep.toml").write_text(text + 'output = "raw/SMPLH_NEUTRAL.npz"\n')
    before = (project / MODELS[2]).read_bytes()
    refusal = "smplprep: raw/SMPLH_NEUTRAL.npz: the output is an input of the build\n"
    assert build(status=3).stderr == refusal
    assert (project / MODELS[2]).read_bytes() == before
    (project / "smplprep.toml").write_text(
        '[[model]]\npath = "raw/SMPLH_MALE.npz"\n'
        '[[model]]\npath = "raw/SMPLH_MALE.npz"\noutput = "raw/SMPLH_MALE_clean.npz"\n'
    )
    assert "would both be written to it" in build(status=3).stderr


def test_layout_hands_compression_and_pages(project: Path, build: Run, standin_dir: Path) -> None:
    (project / "amass_male.npz").symlink_to(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz")
    (project / "smplprep.toml").write_text(
        'layout = "smplx"\noutput = "models"\nflat-hands = true\nhtml = true\ncompress = true\n'
        'dtype = "float32"\n[[model]]\npath = "amass_male.npz"\n'
    )
    build()
    cleaned = read_model(project / "models/smplh/SMPLH_MALE.npz")
    assert "hands_meanl" in cleaned.entries()
    assert cleaned.weights.dtype == "float32"
    (entry,) = json.loads((project / "smplprep.lock").read_text())["models"]
    assert set(entry["outputs"]) == {
        f"models/smplh/SMPLH_MALE.{end}" for end in ("npz", "report.json", "report.html")
    }
    assert {"numpy", "scipy", "highspy", "smplprep", "zlib", "plotly"} == set(entry["versions"])
    build("--check")


def test_a_changed_file_of_landmarks_builds_its_model_again(project: Path, build: Run) -> None:
    points = project / "points.json"
    points.write_text('{"tip": 3}')
    entry = '[[model]]\npath = "raw/SMPLH_MALE.npz"\nlandmarks = "points.json"\n'
    (project / "smplprep.toml").write_text(f'output = "cleaned"\n{entry}')
    build()
    report = project / "cleaned/SMPLH_MALE_clean.report.json"
    assert [row["vertex"] for row in json.loads(report.read_text())["landmarks"]] == [3]
    assert results(build().stdout) == {MODELS[1]: "current"}
    points.write_text('{"tip": 4}')
    assert results(build().stdout) == {MODELS[1]: "built input changed"}
    assert [row["vertex"] for row in json.loads(report.read_text())["landmarks"]] == [4]
    points.unlink()
    assert build(status=3).stderr == "smplprep: points.json: there is no such file\n"


def test_a_pipe_is_refused_wherever_a_file_is_named(project: Path, build: Run) -> None:
    """Opening one without a writer would block for ever."""
    os.mkfifo(project / "pipe.npz")
    sentence = "smplprep: pipe.npz: this is a device or a pipe, not a regular file\n"
    (project / "smplprep.toml").write_text('[[model]]\npath = "pipe.npz"\n')
    assert build(status=3).stderr == sentence
    assert results(build("--check", status=1).stdout) == {"pipe.npz": "stale not in the lock"}
    own = f'[[model]]\npath = "{MODELS[0]}"\nlandmarks = "pipe.npz"\n'
    (project / "smplprep.toml").write_text(own)
    assert build(status=3).stderr == sentence
    (project / "smplprep.toml").write_text(MANIFEST)
    (project / "smplprep.lock").unlink(missing_ok=True)
    os.mkfifo(project / "smplprep.lock")
    assert "smplprep.lock: is not a valid lock" in build(status=3).stderr


def test_no_process_imports_what_another_has(project: Path) -> None:
    """Each cleans one model, as a fork of one that has imported what all take."""
    command = [sys.executable, "-X", "importtime", "-m", "smplprep", "build", "-j", "1"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    imported = Counter(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE))
    assert imported["smplprep.jobs.clean_file"] == imported["highspy"] == 1
    # What three processes lack is imported three times; nt, which Linux lacks, is tried more often.
    assert {module for module, n in imported.items() if n >= len(MODELS)} <= {"nt"}


def test_how_large_an_input_may_be_is_nothing_that_a_lock_holds(project: Path, build: Run) -> None:
    build()
    before = (project / "smplprep.lock").read_bytes()
    (project / "smplprep.toml").write_text(f"max-bytes = 1000000\n{MANIFEST}")
    assert results(build().stdout) == CURRENT
    assert (project / "smplprep.lock").read_bytes() == before


def test_it_runs_from_elsewhere_and_from_pyproject(project: Path, tmp_path_factory) -> None:
    text = (project / "smplprep.toml").read_text()
    (project / "smplprep.toml").unlink()
    text = text.replace("[[model]]", "[[tool.smplprep.model]]")
    (project / "pyproject.toml").write_text("[tool.smplprep]\n" + text)
    away = tmp_path_factory.mktemp("away")
    for manifest in (project, project / "pyproject.toml"):
        subprocess.run(command(str(manifest), "-q"), cwd=away, check=True, timeout=120)
    assert len(list((project / "cleaned").glob("*.npz"))) == 3
    assert list(away.iterdir()) == []
    nothing = subprocess.run(command(), cwd=away, capture_output=True, text=True)
    assert nothing.returncode == 2
    assert "there is neither smplprep.toml nor pyproject.toml here" in nothing.stderr


def test_a_terminal_sees_a_progress_bar(project: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(command(), cwd=project, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "3/3" in shown


def test_current_models_do_not_import_numpy(project: Path, build: Run) -> None:
    build()
    code = (
        "import sys; sys.argv = ['smplprep', 'build', '-q']\n"
        "from smplprep.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print([m for m in ('numpy', 'scipy', 'h5py', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_every_line_of_the_table_fits_80_columns(tmp_path: Path) -> None:
    make_project(tmp_path)
    deep = tmp_path / ("long_" * 20) / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "raw").rename(deep / "raw")
    text = MANIFEST.replace("raw/", "*/*/raw/")
    (tmp_path / "smplprep.toml").write_text(text)
    done = subprocess.run(command("--check"), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "SMPLH_FEMALE.npz" in done.stdout


def test_a_manifest_of_another_name_has_its_own_lock(project: Path, build: Run) -> None:
    build()
    text = (project / "smplprep.toml").read_text()
    (project / "other.toml").write_text(text.replace('"cleaned"', '"others"'))
    build("other.toml")
    build("--check")
    build("other.toml", "--check")
    assert (project / "smplprep.lock").read_bytes() != (project / "other.lock").read_bytes()


def test_a_folder_without_a_manifest_is_named(project: Path, build: Run) -> None:
    done = build("raw", status=3)
    assert done.stderr == (
        "smplprep: raw: there is neither smplprep.toml nor pyproject.toml in it\n"
    )


def test_an_ending_in_capitals_names_a_file_and_a_missing_input_makes_no_folder(project, build):
    (project / "smplprep.toml").write_text(
        '[[model]]\npath = "raw/SMPLH_MALE.npz"\noutput = "ready/MALE.NPZ"\n'
        '[[model]]\npath = "raw/SMPLH_FEMALE.npz"\noutput = "never"\n'
    )
    (project / "raw" / "SMPLH_FEMALE.npz").write_bytes(b"PK, but no model")
    build(status=3)
    assert (project / "ready" / "MALE.NPZ").is_file()
    assert not (project / "never").exists()


def test_init_writes_a_manifest_of_the_models_that_are_there(project: Path, build: Run) -> None:
    Path(project, "smplprep.toml").unlink()
    (project / "raw" / "a_clean.npz").write_bytes((project / MODELS[0]).read_bytes())
    (project / "raw" / "motion.npz").write_bytes(b"PK")
    said = build("--init").stdout
    assert said == "wrote smplprep.toml, models: 3; now run: smplprep build\n"
    jobs = tomllib.loads(Path(project, "smplprep.toml").read_text())["model"]
    assert jobs == [{"path": MODELS, "output": "cleaned/raw"}]
    assert "there is one already" in build("--init", status=3).stderr
    assert "3 models: 3 built" in build().stdout


def test_init_gives_hands_to_the_files_of_amass(project: Path, build: Run, standin_dir) -> None:
    for path in (project / "smplprep.toml", *(project / name for name in MODELS)):
        path.unlink()
    (project / "raw" / "model.npz").symlink_to(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz")
    build("--init")
    (job,) = tomllib.loads(Path(project, "smplprep.toml").read_text())["model"]
    assert job["flat-hands"] is True
    build()
    assert "hands_meanl" in np.load(project / "cleaned" / "raw" / "model_clean.npz")


def test_init_without_a_model_writes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(command("--init"), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 3
    assert "no model in this folder" in done.stderr
    assert not list(tmp_path.iterdir())
