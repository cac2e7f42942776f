"""The audit against the investigation's tables, stock smplx's autograd, and plain twins."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner

from smplprep.audit.audit import audit
from smplprep.audit.export import audit_csv, audit_data
from smplprep.audit.landmark_sets import (
    OPENPOSE25,
    all_landmarks,
    landmark_set,
    landmarks_at,
    openpose_hands,
)
from smplprep.audit.sensitivity import sensitivities
from smplprep.audit.support import landmark_support
from smplprep.audit.text import audit_text, broken
from smplprep.audit.vertices import vertex_leaks
from smplprep.cli.main import smplprep as command
from smplprep.errors import SmplprepError
from smplprep.geometry.kinematic_tree import parents_of
from smplprep.io.write_model import write_model
from smplprep.transforms.localize_posedirs import localize_posedirs
from smplprep.transforms.prune_weights import prune_weights


@pytest.fixture(scope="module")
def cleaned(standin):
    """Without the regressor's step, which moves no support."""
    return localize_posedirs(prune_weights(standin)[0])[0]


@pytest.fixture(scope="module")
def audits(standin, cleaned):
    """Of the 25 OpenPose landmarks, before and after."""
    return [
        audit(model, landmark_set(model, "openpose25"), name=name)
        for name, model in (("raw.npz", standin), ("clean.npz", cleaned))
    ]


def rows_of(which, vocabulary: str = "mixamo") -> dict[str, dict]:
    (model,) = audit_data([which], vocabulary)["models"]
    return {row["landmark"]: row for row in model["landmarks"]}


# --- the findings' tables ---


@pytest.mark.parametrize("when", ["before", "after"])
def test_weights_reproduce_the_published_rows(standin, cleaned, findings, when):
    model = {"before": standin, "after": cleaned}[when]
    rows = rows_of(audit(model, landmark_set(model, "all")))
    published = findings[f"landmark_weight_support_{when}"]
    assert {name: rows[name]["skinned_to"] for name in published} == published
    assert len(published) == {"before": 11, "after": 21}[when]


def test_gradients_before_reproduce_the_published_rows(audits, findings):
    """The investigation had the blend shapes off, so these are the channel of the weights."""
    rows = rows_of(audits[0])
    published = findings["structural_gradient_support_before"]
    assert list(rows) == list(published)
    assert {name: row["weights"] for name, row in rows.items()} == published


def test_gradients_after_reproduce_the_published_rows_in_both_channels(audits, findings):
    names = audits[1].model.family.joint_names(52)
    published = findings["structural_gradient_support_after"]
    for row, (name, joints) in enumerate(published.items()):
        assert audits[1].landmarks[row].name == name
        assert [names[j] for j in np.flatnonzero(audits[1].support.either[row])] == joints


def test_every_vertex_landmark_leaks_before_and_none_after(audits, findings):
    sources = findings["openpose_joint_source"]
    leaking = {name for name, row in rows_of(audits[0]).items() if row["leaks"]}
    assert leaking == {name for name, source in sources.items() if source == "vertex"}
    assert not any(row["leaks"] for row in rows_of(audits[1]).values())


def test_openpose_landmarks_are_the_findings_joints(standin, findings):
    places = {(x.vertex, x.joint): k for k, x in enumerate(all_landmarks(standin))}
    chosen = landmark_set(standin, "openpose25")
    assert [x.name for x in chosen] == list(findings["openpose_joint_source"])
    assert [places[x.vertex, x.joint] for x in chosen] == findings["openpose25_to_smplh_joints"]


def test_openpose_hands_are_those_of_smplify_x(standin):
    """Its ``smpl_to_openpose`` mapping for SMPL-H, hands on."""
    left = [20, 34, 35, 36, 63, 22, 23, 24, 64, 25, 26, 27, 65, 31, 32, 33, 66, 28, 29, 30, 67]
    right = [21, 49, 50, 51, 68, 37, 38, 39, 69, 40, 41, 42, 70, 46, 47, 48, 71, 43, 44, 45, 72]
    places = {(x.vertex, x.joint): k for k, x in enumerate(all_landmarks(standin))}
    chosen = landmark_set(standin, "openpose-hands")
    assert [places[x.vertex, x.joint] for x in chosen] == left + right
    assert len(OPENPOSE25) == 25
    assert len(openpose_hands()) == 42


# --- stock smplx's autograd ---


