"""The command: its result, broken motions among good ones, and going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from smplprep import SmplprepError, write_model
from smplprep.cli.main import smplprep
from smplprep.evaluate.evaluation import count_of
from smplprep.evaluate.measure import Measure
from smplprep.evaluate.motions import find_motions
from smplprep.evaluate.result import figures, result_data
from smplprep.evaluate.run import Outcome, file_result, local_results
from smplprep.evaluate.state import State, digest_of
from smplprep.evaluate.tally import N_BINS, Tally, bin_edges, bins_of, quantile_um
from smplprep.evaluate.text import evaluation_text
from smplprep.geometry.skinning import posed_vertices
from smplprep.jobs.clean_file import clean_file

ROOT = Path(__file__).resolve().parents[2]
WRITES_ITS_STATE_AT_ONCE = (
    "import smplprep.evaluate.state as state; state.SECONDS = 0;"
    "from smplprep.__main__ import main; main()"
)
FRAMES = sum(100 * number + 30 for number in range(6))


def run(workplace: Path, *more: str, status: int = 0):
    """``smplprep evaluate a b --motions motions`` in the folder."""
    arguments = [str(workplace / "a.npz"), str(workplace / "b.npz")]
    arguments += ["--motions", str(workplace / "motions"), *more]
    result = CliRunner().invoke(smplprep, ["evaluate", *arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def outcome_of(results, measure) -> dict:
    outcome = Outcome(Tally.empty(len(measure.regions)))
    for result in results:
        outcome.add(result)
    return result_data(measure, outcome)


def test_figures_are_those_of_all_frames_together(workplace, pair):
    distances = []
    for path in sorted((workplace / "motions").rglob("*.npz")):
        with np.load(path) as file:
            poses = file["poses"].reshape(-1, 4, 3)
            betas = np.tile(file["betas"][:2], (len(poses), 1))
        ours, theirs = (posed_vertices(model, poses, betas) for model in pair)
        distances.append(1000 * np.linalg.norm(ours - theirs, axis=2).reshape(-1))
    expected = np.sort(np.concatenate(distances))
    data = json.loads(run(workplace, "--json").stdout)
    assert (data["motions"], data["frames"], data["failed"]) == (6, FRAMES, [])
    overall = data["overall"]
    assert overall["mean_mm"] == pytest.approx(expected.mean(), rel=1e-5)
    assert overall["max_mm"] == pytest.approx(expected[-1], rel=1e-5)
    for percent in (50, 99):
        exact = expected[-(-percent * len(expected) // 100) - 1]
        assert overall[f"p{percent}_mm"] == pytest.approx(exact, rel=3e-3)
    for row in data["histogram"]:
        inside = (expected >= row["from_mm"] - 5e-4) & (expected < row["to_mm"] - 5e-4)
        assert abs(row["distances"] - inside.sum()) <= 5
    assert sum(row["distances"] for row in data["histogram"]) == len(expected)
    peaks = [peak["mm"] for peak in data["worst_frames"]]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] == overall["max_mm"]


def test_order_and_threads_change_nothing(workplace, pair):
    measure = Measure(*pair)
    motions = find_motions([workplace / "motions"])
    first = outcome_of(local_results(measure, motions), measure)
    one_by_one = (file_result(measure, motion) for motion in reversed(motions))
    assert outcome_of(one_by_one, measure) == first


def test_text_fits_80_columns_and_output_holds_the_json(workplace):
    out = workplace / "moved.json"
    text = run(workplace, "-o", str(out)).stdout
    assert max(map(len, text.splitlines()[:-1])) <= 80  # the last names a file
    assert text.startswith(f"{FRAMES:,} frames of 6 of 6 motions (other)")
    data = json.loads(out.read_text())
    assert text == f"{evaluation_text(data)}\nresult: {out}\n"
    assert str(workplace) not in out.read_text()
    assert not out.with_name("moved.json.state").exists()
    assert "exists already" in run_error(workplace, "-o", str(out), status=4)
    assert "is the input" in run_error(workplace, "-o", str(workplace / "a.npz"), status=4)


def run_error(workplace: Path, *more: str, status: int) -> str:
    """The sentence on stderr, from a process of its own."""
    command = [sys.executable, "-m", "smplprep", "evaluate", "a.npz", "b.npz", *more]
    command += ["--motions", "motions"]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_no_quantile_is_beyond_the_maximum():
    """The middle of a bin may be."""
    highest = int(bin_edges()[-3])
    counts = np.zeros(N_BINS, np.int64)
    counts[bins_of(np.array([highest], np.float32))] = 1
    assert quantile_um(counts, 99) > highest
    found = figures(counts, highest, highest, 1)
    assert found["p50_mm"] == found["p99_mm"] == found["max_mm"] == highest / 1000


def test_models_without_shape_directions(workplace, small_model):
    for name, scale in (("a", 1.0), ("b", 1.1)):
        model = small_model(shapedirs=np.zeros((10, 3, 0)))
        model = model.with_arrays(v_template=scale * model.v_template)
        write_model(model, workplace / f"{name}.npz", force=True)
    assert run(workplace).stdout.startswith(f"{FRAMES:,} frames of 6 of 6 motions (other)")


def test_broken_motions_are_named_and_the_rest_goes_on(workplace):
    good = json.loads(run(workplace, "--json").stdout)
    (workplace / "motions" / "s0" / "broken.npz").write_bytes(b"PK\3\4 broken")
    np.savez(workplace / "motions" / "nan.npz", poses=np.full((300, 12), np.nan))
    out = workplace / "moved.json"
    known = ("--resume", str(workplace / "known.json"))
    result = run(workplace, "-o", str(out), *known, status=1)
    assert not out.with_name("moved.json.state").exists()
    data = json.loads(out.read_text())
    assert [row["file"] for row in data["failed"]] == ["nan.npz", "s0/broken.npz"]
    assert data["failed"][0]["error"] == "poses[0, 0]: nan is not a valid angle (key poses)"
    assert good | {"failed": data["failed"]} == data
    assert "smplprep: nan.npz: poses[0, 0]: nan is not a valid angle" in result.stderr
    assert (result.stderr + result.stdout).count("nan is not a valid angle") == 1
    # Repaired, only they are measured, and the result is that of a whole run.
    np.savez(workplace / "motions" / "nan.npz", poses=np.full((300, 12), 0.5))
    (workplace / "motions" / "s0" / "broken.npz").unlink()
    again = run(workplace, "-o", str(out), *known, "--force")
    assert "known.json: 6 motions are done" in again.stderr
    assert json.loads(out.read_text()) == json.loads(run(workplace, "--json").stdout)


def test_nothing_to_evaluate_is_an_error(workplace):
    for path in (workplace / "motions").rglob("*.npz"):
        path.write_bytes(b"PK\3\4 broken")
    unpack = workplace / "motions" / "s0" / "m0.npz"
    unpack.write_bytes(b"\x1f\x8b and so on")
    lines = run_error(workplace, status=3).splitlines()
    assert len(lines) == 7
    assert lines[0] == "smplprep: s0/m0.npz: this is compressed with gzip; unpack it first"
    assert lines[1].startswith("smplprep: s0/m2.npz: the archive does not end in its directory")
    assert lines[6] == "smplprep: none of the 6 motions can be evaluated"


def test_one_motion_is_no_plural(workplace):
    for path in sorted((workplace / "motions").rglob("*.npz"))[1:]:
        path.unlink()
    assert run(workplace).stdout.splitlines()[0] == "30 frames of 1 of 1 motion (other)"
    assert count_of(1234) == "1,234 motions"


def test_long_betas_are_told_once(workplace):
    assert (
        run(workplace).stderr.count(
            "the motions have up to 16 betas; the models have 2, which were used"
        )
        == 1
    )


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(workplace, monkeypatch):
    monkeypatch.setattr("smplprep.evaluate.state.SECONDS", 0.0)
    out, state = workplace / "moved.json", workplace / "moved.json.state"
    run(workplace, "-o", str(out))
    whole = out.read_bytes()
    out.unlink()

    def killed_after_three(*arguments, **options):
        results = local_results(*arguments, **options)
        yield from (next(results) for _ in range(3))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("smplprep.evaluate.run.local_results", killed_after_three)
        run(workplace, "-o", str(out), status=1)
    assert not out.exists()
    assert len(json.loads(state.read_text())["done"]) == 3
    result = run(workplace, "-o", str(out))
    assert "3 motions are done" in result.stderr
    assert out.read_bytes() == whole
    assert not state.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_killed_at_any_time_leaves_what_can_be_gone_on_from(workplace, number):
    out = workplace / "moved.json"
    run(workplace, "-o", str(out))
    whole = out.read_bytes()
    out.unlink()
    command = [sys.executable, "-c", WRITES_ITS_STATE_AT_ONCE, "evaluate", "a.npz", "b.npz"]
    command += ["--motions", "motions", "-o", "moved.json", "--resume", "known.json"]
    process = subprocess.Popen(command, cwd=workplace, stdout=subprocess.DEVNULL)
    while process.poll() is None and not (workplace / "known.json").exists():
        time.sleep(0.001)
    process.send_signal(number)
    assert process.wait(timeout=60) == -number
    assert not list(workplace.glob("*moved*"))
    done = subprocess.run(command, cwd=workplace, check=True, capture_output=True, text=True)
    assert " done\n" in done.stderr
    assert out.read_bytes() == whole


def test_a_state_of_something_else_is_not_used(workplace, pair):
    measure = Measure(*pair)
    motions = find_motions([workplace / "motions"])
    outcome = Outcome(Tally.empty(len(measure.regions)))
    outcome.add(file_result(measure, motions[0]))
    state = State(workplace / "known.json", measure)
    state.save(outcome, now=True)
    assert state.load(motions).done == outcome.done
    assert state.load(motions[1:]) is None  # the file is no longer among them
    measure.inputs = ("another", None)
    assert State(workplace / "known.json", measure).load(motions) is None
    measure.inputs = (None, None)
    path = Path(motions[0].path)
    np.savez(path, poses=np.zeros((5, 12)))
    assert state.load(motions) is None  # it holds another motion now


def test_no_file_is_overwritten_by_mistake(workplace):
    before = (workplace / "b.npz").read_bytes()
    message = run_error(workplace, "--resume", "b.npz", status=3)
    assert "b.npz: this is not readable JSON" in message
    assert (workplace / "b.npz").read_bytes() == before
    state = workplace / "moved.json"
    said = CliRunner().invoke(
        smplprep,
        ["evaluate", str(workplace / "a.npz"), str(workplace / "b.npz"), "--motions",
         str(workplace / "motions"), "--resume", str(state), "-o", str(state)],
        standalone_mode=True,
    )  # fmt: skip
    assert said.exit_code == 2
    assert "--resume and -o name the same file" in said.output
    assert not state.exists()


def put(*path: object, value: object):
    """Sets what stands at a place in a state."""

    def change(data: dict) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


TAMPERED = {
    "no frames": put("tally", "frames", value=0),
    "-1 frames": put("tally", "frames", value=-1),
    "10^300 frames": put("tally", "frames", value=10**300),
    "text for frames": put("tally", "frames", value="30"),
    "zeros": lambda data: data["tally"].update(
        sums=[0] * len(data["regions"]), highest=[0] * len(data["regions"])
    ),
    "no counts": lambda data: data["tally"].update(counts=[[] for _ in data["regions"]]),
    "a larger sum": put("tally", "sums", 0, value=10**15),
    "a sum beyond int64": put("tally", "sums", 0, value=2**70),
    "a bin that is none": put("tally", "counts", 0, 0, 0, value=-1),
    "a smaller largest distance": put("tally", "highest", 0, value=0),
    "a peak of text": put("tally", "worst", 0, 1, value=["x"]),
    "a peak with text for a distance": put("tally", "worst", 0, 0, value="far"),
    "a peak of another file": put("tally", "worst", 0, 1, value="other.npz"),
    "a peak farther than all": put("tally", "worst", 0, 0, value=-(10**9)),
    "no files": put("done", value={}),
    "a list of files": put("done", value=["s0/m0.npz"]),
    "another hash": lambda data: data["done"].update(dict.fromkeys(data["done"], "0" * 64)),
    "no tally": lambda data: data.pop("tally"),
    "no regions": lambda data: data.pop("regions"),
    "a region less": lambda data: [data["tally"][k].pop() for k in ("counts", "sums", "highest")],
    "a version as text": put("smplprep_state", value="2"),
}


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_state_is_not_used(workplace, pair, name, signed):
    """Neither where its digest was made again, nor where it was not."""
    measure = Measure(*pair)
    motions = find_motions([workplace / "motions"])
    outcome = Outcome(Tally.empty(len(measure.regions)))
    outcome.add(file_result(measure, motions[0]))
    state = State(workplace / "known.json", measure)
    state.save(outcome, now=True)
    assert state.load(motions).tally.to_json() == outcome.tally.to_json()
    data = json.loads(state.path.read_text())
    TAMPERED[name](data)
    if signed:
        del data["digest"]
        data["digest"] = digest_of(data)
    state.path.write_text(json.dumps(data))
    assert state.load(motions) is None


def test_a_state_that_is_not_used_is_named_and_replaced(workplace):
    whole = run(workplace, "--json").stdout
    (workplace / "moved.state").write_text('{"smplprep_state": 2}')
    result = run(workplace, "--json", "--resume", str(workplace / "moved.state"))
    assert result.stdout == whole
    assert "moved.state: is not of these models and motions; starting over" in result.stderr
    again = run(workplace, "--json", "--resume", str(workplace / "moved.state"))
    assert "moved.state: 6 motions are done" in again.stderr
    assert again.stdout == whole


def test_a_pipe_in_place_of_a_state_is_refused(workplace, pair):
    os.mkfifo(workplace / "pipe")
    with pytest.raises(SmplprepError, match="pipe: this is a device or a pipe"):
        State(workplace / "pipe", Measure(*pair)).load([])


def test_torch_finds_the_same(workplace, pair):
    pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    from smplprep.evaluate.on_torch import TorchMeasure

    motions = find_motions([workplace / "motions"])
    found = []
    for measure in (Measure(*pair), TorchMeasure(*pair, device="cpu")):
        found.append(outcome_of(local_results(measure, motions), measure))
    ours, theirs = found
    assert theirs["frames"] == ours["frames"]
    for key in ("mean_mm", "p50_mm", "p99_mm", "max_mm"):
        assert theirs["overall"][key] == pytest.approx(ours["overall"][key], rel=1e-2, abs=5e-3)
    for mine, other in zip(ours["worst_frames"], theirs["worst_frames"], strict=True):
        assert other["mm"] == pytest.approx(mine["mm"], abs=5e-3)
    assert theirs["worst_frames"][0]["vertex"] == ours["worst_frames"][0]["vertex"]


def test_help_has_an_example():
    result = CliRunner().invoke(smplprep, ["evaluate", "--help"])
    assert "Example:" in result.output


def test_readme_motion_runs_on_the_stand_in(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    cleaned = clean_file(source, tmp_path / "clean.npz", html=False).target
    walk = ROOT / "assets" / "cc0_walk.npz"
    arguments = ["evaluate", str(source), str(cleaned), "--motions", str(walk), "--json"]
    data = json.loads(CliRunner().invoke(smplprep, arguments, catch_exceptions=False).stdout)
    assert data["frames"] == 120
    assert data["family"] == "smplh"
    assert 0.01 < data["overall"]["p50_mm"] < data["overall"]["max_mm"] < 60
