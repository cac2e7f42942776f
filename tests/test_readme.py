"""What the README and docs/report.md show is what happens."""

from __future__ import annotations

import dataclasses
import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import smplprep
from smplprep.records.job import CleanJob

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: str) -> list[str]:
    """The indented blocks of a page, without their indent."""
    text = (ROOT / page).read_text()
    found = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, flags=re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip() for block in found]


@pytest.fixture
def workplace(standin_dir: Path, tmp_path: Path) -> Path:
    """A folder with the stand-in under the name that the README uses."""
    (tmp_path / "SMPLH_NEUTRAL.npz").symlink_to(standin_dir / "SMPLH_NEUTRAL.npz")
    return tmp_path


def test_the_table_is_the_one_that_clean_prints(workplace):
    (shown,) = [block for block in blocks("docs/report.md") if block.startswith("$ smplprep clean")]
    command = [sys.executable, "-m", "smplprep", *shown.splitlines()[0].split()[2:]]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True, check=True)
    expected = [line for line in shown.splitlines()[1:] if line.strip()]
    printed = done.stdout.splitlines()
    assert [line for line in expected if line not in printed] == []


def test_the_commands_run_as_they_stand_from_top_to_bottom(standin_dir, workplace):
    """Each finds what those above it wrote, and stock smplx the cleaned file."""
    for name in ("torch", "smplx", "matplotlib"):
        pytest.importorskip(name, reason=f"{name} (extra 'verify') is not installed")
    for target, source in (
        ("AMASS/walk.npz", ROOT / "assets" / "cc0_walk.npz"),
        ("smplh/neutral/model.npz", standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"),
        ("raw/SMPLH_NEUTRAL.npz", standin_dir / "SMPLH_NEUTRAL.npz"),
    ):
        (workplace / target).parent.mkdir(parents=True)
        (workplace / target).symlink_to(source)
    (workplace / "smplprep.toml").write_text('[[model]]\npath = "raw/*.npz"\n')
    # Not those of the set-up, which quickstart and CI run.
    lines = [line for block in blocks("README.md") for line in block.splitlines()]
    lines = [line for line in lines if line.startswith(("smplprep ", "smplx."))]
    assert len(lines) == 16
    lines = [
        f"{sys.executable} -c 'import smplx; {line}'" if line.startswith("smplx.") else line
        for line in lines
    ]
    script = f'set -e\nsmplprep() {{ {sys.executable} -m smplprep "$@"; }}\n' + "\n".join(lines)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=workplace,
        env=os.environ | {"HOME": str(workplace), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr


def test_the_examples_of_the_python_api_give_what_they_show(workplace, monkeypatch):
    for name in ("torch", "smplx"):
        pytest.importorskip(name, reason=f"{name} (extra 'verify') is not installed")
    monkeypatch.chdir(workplace)
    page = str(ROOT / "docs" / "api.md")
    flags = doctest.ELLIPSIS
    failed, tried = doctest.testfile(page, module_relative=False, optionflags=flags)
    assert not failed
    assert tried > 25


def test_pages_use_public_names_only():
    """In Python. ``smplprep.toml`` and the like are names of files."""
    for page in PAGES:
        text = page.read_text()
        names = {*re.findall(r"\bsmplprep\.(\w+)", text)} - {"toml", "lock", "model", "errors"}
        assert names <= {*smplprep.__all__}, page.name
        assert "from smplprep" not in text, page.name


def test_the_page_of_the_python_api_names_everything_public():
    text = (ROOT / "docs" / "api.md").read_text()
    settings = {field.name for field in dataclasses.fields(CleanJob)} - {"path", "options"}
    missing = [name for name in {*smplprep.__all__, *settings} if f"`{name}" not in text]
    assert missing == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) <= 900


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_of_ours_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