@pytest.mark.parametrize("when", ["raw", "cleaned"])
@pytest.mark.parametrize("channel", ["weights", "posedirs"])
def test_support_equals_stock_autograd(standin, cleaned, when, channel):
    """All 73 joints x 52 parameters, one channel at a time: the other is taken from the module."""
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    from smplprep.stock.load import autograd_jacobians, stock_from_model

    model = {"raw": standin, "cleaned": cleaned}[when]
    body = stock_from_model(model)
    with torch.no_grad():
        if channel == "weights":
            body.posedirs.zero_()
        else:  # rigid with the root, which is part of no support
            body.lbs_weights.zero_()
            body.lbs_weights[:, 0] = 1.0
    random = np.random.RandomState(11)
    pose, betas = 0.4 * random.standard_normal((52, 3)), random.standard_normal(10)
    moved = (autograd_jacobians(body, pose, betas) != 0).any(axis=(2, 3))
    landmarks = all_landmarks(model)
    expected = getattr(landmark_support(model, landmarks), channel)
    if channel == "posedirs":
        moved[:52] = False  # joints follow the tree, whatever the channel
    assert moved.shape == (73, 52)
    assert np.array_equal(moved[:, 1:], expected[:, 1:])
    assert moved[1 if channel == "weights" else 52 :, 0].all()  # the root moves all but itself


# --- text, JSON, CSV ---


@pytest.mark.parametrize("width", [80, 120])
def test_text_fits_and_reads_like_the_findings(audits, standin, cleaned, width):
    texts = [audit_text([each], which="openpose25", width=width) for each in audits]
    texts += [audit_text(audits, which="openpose25", width=width)]
    for vocabulary in ("mixamo", "smplx"):
        hands = [
            audit(model, landmark_set(model, "openpose-hands")) for model in (standin, cleaned)
        ]
        texts += [audit_text(each, vocabulary, width=width) for each in (hands, hands[:1])]
    assert width - 20 < max(len(line) for text in texts for line in text.splitlines()) <= width
    lines = texts[0].splitlines()
    assert "    332: Nose      --> rightUpLeg* leftLeg* rightLeg* head" in lines
    assert "  Neck      (joint)  --> spine spine1 spine2" in lines
    assert lines[1] == "11 of 25 landmarks leak (openpose25)"
    assert "none of 25 landmarks leaks (openpose25)" in texts[1]


def test_no_word_is_broken():
    name = "a_joint_with_a_name_of_more_than_thirty_columns"
    assert broken(f"hips {name}* left-hand", 20) == ["hips", f"{name}*", "left-hand"]


def test_against_says_what_changed(audits):
    before, after = audits
    data = audit_data([before, after])
    change = next(row for row in data["changes"] if row["landmark"] == "Nose")
    kept = rows_of(after)["Nose"]
    assert change["new"] == []
    assert len(change["gone"]) + len({*kept["weights"], *kept["posedirs"]}) == 51
    assert "leftUpLeg" in change["gone"]
    text = audit_text([before, after], width=100)
    assert "  gone      46 joints, the strongest of them leftLeg " in text
    assert "  posedirs  all 51 joints, 46 of them leaks*           | spine2 neck head" in text


def test_csv_has_every_landmark_and_joint(audits):
    rows = list(csv.DictReader(io.StringIO(audit_csv(audits))))
    assert len(rows) == 2 * 25 * 52
    (row,) = (
        row
        for row in rows
        if (row["model"], row["landmark"], row["joint"]) == ("raw.npz", "Nose", "leftLeg")
    )
    assert (row["weights"], row["posedirs"], row["expected"], row["leak"]) == ("1", "1", "0", "1")
    assert float(row["weight"]) == pytest.approx(audits[0].model.weights[332, 4], rel=1e-5)
    assert float(row["median_mm_per_rad"]) == pytest.approx(audits[0].median_mm[0, 4], rel=1e-5)


def test_joint_names_of_smplx(audits):
    assert rows_of(audits[1], "smplx")["LWrist"]["weights"] == [
        "spine1", "spine2", "spine3", "left_collar", "left_shoulder", "left_elbow",
    ]  # fmt: skip


# --- landmarks of the user's own ---


def test_landmarks_from_a_file(standin, tmp_path):
    path = tmp_path / "own.json"
    path.write_text('{"chin": 0, "navel": 3500}')
    chosen = landmark_set(standin, str(path))
    assert [(x.name, x.vertex, x.joint) for x in chosen] == [
        ("chin", 0, None),
        ("navel", 3500, None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "this is not a JSON object {name: vertex}"),
        ("{}", "this is not a JSON object {name: vertex}"),
        ('{"chin": 6890}', "chin: 6890 is not a vertex index below 6890"),
        ('{"chin": -1}', "chin: -1 is not a vertex index below 6890"),
        ('{"chin": true}', "chin: true is not a vertex index below 6890"),
        ('{"chin": 1.0}', "chin: 1.0 is not a vertex index below 6890"),
        ("<html>", "not readable JSON"),
        ("[" * 100_000, "not readable JSON"),
    ],
)
def test_a_bad_landmark_file_is_refused(standin, tmp_path, text, message):
    path = tmp_path / "own.json"
    path.write_text(text)
    with pytest.raises(SmplprepError, match=r"own\.json") as caught:
        landmark_set(standin, str(path))
    assert message in str(caught.value)


