"""The whole program on hundreds of hostile files: none runs, none lasts, none leaves a trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from corpus import write_corpus, write_good

pytestmark = pytest.mark.slow

GIB = 1 << 30


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each file; of the good ones, too."""
    folder = tmp_path_factory.mktemp("corpus")
    canary = folder.parent / f"{folder.name}-canary"
    paths = write_good(folder) + write_corpus(folder, canary)
    script = Path(__file__).with_name("run_each.py")
    done = subprocess.run(
        [sys.executable, script],
        input="\n".join(map(str, paths)) + "\n",
        capture_output=True,
        text=True,
        timeout=500,
        check=True,
        cwd=folder,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())},
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(paths)
    good = [run for run in results if Path(run["path"]).stem == "good"]
    bad = [run for run in results if Path(run["path"]).stem != "good"]
    return {"good": good, "bad": bad, "canary": canary, "folder": folder}


def test_it_is_large_and_the_good_ones_pass(runs: dict[str, Any]) -> None:
    assert len(runs["bad"]) >= 300
    assert [run["status"] for run in runs["good"]] == [0] * 5
    assert all(len(run["outputs"]) == 2 for run in runs["good"])


def test_nothing_was_run(runs: dict[str, Any]) -> None:
    assert not runs["canary"].exists()


def test_each_is_refused_in_one_sentence(runs: dict[str, Any]) -> None:
    for run in runs["bad"]:
        about = (run["path"], run["status"], run["stderr"])
        assert run["status"] == 3, about
        assert run["stdout"] == "", about
        first, *hint = run["stderr"].splitlines()
        assert first.startswith(f"smplprep: {run['path'][:100]}"), about
        assert len(first) > len(f"smplprep: {run['path']}: ") + 10, about
        assert len(hint) <= 1, about
        assert "Traceback" not in run["stderr"], about
        assert "fault in smplprep" not in run["stderr"], about


def test_none_leaves_anything(runs: dict[str, Any]) -> None:
    assert [run["path"] for run in runs["bad"] if run["outputs"]] == []
    assert list(runs["folder"].rglob("*.tmp")) == []


def test_none_takes_long_or_much_memory(runs: dict[str, Any]) -> None:
    base = max(run["rss_bytes"] for run in runs["good"])
    # Time of the processor: how long the wall's clock runs depends on the neighbors.
    slow = {run["path"]: run["cpu_s"] for run in runs["bad"] if run["cpu_s"] >= 3}
    assert slow == {}
    large = {run["path"]: run["rss_bytes"] for run in runs["bad"] if run["rss_bytes"] - base >= GIB}
    assert large == {}
