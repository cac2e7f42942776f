"""``write_gltf``: what is in a .glb, by a reader of our own, trimesh and the Khronos validator."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from glb import NPM, read_glb, skinning_weights

from smplprep import Model, ModelWriteError, read_model
from smplprep.records.contents import ObjectArray

pytest.importorskip("pygltflib", reason="pygltflib (extra 'gltf') is not installed")

from smplprep.io.gltf.texts import gltf_losses
from smplprep.io.gltf.write import write_gltf

pytestmark = pytest.mark.slow

RIGS = Path(__file__).resolve().parents[2] / "assets" / "rigs"
FAMILIES = {
    "smplh": "SMPLH_NEUTRAL.npz",
    "smpl": "SMPL_NEUTRAL.pkl",
    "smplx": "SMPLX_NEUTRAL.npz",
    "mano": "MANO_LEFT.pkl",
    "flame": "FLAME_NEUTRAL.pkl",
}
VALIDATE = """
    const validator = require(process.argv[1]), fs = require("fs");
    validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])), {maxIssues: 20})
        .then((report) => console.log(JSON.stringify(report)));
"""


def family_model(family: str, standin_dir: Path, family_dir: Path) -> Model:
    folder = standin_dir if family == "smplh" else family_dir / family
    return read_model(folder / FAMILIES[family])


def wide_model(n_vertices: int, n_joints: int, n_influences: int) -> Model:
    """A rig of one's own: a strip of triangles, and joints in a chain whose root comes last."""
    random = np.random.default_rng(3)
    weights = np.zeros((n_vertices, n_joints))
    first = random.integers(0, n_joints - n_influences, n_vertices)
    columns = first[:, None] + np.arange(n_influences)
    shares = random.uniform(0.1, 1, columns.shape)
    np.put_along_axis(weights, columns, shares / shares.sum(axis=1, keepdims=True), axis=1)
    regressor = np.zeros((n_joints, n_vertices))
    regressor[np.arange(n_joints), random.integers(0, n_vertices, n_joints)] = 1
    corners = np.arange(n_vertices - 3)[:, None] + [0, 1, 2]
    return Model(
        v_template=random.standard_normal((n_vertices, 3)).astype(np.float32),
        f=corners.astype(np.uint32),  # the last vertex is in no face
        weights=weights,
        J_regressor=regressor,
        kintree_table=np.array([[*range(1, n_joints), -1], range(n_joints)]),
        shapedirs=np.zeros((n_vertices, 3, 1)),
        posedirs=np.zeros((n_vertices, 3, 9 * (n_joints - 1))),
    )


def rig_model(name: str) -> Model:
    """One of the rigs that other people made, as a model without pose correctives."""
    with np.load(RIGS / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file if key in Model.__dataclass_fields__}
        n_joints = len(file["joint_names"])
        extras = {"joint_names": file["joint_names"]}
    posedirs = np.zeros((len(arrays["v_template"]), 3, 9 * (n_joints - 1)), np.float32)
    return Model(**arrays, posedirs=posedirs, extras=extras)


