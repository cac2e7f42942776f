"""A build writes in its own folder, and over its own outputs alone, whatever manifest and lock say.

``home`` stands for everything that a user has beside a project that came from somebody else.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from small_files import arrays, as_npz
from small_project import MANIFEST, Run, tree, write_small

from smplprep import __version__
from smplprep.build.lock import Entry, write_lock
from smplprep.build.manifest import Job, read_manifest
from smplprep.build.outputs import is_ours
from smplprep.build.run import build as build_jobs
from smplprep.errors import ManifestError

OUTPUT = "cleaned/SMPLH_MALE_clean.npz"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files that no build may touch; asserted at the end."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "thesis.pkl").write_text("three years of work")
    (folder / ".thesis.pkl.0123456789abcdef.tmp").write_text("another program's")
    before = tree(folder)
    yield folder
    assert tree(folder) == before


def claim(project: Path, place: str, content: bytes, **recipe: object) -> None:
    """Have the lock say that a build put ``content`` at ``place``."""
    lock = project / "smplprep.lock"
    data = json.loads(lock.read_text())
    for entry in data["models"]:
        if entry["recipe"]["path"] == "raw/SMPLH_MALE.npz":
            entry["outputs"] = {place: hashlib.sha256(content).hexdigest()}
            entry["recipe"] |= recipe
    lock.write_text(json.dumps(data))


def test_what_is_not_the_output_in_the_lock_is_kept(project: Path, build: Run) -> None:
    """A lock that claims a file makes no output of it."""
    build()
    output = project / OUTPUT
    good = output.read_bytes()
    raw = (project / "raw/SMPLH_FEMALE.npz").read_bytes()
    own = '[[model]]\npath = "raw/SMPLH_MALE.npz"\noutput = "cleaned"\ntol = 0.03\n'
    (project / "smplprep.toml").write_text(own)
    for mine, claimed in ((raw, True), (b"mine", True), (b"mine", False), (good + b"\0", False)):
        output.write_bytes(mine)
        if claimed:
            claim(project, OUTPUT, mine)
        done = build(status=4)
        assert f"{OUTPUT}: a file exists there that is not the output in the lock" in done.stderr
        assert "move it away" in done.stderr
        assert output.read_bytes() == mine


def test_a_stamp_that_is_not_ours_makes_no_output(tmp_path: Path) -> None:
    """The stamp that a clean would keep is the one that a build may replace."""
    stamp = {"version": __version__, "options": {}, "input_sha256": None}
    path = tmp_path / "model.npz"
    for value, ours in (
        (stamp, True),
        (stamp | {"spent": 1}, False),
        (stamp | {"version": "99.0.0"}, False),
        ([stamp], False),
    ):
        text = np.array(json.dumps(value, sort_keys=True))
        path.write_bytes(as_npz(arrays() | {"smplprep": text}))
        assert is_ours(str(path)) is ours
    path.write_bytes(as_npz(arrays()))
    assert not is_ours(str(path))


def test_a_report_or_page_of_the_user_is_kept(project: Path, build: Run) -> None:
    build()
    for name in ("SMPLH_MALE_clean.report.json", "SMPLH_MALE_clean.report.html"):
        mine = project / "cleaned" / name
        mine.write_text('{"title": "mine"}')
        html = "html = true\n" if name.endswith("html") else "hops = 1\n"
        (project / "smplprep.toml").write_text(html + MANIFEST)
        assert f"cleaned/{name}: a file exists there" in build(status=4).stderr
        assert mine.read_text() == '{"title": "mine"}'
        mine.unlink()
    (project / "cleaned/SMPLH_MALE_clean.report.html").write_text("mine")
    (project / "smplprep.toml").write_text(MANIFEST.replace("0.02", "0.04"))
    build()
    assert (project / "cleaned/SMPLH_MALE_clean.report.html").read_text() == "mine"


def test_a_page_goes_with_the_model_that_it_tells_of(project: Path, build: Run) -> None:
    (project / "smplprep.toml").write_text("html = true\n" + MANIFEST)
    build()
    assert len(list((project / "cleaned").glob("*.html"))) == 3
    (project / "smplprep.toml").write_text(MANIFEST)
    build()
    assert list((project / "cleaned").glob("*.html")) == []


def test_outputs_that_no_lock_knows_are_taken_over_where_their_bytes_are_the_same(
    project: Path, build: Run
) -> None:
    build()
    before = tree(project / "cleaned")
    (project / "smplprep.lock").unlink()
    build()
    assert tree(project / "cleaned") == before
    (project / "smplprep.lock").unlink()
    (project / "smplprep.toml").write_text(MANIFEST.replace("0.02", "0.03"))
    assert OUTPUT in build(status=4).stderr
    assert tree(project / "cleaned") == before


@pytest.mark.parametrize(
    ("output", "link"),
    [
        ("../home/thesis.pkl", None),
        ("../home", None),
        ("cleaned", "cleaned"),
        ("cleaned/deep/thesis.pkl", "cleaned"),
        ("out.npz", "out.npz"),
        ("new.npz", "new.npz"),
    ],
)
def test_no_output_outside_the_folder(
    project: Path, home: Path, output: str, link: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    output = output.replace("../home", os.path.relpath(home, project))
    if link:
        new = {"cleaned": home, "out.npz": home / "thesis.pkl"}.get(link, home / "new.npz")
        (project / link).symlink_to(new)
    text = f'output = "{output}"\n[[model]]\npath = "raw/SMPLH_MALE.npz"\n'
    Path("smplprep.toml").write_text(text)
    with pytest.raises(ManifestError, match="outside the manifest's folder") as caught:
        read_manifest("smplprep.toml")
    assert caught.value.hint is not None
    assert "allow-outside = true" in caught.value.hint
    Path("smplprep.toml").write_text("allow-outside = true\n" + text)
    assert read_manifest("smplprep.toml")[0].allow_outside


def test_a_link_among_the_outputs_is_not_followed_outside(
    project: Path, build: Run, home: Path
) -> None:
    """Beside the folder itself, the file in it: known only once the model is read."""
    (project / "cleaned").mkdir()
    (project / "cleaned/SMPLH_MALE_clean.npz").symlink_to(home / "thesis.pkl")
    (project / "cleaned/SMPLH_NEUTRAL_clean.report.json").symlink_to(home / "new.json")
    done = build(status=3)
    assert done.stderr.count("it would be written outside the manifest's folder") == 2
    assert (project / "cleaned/SMPLH_FEMALE_clean.npz").is_file()


def test_an_input_outside_is_not_written_beside(project: Path, build: Run, home: Path) -> None:
    folder = project.parent / f"{project.name}_raw"
    write_small(folder / "SMPLH_MALE.npz", 1)
    text = f'[[model]]\npath = "../{folder.name}/SMPLH_MALE.npz"\n'
    (project / "smplprep.toml").write_text(text)
    assert "smplprep.toml:2: " in build(status=3).stderr
    assert sorted(path.name for path in folder.iterdir()) == ["SMPLH_MALE.npz"]
    (project / "smplprep.toml").write_text("allow-outside = true\n" + text)
    build()
    assert (folder / "SMPLH_MALE_clean.npz").is_file()
    (folder / "SMPLH_MALE_clean.npz").write_text("mine")
    assert "a file exists there that is not" in build(status=4).stderr  # outside or not
    assert (folder / "SMPLH_MALE_clean.npz").read_text() == "mine"


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])
def test_a_link_or_pipe_in_place_of_the_lock_is_refused(
    project: Path, home: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    path = project / "smplprep.lock"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(home / ("thesis.pkl" if kind == "link" else "new"))
    manifest, lock = Path("smplprep.toml"), Path("smplprep.lock")
    with pytest.raises(ManifestError) as caught:
        build_jobs([], manifest, lock, n_processes=1, locked=False)
    assert caught.value.path == "smplprep.lock"


def test_litter_outside_is_not_removed(
    project: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    job = Job("raw/SMPLH_MALE.npz", output="cleaned")
    place = os.path.relpath(home / "thesis.pkl", project)
    digests = {
        path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (job.path, place)
    }
    entry = Entry(
        job.recipe(),
        {job.path: digests[job.path]},
        {place: digests[place]},
        {"smplprep": __version__},
    )
    write_lock(Path("smplprep.lock"), [entry])
    manifest, lock = Path("smplprep.toml"), Path("smplprep.lock")
    done = build_jobs([job], manifest, lock, n_processes=1, locked=False)
    assert not done.results[0].built  # current, by the lock


def test_links_to_inputs_are_followed(project: Path, build: Run, home: Path) -> None:
    write_small(project.parent / f"{project.name}_other" / "m.npz", 3)
    (project / "raw" / "more.npz").symlink_to(project.parent / f"{project.name}_other" / "m.npz")
    build()
    assert (project / "cleaned" / "more_clean.npz").is_file()