def test_unknown_sets_and_families_are_refused(standin, small_model):
    with pytest.raises(SmplprepError, match="coco is neither a file nor one of openpose25"):
        landmark_set(standin, "coco")
    with pytest.raises(SmplprepError, match="are not known for a model of 10 vertices"):
        landmark_set(small_model(), "openpose25")


def test_vertices_by_number(standin):
    assert [x.name for x in landmarks_at("332, 7", standin)] == ["nose", "v7"]
    for bad in ("6890", "-1", "1_0", "", "nose"):
        with pytest.raises(SmplprepError, match="is not a vertex index below 6890"):
            landmarks_at(bad, standin)


# --- every vertex ---


def test_vertex_leaks_equal_a_plain_twin(small_model):
    model = small_model()
    correctives = model.correctives.copy()
    correctives[::2] = 0
    model = model.with_arrays(posedirs=correctives.reshape(10, 3, 27))
    parents = parents_of(model.kintree_table).tolist()
    expected: dict[int, set[int]] = {1: set(), 2: set(), 3: set()}
    for vertex in range(10):
        chains = set()
        for joint in np.flatnonzero(model.weights[vertex]).tolist():
            while joint >= 0:
                chains.add(joint)
                joint = parents[joint]
        moved = chains | {j + 1 for j in range(3) if correctives[vertex, :, j].any()}
        heaviest = int(model.weights[vertex].argmax())
        allowed = {k for k in range(4) if k <= heaviest + 1}  # the tree is one chain
        for joint in moved - allowed - {0}:
            expected[joint].add(vertex)
    landmarks = landmarks_at(",".join(map(str, range(10))), model)
    sizes = sensitivities(model, landmarks, np.zeros((1, 4, 3)), np.zeros((1, 2)))[0]
    found = {leak.joint: leak for leak in vertex_leaks(model, n_worst=2)}
    assert set(found) == {1, 2, 3}
    for joint, vertices in expected.items():
        assert found[joint].vertices == len(vertices)
        order = sorted(vertices, key=lambda vertex: -sizes[vertex, joint])
        assert [vertex for vertex, _ in found[joint].worst] == order[:2]


def test_vertex_leaks_of_the_standin(standin, cleaned):
    before = {leak.joint: leak for leak in vertex_leaks(standin)}
    after = {leak.joint: leak for leak in vertex_leaks(cleaned)}
    assert len(before) == 51
    assert all(after[joint].vertices < before[joint].vertices for joint in before)
    totals = [sum(leak.vertices for leak in leaks.values()) for leaks in (before, after)]
    assert totals[1] < totals[0] / 10


# --- the command ---


def run(*arguments: object):
    return CliRunner().invoke(command, ["audit", *map(str, arguments)])


def test_the_command_prints_every_form(standin_dir, tmp_path):
    raw = standin_dir / "SMPLH_NEUTRAL.npz"
    text = run(raw, "--vertices", "332,6260", "--joint-names", "smplx")
    assert text.exit_code == 0
    assert "    332: nose --> right_hip* left_knee* right_knee* head" in text.output
    data = json.loads(run(raw, "--json", "--landmarks", "all").output)
    assert len(data["models"][0]["landmarks"]) == 73
    against = run(raw, "--against", standin_dir / "SMPLH_NEUTRAL.pkl")
    assert "gone      nothing" in against.output
    everything = json.loads(run(raw, "--vertices", "all", "--json").output)
    assert len(everything["models"][0]["joints"]) == 51
    lines = run(raw, "--vertices", "all").output.splitlines()
    assert max(map(len, lines)) <= 80
    assert run(raw, "--vertices", "all", "--csv").output.startswith("model,joint,weights,")


def test_json_and_csv_exclude_each_other(standin_dir):
    both = run(standin_dir / "SMPLH_NEUTRAL.npz", "--json", "--csv")
    assert both.exit_code == 2


def test_against_takes_models_of_one_tree_alone(small_model, tmp_path):
    own, other = tmp_path / "own.npz", tmp_path / "other.npz"
    write_model(small_model(), own)
    tree = small_model().kintree_table.copy()
    tree[0, 3] = 0
    write_model(small_model(kintree_table=tree), other)
    done = run(own, "--against", other, "--vertices", "0")
    assert str(done.exception) == (
        f"{own}: it does not match {other}: the kinematic trees differ (key kintree_table)"
    )
