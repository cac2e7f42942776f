"""``--units``: a file in centimeters gives the figures of the same model in meters."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run

LENGTHS = ("v_template", "shapedirs", "posedirs", "J")
COMMANDS = {
    "sweep": ["sweep", "raw.npz", "--tols", "1e-2", "--landmarks", "points.json", "--json"],
    "diff": ["diff", "raw.npz", "other.npz", "--json"],
    "evaluate": ["evaluate", "raw.npz", "other.npz", "--motions", "motion.npz", "--json"],
}


@pytest.fixture
def folder(small_model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """m/ and cm/ with the same two models, the landmarks and a motion."""
    weights = small_model().weights.copy()
    weights[0] = [0.99, 0, 0.005, 0.005]
    raw = small_model(weights=weights, J=small_model().J + 0.002)
    for units, factor in (("m", 1), ("cm", 100)):
        place = tmp_path / units
        place.mkdir()
        for name, model in (("raw", raw), ("other", small_model())):
            scaled = {key: factor * getattr(model, key) for key in LENGTHS}
            np.savez(place / f"{name}.npz", **(model.entries() | scaled))
        (place / "points.json").write_text('{"tip": 0}')
        poses = 0.4 * np.random.RandomState(0).standard_normal((9, 12))
        np.savez(place / "motion.npz", poses=poses, betas=np.zeros(2))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(folder: Path, units: str, *arguments: str, monkeypatch) -> str:
    monkeypatch.chdir(folder / units)
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout if "--json" in arguments else " ".join(done.stdout.split())


def millimeters(data: object, key: str = "") -> dict[str, float]:
    """Every figure under a key that ends in mm, by its place."""
    if isinstance(data, dict):
        parts = [millimeters(value, f"{key}/{name}") for name, value in data.items()]
    elif isinstance(data, list):
        parts = [millimeters(value, f"{key}/{i}") for i, value in enumerate(data)]
    else:
        place = key.rstrip("/0123456789")
        return {key: data} if place.endswith("mm") and isinstance(data, int | float) else {}
    return {key: value for part in parts for key, value in part.items()}


@pytest.mark.parametrize("command", COMMANDS)
def test_figures_in_mm_follow_the_units(folder, command, monkeypatch):
    expected, found, wrong = (
        millimeters(json.loads(said(folder, units, *arguments, monkeypatch=monkeypatch)))
        for units, arguments in (
            ("m", COMMANDS[command]),
            ("cm", [*COMMANDS[command], "--units", "cm"]),
            ("cm", COMMANDS[command]),
        )
    )
    worst = next(key for key in expected if key.endswith("max_mm"))
    assert expected[worst] > 1
    assert found == pytest.approx(expected, rel=1e-3, abs=2e-3)
    assert wrong[worst] > 10 * expected[worst]


def test_the_limit_of_check_follows_the_units(folder, monkeypatch):
    asked = [*COMMANDS["diff"], "--units", "cm"]
    report = json.loads(said(folder, "cm", *asked, monkeypatch=monkeypatch))
    limit = 1.5 * report["displacement"]["max_mm"]
    check = ["check", "other.npz", "--against", "raw.npz", "--max-mm", f"{limit}"]
    check += ["--landmarks", "points.json", "--max-leaks", "9"]
    assert run(*check, "--units", "cm").returncode == 0
    assert "mm" in run(*check).stdout
    assert run(*check).returncode == 1


def test_inspect_follows_the_units(folder, monkeypatch):
    remark = "J differs from J_regressor @ v_template by up to 2 mm"
    assert remark in said(folder, "m", "inspect", "raw.npz", monkeypatch=monkeypatch)
    asked = ["inspect", "raw.npz", "--units", "cm"]
    found = said(folder, "cm", *asked, monkeypatch=monkeypatch)
    assert remark in found
    assert "every figure in mm is wrong" not in found
    assert "every figure in mm is wrong" in said(folder, "cm", *asked[:2], monkeypatch=monkeypatch)
