"""--budget-mm: what it promises through stock smplx, and which removals it makes."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smplprep import Options, Report, SmplprepError, read_model
from smplprep.budget.bound import Bound
from smplprep.budget.budget import chosen
from smplprep.geometry.poses import pose_set
from smplprep.geometry.skinning import posed_vertices
from smplprep.jobs.clean_file import clean_file
from smplprep.jobs.pipeline import clean, silent, transformed
from smplprep.records.file_keys import STAMP_KEY
from smplprep.records.stamp import spent_before
from smplprep.transforms.prune_weights import without

BUDGETS = [0.5, 5.0, 20.0]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module", params=BUDGETS)
def done(request, standin):
    """The budget, the stand-in cleaned under it, and the report."""
    cleaned, report = clean(standin, Options(budget_mm=request.param))
    return request.param, cleaned, report.data


def under(model, budget, **options):
    """The model cleaned under a budget, unmeasured."""
    chosen_options = Options(budget_mm=budget, regressor="keep", **options)
    return transformed(model, chosen_options, silent).cleaned


def largest_move_mm(before, after, *, seed: int) -> float:
    poses, betas = pose_set(before.family.joint_names(before.n_joints, "smplx"), 2, seed=seed)
    apart = posed_vertices(before, poses, betas) - posed_vertices(after, poses, betas)
    return float(1000 * np.linalg.norm(apart, axis=2).max())


def test_no_vertex_moves_farther_through_stock_smplx(standin_dir, tmp_path):
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    smplx = pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    poses, betas = pose_set(read_model(source).family.joint_names(52, "smplx"), 10)
    pose, shape = (torch.tensor(values.reshape(64, -1)) for values in (poses, betas))

    def vertices(path):
        body = smplx.SMPLH(
            str(path),
            ext="npz",
            use_pca=False,
            flat_hand_mean=True,
            num_betas=10,
            batch_size=64,
            dtype=torch.float64,
        )
        return body(
            global_orient=pose[:, :3],
            body_pose=pose[:, 3:66],
            left_hand_pose=pose[:, 66:111],
            right_hand_pose=pose[:, 111:],
            betas=shape,
        ).vertices.detach()

    raw = vertices(source)
    for budget in (0.5, 5.0):
        options = Options(budget_mm=budget)
        target = clean_file(source, tmp_path / f"{budget}.npz", options, html=False).target
        assert 0 < 1000 * (vertices(target) - raw).norm(dim=2).max().item() <= budget


def test_the_report_certifies_the_budget_and_obeys_its_schema(done, standin):
    budget, cleaned, data = done
    section = data["budget"]
    jsonschema.validate(json.loads(json.dumps(data)), Report.schema())
    slack = 1e-9  # mm; joints regressed anew
    moved = data["displacement"]["max_mm"]
    assert moved <= section["worst_found_mm"] <= section["certified_mm"] <= budget + slack
    for channel, mask in (
        ("weights", cleaned.weights != 0),
        ("posedirs", cleaned.correctives.any(axis=(1, 3))),
    ):
        raw = standin.weights != 0 if channel == "weights" else standin.correctives.any(axis=(1, 3))
        assert section["removals"][channel]["made"] == np.count_nonzero(raw & ~mask)
        per_joint = sum(row[channel] for row in section["stays_per_joint"])
        assert section["removals"][channel]["stay"] == per_joint


def test_the_leaks_that_stay_are_listed_with_what_they_would_cost(done):
    budget, cleaned, data = done
    names = cleaned.family.joint_names(52)
    leaking = {row["landmark"]: row["after"]["leaks"] for row in data["landmarks"]}
    for leak in data["budget"]["leaks"]:
        assert leak["joint"] in leaking[leak["landmark"]]
        assert leak["cost_mm"] > budget
        joint = names.index(leak["joint"])
        if leak["channel"] == "weights":
            assert cleaned.weights[leak["vertex"], joint] != 0
        else:
            assert cleaned.correctives[leak["vertex"], :, joint - 1].any()
    listed = {leak["landmark"] for leak in data["budget"]["leaks"]}
    assert listed == {landmark for landmark, leaks in leaking.items() if leaks}


def test_zero_removes_only_what_moves_nothing(standin):
    cleaned = under(standin, 0.0)
    assert np.array_equal(cleaned.weights, standin.weights)
    assert largest_move_mm(standin, cleaned, seed=4) == 0


def test_a_budget_that_suffices_gives_the_bytes_of_none(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    with_it = clean_file(source, tmp_path / "a.npz", Options(budget_mm=1e4), html=False).target
    without = clean_file(source, tmp_path / "b.npz", html=False).target
    ours, theirs = read_model(with_it), read_model(without)
    for key, value in theirs.entries().items():
        if key != STAMP_KEY:
            assert np.asarray(value).tobytes() == np.asarray(ours.entries()[key]).tobytes()
    stamps = [json.loads(str(model.extras[STAMP_KEY])) for model in (ours, theirs)]
    assert stamps[0].pop("spent") == {"budget_mm": 1e4}
    assert [stamp["options"].pop("budget_mm") for stamp in stamps] == [1e4, None]
    assert stamps[0] == stamps[1]


def test_cleaning_twice_spends_a_budget_once(standin_dir, tmp_path):
    source, options = standin_dir / "SMPLH_NEUTRAL.npz", Options(budget_mm=5.0)
    once = clean_file(source, tmp_path / "once.npz", options, html=False)
    twice = clean_file(once.target, tmp_path / "twice.npz", options, html=False)
    assert digest(once.target) == digest(twice.target)
    assert twice.report.data["budget"]["spent_before_mm"] == 5.0


def test_a_larger_budget_later_adds_only_the_difference(standin):
    """1 mm from the raw model, then 2 mm from there: 3 mm in all, by the triangle inequality."""
    one = under(standin, 1.0)
    three = under(one, 3.0)
    bound = Bound(one)
    assert np.count_nonzero(three.weights) < np.count_nonzero(one.weights)
    assert 0 < bound.mm(three.weights, bound.rest(three)).max() <= 2.0 + 1e-9


@pytest.mark.parametrize(
    ("stamp", "spent"),
    [
        (None, 0),
        ("not json", 0),
        ('{"spent": {"budget_mm": null}}', 0),
        ('{"spent": {"budget_mm": -5}}', 0),
        ('{"spent": {"budget_mm": NaN}}', 0),
        ('{"spent": {"budget_mm": [1]}}', 0),
        ('{"spent": {"budget_mm": 2.5}}', 2.5),
    ],
)
def test_a_stamp_is_believed_only_if_it_is_a_length(small_model, stamp, spent):
    extras = {} if stamp is None else {STAMP_KEY: stamp}
    model = dataclasses.replace(small_model(), extras=extras)
    assert spent_before(model, "budget_mm") == spent


def test_a_smaller_budget_in_between_does_not_make_a_larger_one_forgotten(small_model):
    model = small_model()
    for budget, spent in ((5.0, 0.0), (1.0, 5.0), (5.0, 5.0)):
        found = under(model, budget, dtype="float32")
        assert spent_before(model, "budget_mm") == spent
        model = found


@pytest.mark.parametrize("policy", ["islands", "structure"])
def test_the_budget_holds_for_policies_that_look_at_the_whole_mesh(family_dir, policy):
    """Whether a weight is an island is decided by its neighbors, which may spare theirs."""
    hand = read_model(family_dir / "mano" / "MANO_LEFT.pkl")
    around = [set() for _ in range(hand.n_vertices)]
    for face in hand.f.astype(int):
        for vertex in face:
            around[vertex] |= set(face.tolist())
    rng = np.random.default_rng(260)
    weights = hand.weights.astype(np.float64).copy()
    for _ in range(rng.integers(5, 40)):  # slips of a painter's brush
        patch = {int(rng.integers(hand.n_vertices))}
        for _ in range(rng.integers(1, 4)):
            patch |= {near for vertex in patch for near in around[vertex]}
        joint = int(rng.integers(1, 16))
        for vertex in patch:
            weights[vertex, joint] += 10 ** rng.uniform(-4, -0.3)
    hand = hand.with_arrays(weights=weights / weights.sum(axis=1, keepdims=True))
    cleaned = under(hand, 1.0, policy=policy)
    assert np.count_nonzero(cleaned.weights) < np.count_nonzero(hand.weights)
    bound = Bound(hand)
    assert bound.mm(cleaned.weights, bound.rest(cleaned)).max() <= 1.0 + 1e-9
    assert max(largest_move_mm(hand, cleaned, seed=seed) for seed in range(5)) <= 1.0


def test_negative_weights_go_though_the_budget_is_nothing(small_model):
    weights = np.full((10, 4), 0.25)
    weights[3] = [0.5, 0.5 + 9e-7, -9e-7, 0.0]
    cleaned, report = clean(small_model(weights=weights), Options(budget_mm=0.01, tolerance=0.3))
    assert (cleaned.weights >= 0).all()
    assert report.data["budget"]["removals"]["weights"]["made"] == 1


def best_by_trying_all(wanted, sizes, cost, budget):
    """The set of removals that fits and comes first when compared from the largest leak on."""
    order = sorted(np.flatnonzero(wanted), key=lambda index: -sizes[index])
    for takes in itertools.product([True, False], repeat=len(order)):
        removed = np.zeros(len(wanted), dtype=bool)
        removed[[index for index, take in zip(order, takes, strict=True) if take]] = True
        if cost(removed) <= budget:
            return removed
    return np.zeros(len(wanted), dtype=bool)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), budget=st.floats(0.01, 6), n=st.integers(1, 8))
def test_the_choice_is_the_one_that_trying_all_sets_finds(seed, budget, n):
    random = np.random.RandomState(seed)
    moves, wanted = random.random_sample((3, 3, n)), random.random_sample((3, n)) < 0.8

    def cost(removed):
        return np.linalg.norm(np.einsum("vcn,vn->vc", moves, removed), axis=1)

    choice = chosen(wanted, cost, budget)
    for vertex in range(3):
        plain = best_by_trying_all(
            wanted[vertex],
            np.linalg.norm(moves[vertex], axis=0),
            lambda removed, v=vertex: np.linalg.norm(moves[v] @ removed),
            budget,
        )
        assert choice.made[vertex].tolist() == plain.tolist()
        for index in np.flatnonzero(choice.stay[vertex]):
            one_more = choice.made[vertex].copy()
            one_more[index] = True
            expected = np.linalg.norm(moves[vertex] @ one_more)
            assert choice.cost_mm[vertex, index] == pytest.approx(expected)
            assert expected > budget


@pytest.mark.parametrize("budget", [1.0, 5.0])
def test_so_is_the_choice_of_weights_on_the_stand_in(standin, budget):
    bound, used = Bound(standin), standin.weights != 0
    rest = bound.rest(standin)

    def cost(removed):
        kept = np.zeros_like(removed)
        left = without(standin.weights, removed, kept, heir="renormalize", model=standin)
        return bound.mm(left, rest)

    wanted = used & (standin.weights < 1e-2)
    choice = chosen(wanted, cost, budget)
    # Every subset of the at most four entries of each row, all vertices at once.
    ranks = np.argsort(~used, axis=1, kind="stable")[:, :4]
    rows = np.arange(len(used))[:, None]
    costs = {}
    for takes in itertools.product([False, True], repeat=4):
        removed = np.zeros_like(used)
        removed[rows, ranks] = takes
        costs[takes] = np.where((removed & ~wanted).any(axis=1), np.inf, cost(removed & wanted))
    made = choice.made[rows, ranks]
    for vertex in range(0, 6890, 13):
        fitting = [takes for takes, mm in costs.items() if mm[vertex] <= budget]
        alone = [costs[tuple(row == rank for row in range(4))][vertex] for rank in range(4)]
        order = sorted(range(4), key=lambda rank, sizes=alone: -sizes[rank])
        best = max(fitting, key=lambda takes, order=order: [takes[rank] for rank in order])
        assert made[vertex].tolist() == list(best)


def test_larger_budgets_remove_more_of_the_stand_in(standin):
    """In all; one vertex may remove fewer, where a large leak takes the place of small ones."""
    left = [
        np.count_nonzero(under(standin, budget, posedirs="keep").weights)
        for budget in (0.0, 1.0, 10.0, 1e4)
    ]
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == 4


def test_what_is_cast_to_float32_stays_within_the_budget(standin):
    cleaned, report = clean(standin, Options(budget_mm=2.0, dtype="float32"))
    assert cleaned.weights.dtype == np.float32
    assert report.data["budget"]["certified_mm"] <= 2.0
    assert 0 < largest_move_mm(standin, cleaned, seed=9) <= 2.0


def test_a_row_below_the_tolerance_keeps_its_heaviest_weight(small_model):
    """The policy rescues the largest entry; what the budget spares must not take its place."""
    model = small_model(weights=np.tile([0.25, 0.26, 0.24, 0.25], (10, 1)))
    for budget in (0.0, 50.0, 500.0, 1000.0, 1e6):
        cleaned, _ = clean(model, Options(tolerance=0.3, posedirs="keep", budget_mm=budget))
        assert (cleaned.weights.argmax(axis=1) == 1).all()
        assert cleaned.weights.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"budget_mm": -1.0}, "no length of 0 or more"),
        ({"budget_mm": float("nan")}, "budget_mm nan is no finite number"),
        ({"budget_mm": float("inf")}, "budget_mm inf is no finite number"),
        ({"budget_mm": 1.0, "shapedirs": "zero"}, "shape directions zeroed"),
        ({"budget_mm": 1.0, "symmetrize": True}, "a model made symmetric"),
    ],
)
def test_what_cannot_be_kept_is_refused(small_model, options, sentence):
    with pytest.raises(SmplprepError, match=sentence):
        clean(small_model(), Options(**options))


def test_joints_that_move_farther_than_the_budget_are_refused(standin):
    options = Options(regressor="threshold", regressor_tolerance=1e-2, budget_mm=1.0)
    with pytest.raises(SmplprepError, match=r"joints regressed anew .* more than the budget of 1"):
        clean(standin, options)


def test_the_command_prints_what_stays_in_80_columns(standin_dir, tmp_path):
    command = [sys.executable, "-m", "smplprep", "clean", "--budget-mm", "5", "--no-html", "-v"]
    command += ["-o", str(tmp_path / "o.npz"), str(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Budget of 5 mm; within the joint limits, vertices move at most 5.000 mm," in printed
    assert "leaks stay within the budget of 5 mm; removing one more" in printed
    table = printed[: printed.index("note:")] if "note:" in printed else printed
    lines = [line for line in table.splitlines() if str(tmp_path) not in line]
    assert max(len(line) for line in lines) <= 80


def test_leaks_of_points_on_the_face_are_listed(family_dir):
    smplx = read_model(family_dir / "smplx" / "SMPLX_NEUTRAL.npz")
    report = clean(smplx, Options(budget_mm=0.0))[1].data
    leaking = {row["landmark"] for row in report["landmarks"] if row["after"]["leaks"]}
    assert len(leaking) == 72
    assert {leak["landmark"] for leak in report["budget"]["leaks"]} == leaking


def test_a_budget_after_a_clean_without_one_says_from_where_it_counts(standin):
    once, _ = clean(standin)
    note = "the input was cleaned before, without a budget: this one counts from the input on"
    assert note in clean(once, Options(budget_mm=5.0))[1].data["odd"]
    assert note not in clean(standin, Options(budget_mm=5.0))[1].data["odd"]


@pytest.mark.parametrize("stamp", ["[" * 9000, '{"spent": {"budget_mm": 1' + "0" * 400 + "}}", "1"])
def test_a_stamp_that_is_none_counts_as_nothing_spent(small_model, stamp):
    model = dataclasses.replace(small_model(), extras={"smplprep": stamp})
    assert spent_before(model, "budget_mm") == 0.0
