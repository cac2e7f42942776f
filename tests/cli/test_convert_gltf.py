"""``smplprep convert MODEL -o model.glb``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import run
from glb import read_glb

pytestmark = pytest.mark.slow


def test_without_pygltflib_the_command_that_installs_it_is_named(small_file, tmp_path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "pygltflib.py").write_text("raise ImportError\n")
    path = f"{tmp_path / 'hidden'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = run(
        "convert", small_file, "-o", tmp_path / "m.glb", env=os.environ | {"PYTHONPATH": path}
    )
    assert done.returncode == 4
    assert "a .glb needs pygltflib" in done.stderr
    assert "-m pip install 'smplprep[gltf]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["hidden"]


@pytest.mark.parametrize(
    ("more", "status", "fragment"),
    [
        ("--compress -o m.glb", 2, "--compress and --no-compress are for"),
        ("--betas 3 -o m.npz", 2, "an output that ends in .glb"),
        ("--joint-names smplx -o m.npz", 2, "an output that ends in .glb"),
        ("--betas -1 -o m.glb", 2, "--betas"),
        ("--betas 9999 -o m.glb", 4, "shape directions, not 9999 (key shapedirs)"),
        ("-o m.gltf", 4, "smplprep convert writes .glb"),
    ],
)
def test_options_and_endings_that_do_not_fit_are_refused(
    more: str, status: int, fragment: str, small_file: Path, tmp_path: Path
) -> None:
    done = run("convert", small_file, *more.split(), cwd=tmp_path)
    assert done.returncode == status
    assert fragment in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_mesh_is_written_the_same_each_time_and_never_over_a_file(
    small_file: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pygltflib", reason="pygltflib (extra 'gltf') is not installed")
    targets = [tmp_path / "a.glb", tmp_path / "b.GLB"]
    for seed, target in enumerate(targets):
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        done = run("convert", small_file, "-o", target, "--betas", 3, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"mesh: {target}\n" in done.stdout
        assert "morph targets do not move joints" in done.stdout
        assert "pose correctives" not in done.stdout  # the file's are all zero
    assert targets[0].read_bytes() == targets[1].read_bytes()
    document, _ = read_glb(targets[0])
    assert len(document["meshes"][0]["primitives"][0]["targets"]) == 3
    assert document["nodes"][1]["name"] == "leftUpLeg"

    targets[0].write_text("mine")
    assert run("convert", small_file, "-o", targets[0]).returncode == 4
    assert targets[0].read_text() == "mine"
    done = run("convert", small_file, "-o", targets[0], "--force", "--joint-names", "smplx")
    assert done.returncode == 0
    document, _ = read_glb(targets[0])
    assert len(document["meshes"][0]["primitives"][0]["targets"]) == 10
    assert document["nodes"][1]["name"] == "left_hip"


def test_a_limit_on_influences_decides_the_number_of_sets(family_dir, tmp_path) -> None:
    pytest.importorskip("pygltflib", reason="pygltflib (extra 'gltf') is not installed")
    source, limited = family_dir / "smplx" / "SMPLX_NEUTRAL.npz", tmp_path / "limited.npz"
    options = ("--max-influences", 4, "--no-html", "-q", "-o", limited)
    assert run("clean", source, *options).returncode == 0
    sets = {}
    for path in (source, limited):
        done = run("convert", path, "-o", tmp_path / "m.glb", "--force")
        assert ("more than four influences" in done.stdout) == (path == source)
        document, _ = read_glb(tmp_path / "m.glb")
        sets[path] = [
            name
            for name in document["meshes"][0]["primitives"][0]["attributes"]
            if name.startswith("JOINTS")
        ]
    assert sets == {source: ["JOINTS_0", "JOINTS_1"], limited: ["JOINTS_0"]}
