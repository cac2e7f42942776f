"""What README and docs/build.md show of building, run by the real tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import tree

from smplprep.build.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "\n".join((ROOT / page).read_text() for page in ("README.md", "docs/build.md"))
WORKFLOW = ROOT / "docs" / "github-workflow.yml"
ARTIFACT = "cleaned/SMPLH_MALE_clean.npz"
PATH = os.pathsep.join([str(ROOT / ".venv-tools" / "bin"), os.environ["PATH"]])


def example(name: str) -> str:
    """The fenced block that follows the file's name, or is of that language."""
    pattern = rf"(?:^`{re.escape(name)}`[^\n]*\n\n```\w+|^```{re.escape(name)})\n(.*?)^```"
    (text,) = re.findall(pattern, GUIDE, flags=re.MULTILINE | re.DOTALL)
    return text


@pytest.fixture
def run(project: Path, tmp_path_factory: pytest.TempPathFactory):
    """Runs a tool in the project, with this smplprep on its PATH; what it printed."""
    own = tmp_path_factory.mktemp("bin") / "smplprep"
    own.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m smplprep "$@"\n')
    own.chmod(0o755)
    home = tmp_path_factory.mktemp("home")
    environment = os.environ | {
        "PATH": f"{own.parent}{os.pathsep}{PATH}",
        "DVC_NO_ANALYTICS": "1",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
    }
    environment.pop("PYTHONPATH", None)

    def run(*command: str, status: int = 0) -> str:
        tool = shutil.which(command[0], path=PATH)
        if tool is None and not os.environ.get("CI"):
            pytest.skip(f"{command[0]} is not installed: python3 scripts/install_tools.py")
        assert tool, command[0]
        done = subprocess.run(
            [tool, *command[1:]],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    return run


@pytest.mark.parametrize(
    ("file", "prepare", "command", "idle"),
    [
        ("Makefile", [], ["make"], "'cleaned/.built' is up to date"),
        ("CMakeLists.txt", [["cmake", "-B", "build"]], ["cmake", "--build", "build"], ""),
        ("dvc.yaml", [["dvc", "init", "--no-scm"]], ["dvc", "repro"], "up to date"),
        ("Snakefile", [], ["snakemake", "--cores", "2"], "Nothing to be done"),
    ],
)
def test_a_build_system(run, project: Path, file: str, prepare, command, idle: str) -> None:
    (project / file).write_text(example(file))
    for first in prepare:
        run(*first)
    run(*command)
    artifact = project / ARTIFACT
    built = artifact.read_bytes(), artifact.stat().st_mtime_ns
    lock = (project / "smplprep.lock").read_bytes()
    assert idle in run(*command)
    assert (artifact.read_bytes(), artifact.stat().st_mtime_ns) == built
    # Another option: it must call again.
    manifest = project / "smplprep.toml"
    manifest.write_text(manifest.read_text().replace("0.02", "0.03"))
    run(*command)
    assert artifact.read_bytes() != built[0]
    assert (project / "smplprep.lock").read_bytes() != lock


def test_the_manifest_of_the_guide_is_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "smplprep.toml").write_text(example("toml"))
    jobs = read_manifest("smplprep.toml")
    assert len(jobs) == 4
    assert jobs[-1].options.posedirs == "zero"


def test_the_gitignore_keeps_models_out_and_the_lock_in(run, project: Path) -> None:
    (project / ".gitignore").write_text(example("gitignore"))
    subprocess.run([sys.executable, "-m", "smplprep", "build", "-q"], cwd=project, check=True)
    run("git", "init", "-q")
    run("git", "add", ".")
    assert run("git", "ls-files").split() == [".gitignore", "smplprep.lock", "smplprep.toml"]


def test_the_workflow_is_valid_and_safe(run) -> None:
    """GitHub's own schema, and the linter of what can be abused."""
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW))
    run("zizmor", "--offline", "--no-progress", "--persona", "pedantic", str(WORKFLOW))


def test_the_linters_find_faults(run, project: Path) -> None:
    """They look: a misspelt key, an action by its tag."""
    text = WORKFLOW.read_text()
    (project / "bad.yml").write_text(text.replace("runs-on", "run-on"))
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", "bad.yml", status=1)
    (project / "bad.yml").write_text(re.sub(r"@[0-9a-f]{40}", "@v4", text))
    assert "unpinned-uses" in run("zizmor", "--offline", "bad.yml", status=14)


def test_the_workflow_runs_what_smplprep_has(run, project: Path) -> None:
    """Its two commands, on a project with a lock."""
    before = tree(project)
    commands = re.findall(r"run: smplprep (.+)", WORKFLOW.read_text())
    assert commands == ["build --locked", "build --check"]
    subprocess.run([sys.executable, "-m", "smplprep", "build", "-q"], cwd=project, check=True)
    shutil.rmtree(project / "cleaned")
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "smplprep", *command.split()], cwd=project, check=True
        )
    assert set(before) < set(tree(project))
