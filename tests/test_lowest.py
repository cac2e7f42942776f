"""The lower bounds of pyproject.toml are the versions that scripts/run_light.py tests with."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_lowest_versions_are_those_that_are_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["report"], *extras["gltf"]]
    bounds = dict(requirement.split(">=") for requirement in needed)
    lines = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert tested.keys() == bounds.keys()
    for name, bound in bounds.items():
        assert (tested[name] + ".").startswith(bound + ".")
