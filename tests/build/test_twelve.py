"""Twelve models of full size: three genders by four families."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import command, results

MANIFEST = """\
output = "models"
layout = "smplx"

[[model]]
path = ["raw/*.npz", "raw/*.pkl"]
"""
FAMILIES = {
    "SMPL": "smpl/SMPL_NEUTRAL.pkl",
    "SMPLH": "SMPLH_NEUTRAL.npz",
    "SMPLX": "smplx/SMPLX_NEUTRAL.npz",
    "FLAME": "flame/FLAME_NEUTRAL.pkl",
}


@pytest.fixture(scope="module")
def twelve(
    standin_dir: Path, family_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The project, built. The genders of a family are links to one file."""
    folder = tmp_path_factory.mktemp("twelve")
    (folder / "raw").mkdir()
    (folder / "smplprep.toml").write_text(MANIFEST)
    for family, name in FAMILIES.items():
        source = (standin_dir if family == "SMPLH" else family_dir) / name
        for gender in ("FEMALE", "MALE", "NEUTRAL"):
            (folder / "raw" / f"{family}_{gender}{source.suffix}").hardlink_to(source)
    run(folder)
    yield folder
    shutil.rmtree(folder)  # a gigabyte


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, timeout=300, check=True
    )
    return done.stdout


def test_all_are_where_smplx_create_looks(twelve: Path) -> None:
    found = sorted(
        path.relative_to(twelve / "models").as_posix() for path in twelve.glob("models/*/*")
    )
    assert [name for name in found if not name.endswith(".json")] == sorted(
        f"{family.lower()}/{family}_{gender}{Path(name).suffix}"
        for family, name in FAMILIES.items()
        for gender in ("FEMALE", "MALE", "NEUTRAL")
    )


def test_a_second_build_does_nothing(twelve: Path) -> None:
    assert run(twelve).endswith("12 models: 12 current\n")


def test_touching_one_input_rebuilds_one(twelve: Path) -> None:
    """Changed in content; a mere date is no change (see test_build)."""
    changed = twelve / "raw" / "SMPL_MALE.pkl"
    data = bytearray(changed.read_bytes())
    data[20_000_000] ^= 1  # in the middle of an array's floats
    changed.unlink()
    changed.write_bytes(data)
    table = results(run(twelve))
    assert table.pop("raw/SMPL_MALE.pkl") == "built input changed"
    assert list(table.values()) == ["current"] * 11
    assert run(twelve, "--check").endswith("12 models: 12 current\n")
    run(twelve, "--locked")
