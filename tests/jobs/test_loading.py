"""How stock smplx loads a file: the line that ``clean`` prints, and names that mislead it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

from smplprep.jobs.loading import load_line


@pytest.mark.parametrize(
    ("family", "path", "layout", "line"),
    [
        ("smplh", "SMPLH_X.npz", None,
         'create("SMPLH_X.npz", model_type="smplh", ext="npz", use_pca=False)'),
        ("smplh", "m/smplh/SMPLH_MALE.pkl", "m",
         'create("m", model_type="smplh", gender="male", ext="pkl", use_pca=False)'),
        ("smplx", "model_clean.npz", None, 'SMPLX("model_clean.npz", ext="npz", use_pca=False)'),
        ("smpl", "SMPL_a.pkl", None, 'create("SMPL_a.pkl", model_type="smpl", ext="pkl")'),
        ("flame", "m/flame/FLAME_MALE.pkl", "m",
         'create("m", model_type="flame", gender="male", ext="pkl")'),
    ],
)  # fmt: skip
def test_the_line_that_loads_a_file(family, path, layout, line):
    suffix = Path(path).suffix[1:]
    assert load_line(family, suffix, Path(path), layout=layout) == f"smplx.{line}"
    assert load_line("other", suffix, Path(path)) is None


def test_the_line_after_a_clean_runs(family_dir: Path, tmp_path: Path, monkeypatch) -> None:
    smplx = pytest.importorskip("smplx")
    monkeypatch.chdir(tmp_path)
    source = family_dir / "mano" / "MANO_LEFT.pkl"
    for more in (["--layout", "smplx", "models"], ["-o", "left.npz"]):
        said = run("clean", source, *more).stdout.splitlines()
        assert any(line.startswith("open the page: ") for line in said)
        line = said[-1].removeprefix("load it with: ")
        assert eval(line, {"smplx": smplx}).name() == "MANO"
