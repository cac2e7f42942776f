"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def blocks() -> list[str]:
    """The README's indented blocks, without their indent."""
    text = (ROOT / "README.md").read_text()
    found = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, flags=re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip() for block in found]


@pytest.fixture
def workplace(standin_dir: Path, tmp_path: Path) -> Path:
    """A folder with the stand-in under the name that the README uses."""
    (tmp_path / "SMPLH_NEUTRAL.npz").symlink_to(standin_dir / "SMPLH_NEUTRAL.npz")
    return tmp_path


def test_the_table_is_the_one_that_clean_prints(blocks, workplace):
    (shown,) = [block for block in blocks if block.startswith("$ smplprep clean")]
    command = [sys.executable, "-m", "smplprep", *shown.splitlines()[0].split()[2:]]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True, check=True)
    expected = [line for line in shown.splitlines()[1:] if line.strip() and "..." not in line]
    printed = done.stdout.splitlines()
    assert [line for line in expected if line not in printed] == []


def test_the_python_example_runs(blocks, workplace):
    (code,) = [block for block in blocks if "import smplprep" in block]
    code = code.replace("report.data[", "print(report.data[", 1).replace("] ", "]) ", 1)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workplace, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"
    assert (workplace / "SMPLH_NEUTRAL_clean.npz").exists()


def test_the_commands_run_as_they_stand_from_top_to_bottom(blocks, workplace):
    """Each finds what those above it wrote, and stock smplx the cleaned file."""
    for name in ("torch", "smplx", "matplotlib"):
        pytest.importorskip(name, reason=f"{name} (extra 'verify') is not installed")
    (commands,) = [block for block in blocks if "smplprep completion" in block]
    (loading,) = [block for block in blocks if block.startswith("smplx.create(")]
    for folder, file in (("models", workplace / "SMPLH_NEUTRAL.npz"),
                         ("AMASS", ROOT / "assets" / "cc0_walk.npz")):  # fmt: skip
        (workplace / folder).mkdir()
        (workplace / folder / file.name).symlink_to(file)
    script = f"""
        set -e
        smplprep() {{ {sys.executable} -m smplprep "$@"; }}
        {commands}
        {sys.executable} -c 'import smplx; {loading}'
    """
    command = ["bash", "-c", script]
    environment = os.environ | {"HOME": str(workplace)}
    done = subprocess.run(
        command, cwd=workplace, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_every_link_to_a_file_of_ours_leads_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target
