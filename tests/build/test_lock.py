"""The lock: the same for everyone, no model data in it, and no byte beside it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from small_project import GENDERS, MANIFEST, Run, flip, results, tree

from smplprep.build.lock import Entry, read_lock, write_lock
from smplprep.build.manifest import Job
from smplprep.errors import ManifestError

MODELS = [f"raw/SMPLH_{gender}.npz" for gender in GENDERS]
HINT = "  If that is meant, run smplprep build without --locked and commit the lock.\n"
ARTIFACT = "cleaned/SMPLH_MALE_clean.npz"


@pytest.fixture
def locked(project: Path, build: Run) -> dict[str, bytes]:
    """Built once; the tree as it then is."""
    build()
    return tree(project)


def test_it_holds_hashes_and_versions_and_nothing_of_the_machine(locked, project: Path) -> None:
    text = locked["smplprep.lock"].decode()
    models = json.loads(text)["models"]
    assert [entry["recipe"]["path"] for entry in models] == MODELS
    for entry in models:
        for path, digest in {**entry["inputs"], **entry["outputs"]}.items():
            assert digest == hashlib.sha256(locked[path]).hexdigest()
        assert entry["recipe"]["options"]["tolerance"] == 0.02
        assert set(entry["versions"]) == {"smplprep", "numpy", "scipy", "highspy", "zlib"}
    assert str(project) not in text
    assert not re.search(r'"/|20\d\d-', text)
    assert len(text) < 6000  # 2 kB a model: no room for a model's data


def test_another_machine_builds_the_same_bytes_from_it(locked, project: Path, build: Run) -> None:
    shutil.rmtree(project / "cleaned")
    assert build("--locked", "-j", "1").stdout.endswith("3 models: 3 built\n")
    assert tree(project) == locked
    assert build("--locked").stdout.endswith("3 models: 3 current\n")


def test_without_a_lock_there_is_nothing_to_hold_to(project: Path, build: Run) -> None:
    assert (
        build("--locked", status=3).stderr
        == f"smplprep: smplprep.lock: there is no lock, and --locked needs one\n{HINT}"
    )
    assert not (project / "cleaned").exists()


def test_a_flipped_byte_in_an_input(locked, project: Path, build: Run) -> None:
    flip(project / MODELS[1])
    done = build("--locked", status=1)
    assert results(done.stdout)[MODELS[1]] == "failed input changed"
    assert done.stderr == f"smplprep: {MODELS[1]}: differs from the lock: input changed\n{HINT}"
    build("--check", status=1)
    flip(project / MODELS[1])
    assert tree(project) == locked  # nothing was written


def test_a_flipped_byte_in_an_output(locked, project: Path, build: Run) -> None:
    flip(project / ARTIFACT)
    assert results(build("--check", status=1).stdout)[MODELS[1]] == "stale output changed"
    flipped = tree(project)
    assert f"{ARTIFACT}: a file exists there that is not" in build("--locked", status=4).stderr
    assert tree(project) == flipped
    (project / ARTIFACT).unlink()
    assert results(build("--locked").stdout)[MODELS[1]] == "built output missing"
    assert tree(project) == locked


def test_a_changed_option(locked, project: Path, build: Run) -> None:
    (project / "smplprep.toml").write_text(MANIFEST.replace("0.02", "0.03"))
    done = build("--locked", status=1)
    assert "raw/SMPLH_MALE.npz: differs from the lock: tol changed" in done.stderr
    assert results(build("--check", status=1).stdout)[MODELS[1]] == "stale tol changed"
    assert tree(project)[ARTIFACT] == locked[ARTIFACT]


def test_a_build_that_would_differ_is_withheld(locked, project: Path, build: Run) -> None:
    """As where another HiGHS chose other vertices: the lock's hash is not to be had."""
    lock, output = project / "smplprep.lock", project / ARTIFACT
    digest = hashlib.sha256(locked[ARTIFACT]).hexdigest()
    text = lock.read_text().replace(digest, "0" * 64)
    lock.write_text(text.replace('"highspy": "', '"highspy": "0.'))
    done = build("--locked", status=1)
    first, second = done.stderr.splitlines()
    assert first == f"smplprep: {ARTIFACT}: would differ from the lock, so it was not written"
    assert "highspy" in second and "numpy" not in second
    assert output.read_bytes() == locked[ARTIFACT]
    output.unlink()
    build("--locked", status=1)
    assert not output.exists()
    assert lock.read_text() != locked["smplprep.lock"].decode()


def test_a_model_that_only_the_lock_has(locked, project: Path, build: Run) -> None:
    (project / MODELS[0]).unlink()
    for option in ("--locked", "--check"):
        done = build(option, status=1)
        assert (
            "smplprep.lock: lists raw/SMPLH_FEMALE.npz, which smplprep.toml does not" in done.stderr
        )
    build()
    assert "FEMALE" not in (project / "smplprep.lock").read_text()
    build("--locked")


@pytest.mark.parametrize(
    "damage",
    [
        lambda model: model["recipe"].pop("options"),
        lambda model: model.update(outputs=5),
        lambda model: model.update(outputs=["a"]),
        lambda model: model.update(outputs={"a\0": "b"}),
        lambda model: model["inputs"].update(a=5),
        lambda model: model.update(more={}),
        lambda model: model.pop("versions"),
        lambda model: model["versions"].pop("smplprep"),
        lambda model: model["versions"].update(smplprep=5),
        lambda model: model["versions"].update(numpy=5),
        lambda model: model["versions"].update(numpy=["2.0"]),
        lambda model: model["versions"].update(numpy="2\nsmplprep: all is well"),
        lambda model: model["recipe"].update(path=["x"]),
        lambda model: model["recipe"].update(options=[]),
        lambda model: model["recipe"].update(output={}),
        lambda model: model["outputs"].update(a="not a hash"),
        lambda model: model.update(recipe=5),
    ],
)
def test_a_lock_with_a_damaged_entry_is_no_lock(tmp_path: Path, damage) -> None:
    lock = tmp_path / "smplprep.lock"
    versions = {"smplprep": "0.1.0", "numpy": "2.0"}
    entry = Entry(
        Job("a.npz", output="out").recipe(), {"a.npz": "0" * 64}, {"b": "1" * 64}, versions
    )
    write_lock(lock, [entry])
    assert read_lock(lock) == {entry.key: entry}
    data = json.loads(lock.read_text())
    damage(data["models"][0])
    lock.write_text(json.dumps(data))
    with pytest.raises(ManifestError, match=r"smplprep\.lock: is not a valid lock"):
        read_lock(lock)


@pytest.mark.parametrize("text", ["", "[]", '{"lock_version": 9}', '{"lock_version": 1}', "\xff"])
def test_a_damaged_lock_is_named(project: Path, build: Run, text: str) -> None:
    (project / "smplprep.lock").write_text(text, "latin-1")
    assert build(status=3).stderr.startswith("smplprep: smplprep.lock: ")
