"""A real Dask cluster on this machine: two worker processes, one of them killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from smplprep import SmplprepError, read_model
from smplprep.cli.main import smplprep
from smplprep.evaluate.cluster import cluster_results
from smplprep.evaluate.measure import Measure
from smplprep.evaluate.motions import Motion, find_motions
from smplprep.evaluate.result import result_data
from smplprep.evaluate.run import Outcome, local_results
from smplprep.evaluate.tally import Tally

pytestmark = pytest.mark.slow

pytest.importorskip("distributed", reason="Dask (extra 'dask') is not installed")

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds until the cluster must stand


def started(*arguments: str) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def wait_for(ready) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "the cluster does not start"
        time.sleep(0.1)


def address_in(file: Path) -> str | None:
    """What the scheduler says of itself; None while it has not, or not yet all of it."""
    try:
        return json.loads(file.read_text())["address"]
    except (FileNotFoundError, ValueError):
        return None


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """The address of a scheduler, and its two worker processes."""
    from distributed import Client

    file = tmp_path / "scheduler.json"
    here = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = started("dask_scheduler", *here, "--port", "0", "--scheduler-file", str(file))
    workers = []
    try:
        wait_for(lambda: address_in(file))
        address = str(address_in(file))
        one = ("--nthreads", "1", "--local-directory", str(tmp_path))
        for _ in range(2):
            workers.append(started("dask_worker", address, *here, "--no-nanny", *one))
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE)
        yield address, workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


@pytest.fixture
def many(workplace: Path) -> list[Motion]:
    """Forty motions: the six, under several names."""
    motions = find_motions([workplace / "motions"])
    return [
        Motion(f"{turn}/{motion.label}", motion.path) for turn in range(7) for motion in motions
    ][:40]


def reduced(results, measure) -> dict:
    outcome = Outcome(Tally.empty(len(measure.regions)))
    for result in results:
        outcome.add(result)
    return result_data(measure, outcome)


def test_losing_a_worker_in_the_middle_changes_no_number(workplace, cluster, many):
    address, workers = cluster
    paths = str(workplace / "a.npz"), str(workplace / "b.npz")
    measure = Measure(*map(read_model, paths))
    expected = reduced(local_results(measure, many), measure)

    def with_a_loss():
        results = cluster_results(address, paths, measure.inputs, many)
        yield next(results)
        assert workers[0].poll() is None
        workers[0].kill()
        yield from results

    found = reduced(with_a_loss(), measure)
    assert workers[0].poll() is not None
    assert workers[1].poll() is None
    assert found == expected
    assert found["motions"] == 40


def test_command_gives_the_same_bytes_on_a_cluster(workplace, cluster):
    arguments = ["evaluate", str(workplace / "a.npz"), str(workplace / "b.npz"), "--json"]
    arguments += ["--motions", str(workplace / "motions")]
    here = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    there = CliRunner().invoke(
        smplprep, [*arguments, "--scheduler", cluster[0]], catch_exceptions=False
    )
    assert there.stdout == here.stdout
    (workplace / "motions" / "s0" / "m0.npz").write_bytes(b"PK\3\4 broken")
    result = CliRunner().invoke(smplprep, [*arguments, "--scheduler", cluster[0]])
    assert result.exit_code == 1
    assert [row["file"] for row in json.loads(result.stdout)["failed"]] == ["s0/m0.npz"]


def test_workers_with_other_models_are_noticed(workplace, cluster, many):
    paths = str(workplace / "a.npz"), str(workplace / "b.npz")
    with pytest.raises(SmplprepError, match="the worker's model files differ"):
        list(cluster_results(cluster[0], paths, ("0" * 64, "0" * 64), many[:2]))


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr("smplprep.evaluate.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(SmplprepError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(cluster_results("tcp://127.0.0.1:9", ("a", "b"), (None, None), []))