def validated(path: Path) -> dict:
    """The Khronos validator's report."""
    if not shutil.which("node") or not (NPM / "gltf-validator").exists():
        pytest.skip("no node or no gltf-validator (python3 scripts/install_browser.py)")
    command = ["node", "-e", VALIDATE, NPM / "gltf-validator", path]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def messages(path: Path) -> list[dict]:
    return validated(path)["issues"]["messages"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_khronos_validator_finds_nothing(family, standin_dir, family_dir, tmp_path) -> None:
    model = family_model(family, standin_dir, family_dir)
    write_gltf(model, tmp_path / "m.glb")
    report = validated(tmp_path / "m.glb")
    assert report["issues"]["messages"] == []
    assert report["info"]["totalVertexCount"] == model.n_vertices
    assert report["info"]["totalTriangleCount"] == len(model.f)
    assert report["info"]["hasSkins"] and report["info"]["hasMorphTargets"]


@pytest.mark.parametrize(
    ("n_vertices", "n_joints", "n_influences"),
    [(65535, 5, 1), (65536, 5, 2), (400, 256, 9), (400, 257, 4), (12, 3, 2)],
)
def test_rigs_of_any_size_are_valid(n_vertices, n_joints, n_influences, tmp_path) -> None:
    model = wide_model(n_vertices, n_joints, n_influences)
    write_gltf(model, tmp_path / "m.glb")
    document, arrays = read_glb(tmp_path / "m.glb")
    primitive = document["meshes"][0]["primitives"][0]
    assert np.array_equal(arrays[primitive["indices"]].reshape(-1, 3), model.f)
    back = skinning_weights(document, arrays, n_joints)
    assert np.abs(back - model.weights).max() < 1e-7
    assert document["scenes"][0]["nodes"] == [n_joints - 1, n_joints]
    assert messages(tmp_path / "m.glb") == []


@pytest.mark.parametrize("name", ["dog", "hand", "makehuman", "rocketbox"])
def test_rigs_of_other_people_are_valid_and_keep_their_names(name, tmp_path) -> None:
    model = rig_model(name)
    write_gltf(model, tmp_path / "m.glb")
    document, arrays = read_glb(tmp_path / "m.glb")
    back = skinning_weights(document, arrays, model.n_joints)
    assert np.abs(back - model.weights).max() < 1e-6
    names = [document["nodes"][joint]["name"] for joint in document["skins"][0]["joints"]]
    assert names == model.extras["joint_names"].tolist()
    assert messages(tmp_path / "m.glb") == []


def test_names_that_do_not_fit_the_joints_are_not_used(small_model, tmp_path) -> None:
    for names in (["a", "b", "c"], ["a", "b", "c", "a"], ["a", "b", "c", " "], 4):
        model = dataclasses.replace(small_model(), extras={"joint_names": names})
        write_gltf(model, tmp_path / "m.glb", force=True)
        document, _ = read_glb(tmp_path / "m.glb")
        assert [node["name"] for node in document["nodes"][:4]] == ["j0", "j1", "j2", "j3"]


def test_the_validator_objects_to_a_damaged_file(small_model, tmp_path) -> None:
    """So that its silence means something."""
    write_gltf(small_model(), tmp_path / "m.glb")
    damaged = (tmp_path / "m.glb").read_bytes().replace(b'"VEC4"', b'"VEC3"', 1)
    (tmp_path / "m.glb").write_bytes(damaged)
    assert messages(tmp_path / "m.glb") != []


@pytest.mark.parametrize("family", FAMILIES)
def test_mesh_skeleton_and_shapes_are_the_models(family, standin_dir, family_dir, tmp_path) -> None:
    model = family_model(family, standin_dir, family_dir)
    write_gltf(model, tmp_path / "m.glb", n_betas=4, vocabulary="smplx")
    document, arrays = read_glb(tmp_path / "m.glb")
    mesh, skin = document["meshes"][0], document["skins"][0]
    primitive = mesh["primitives"][0]
    template = model.v_template.astype(np.float32)
    assert np.array_equal(arrays[primitive["attributes"]["POSITION"]], template)
    assert np.array_equal(arrays[primitive["indices"]].reshape(-1, 3), model.f)
    shapes = [arrays[target["POSITION"]] for target in primitive["targets"]]
    assert np.array_equal(np.stack(shapes, 2), model.shapedirs[:, :, :4].astype(np.float32))
    assert mesh["extras"]["targetNames"] == ["beta0", "beta1", "beta2", "beta3"]
    assert mesh["weights"] == [0, 0, 0, 0]
    back = skinning_weights(document, arrays, model.n_joints)
    assert np.abs(back - model.weights).max() < 1e-7

    nodes = document["nodes"]
    names = [nodes[joint]["name"] for joint in skin["joints"]]
    assert names == model.family.joint_names(model.n_joints, "smplx")
    assert len({node["name"] for node in nodes}) == len(nodes) == model.n_joints + 1
    joints = model.J_regressor @ model.v_template
    parents = {child: i for i, node in enumerate(nodes) for child in node.get("children", [])}
    assert parents == {j: int(p) for j, p in enumerate(model.kintree_table[0]) if j}
    for joint in skin["joints"]:
        walker, place = joint, np.zeros(3)
        while walker is not None:
            place, walker = place + nodes[walker]["translation"], parents.get(walker)
        assert np.abs(place - joints[joint]).max() < 1e-7
        assert not {"rotation", "scale", "matrix"} & set(nodes[joint])
    binds = arrays[skin["inverseBindMatrices"]].reshape(-1, 4, 4)
    assert np.abs(binds[:, 3, :3] + joints).max() < 1e-7
    assert np.array_equal(binds[:, :3, :3], np.tile(np.eye(3), (model.n_joints, 1, 1)))


def test_trimesh_loads_the_mesh(standin, tmp_path) -> None:
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    write_gltf(standin, tmp_path / "m.glb")
    (mesh,) = trimesh.load(tmp_path / "m.glb", process=False).geometry.values()
    assert np.array_equal(mesh.vertices, standin.v_template.astype(np.float32))
    assert np.array_equal(mesh.faces, standin.f)
    assert mesh.volume > 0  # the faces look outward


def test_rows_are_rescaled_and_negative_dust_goes(small_model, tmp_path) -> None:
    weights = small_model().weights.copy()
    weights[4] *= 1.008
    weights[5, 3] = -1e-7
    model = small_model(weights=weights)
    write_gltf(model, tmp_path / "m.glb")
    back = skinning_weights(*read_glb(tmp_path / "m.glb"), 4)
    assert np.abs(back.sum(axis=1) - 1).max() < 1e-7
    assert (back >= 0).all()
    assert messages(tmp_path / "m.glb") == []
    assert any("1 skinning rows did not sum to 1" in sentence for sentence in gltf_losses(model))


def test_losses_are_those_of_the_model(standin, small_model) -> None:
    said = " ".join(gltf_losses(standin))
    assert "glTF cannot hold pose correctives" in said
    assert "morph targets do not move joints" in said
    weights = np.full((10, 4), 0.25)
    still = small_model(posedirs=np.zeros((10, 3, 27)), weights=weights)
    assert gltf_losses(still, n_betas=0) == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("license", np.array("CC0 1.0"), "CC0 1.0"),
        ("licence", b"\xa9 Jane Doe", "\xa9 Jane Doe"),
        ("Copyright", ObjectArray((2,), ["one", "two \ud800"]), "one\ntwo ?"),
        ("license", np.array(3.0), None),
        ("licence", "  ", None),
        ("author", "Jane Doe", None),
    ],
)
def test_the_license_note_is_kept(key, value, expected, small_model, tmp_path) -> None:
    model = dataclasses.replace(small_model(), extras={key: value})
    write_gltf(model, tmp_path / "m.glb")
    assert read_glb(tmp_path / "m.glb")[0]["asset"].get("copyright") == expected
    assert messages(tmp_path / "m.glb") == []


def test_what_cannot_be_written_is_refused(small_model, tmp_path) -> None:
    target = tmp_path / "m.glb"
    for model, n_betas, key in (
        (small_model(), 3, "shapedirs"),
        (small_model(f=np.zeros((0, 3), np.uint32)), None, "f"),
    ):
        with pytest.raises(ModelWriteError) as caught:
            write_gltf(model, target, n_betas=n_betas)
        assert caught.value.key == key
        assert list(tmp_path.iterdir()) == []
    assert write_gltf(small_model(), target, n_betas=0).n_bytes == target.stat().st_size
    with pytest.raises(ModelWriteError, match="exists already"):
        write_gltf(small_model(), target)


def test_a_file_that_would_be_too_large_is_refused(small_model, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("smplprep.io.gltf.write.MAX_BYTES", (1 << 24) + 500)
    with pytest.raises(ModelWriteError, match="larger than 4 GiB"):
        write_gltf(small_model(), tmp_path / "m.glb")
    assert list(tmp_path.iterdir()) == []
