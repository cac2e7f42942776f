"""Where ``smplx.create`` looks for a model, and by which name."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

from smplprep import ModelWriteError, SmplprepError, read_model, write_model
from smplprep.jobs.smplx_layout import gender_in, layout_path


@pytest.mark.parametrize("name", ["smpl", "smplx", "mano", "flame"])
def test_layout_is_where_smplx_looks(name: str, family_dir: Path, tmp_path: Path) -> None:
    for source in sorted((family_dir / name).glob(f"{name.upper()}_*")):
        path = layout_path(tmp_path, read_model(source))
        assert path.relative_to(tmp_path) == source.relative_to(family_dir)


def test_layout_of_other_containers_and_models(small_model, family_dir: Path, tmp_path: Path):
    write_model(read_model(family_dir / "mano" / "MANO_LEFT.pkl"), tmp_path / "m.h5")
    assert layout_path(tmp_path, read_model(tmp_path / "m.h5")).name == "MANO_LEFT.npz"
    with pytest.raises(SmplprepError, match="no class for this model"):
        layout_path(tmp_path, small_model())
    (tmp_path / "mano").touch()
    done = run("convert", tmp_path / "m.h5", "--layout", "smplx", tmp_path)
    assert done.returncode == 4
    assert done.stderr == f"smplprep: {tmp_path / 'mano'}: cannot be created: File exists\n"


@pytest.mark.parametrize(
    ("path", "gender"),
    [
        ("SMPLH_MALE.pkl", "male"),
        ("basicModel_f_lbs_10_207_0_v1.0.0.pkl", "female"),
        ("basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl", "neutral"),
        ("smplh/female/model.npz", "female"),
        ("generic_model.pkl", "neutral"),
        ("male/SMPLX_FEMALE.npz", "female"),
        ("x/model.npz", None),
        ("x/male_female.npz", None),
        (None, None),
    ],
)
def test_gender_by_name(path: str | None, gender: str | None) -> None:
    if gender:
        assert gender_in(path) == gender
        return
    with pytest.raises(SmplprepError, match="says which gender") as caught:
        gender_in(path)
    assert "--gender" in caught.value.hint


def test_an_input_that_lies_where_the_output_belongs(family_dir: Path, tmp_path: Path):
    """``clean models/mano/MANO_LEFT.pkl --layout smplx models``, the commonest layout."""
    folder = tmp_path / "mano"
    folder.mkdir()
    source = folder / "MANO_LEFT.pkl"
    source.write_bytes((family_dir / "mano" / "MANO_LEFT.pkl").read_bytes())
    said = run("clean", source, "--layout", "smplx", tmp_path, "--no-html").stdout.splitlines()
    assert f"model:  {folder / 'MANO_LEFT.npz'}" in said
    assert any(line.startswith("note: a .npz beside the .pkl") for line in said)
    assert 'ext="npz"' in said[-1]
    done = run("clean", folder / "MANO_LEFT.npz", "--layout", "smplx", tmp_path, "--force")
    assert done.returncode == 4
    assert "MANO_LEFT.npz: the output is the input\n  Name another folder" in done.stderr
    smpl = tmp_path / "smpl" / "SMPL_NEUTRAL.pkl"
    smpl.parent.mkdir()
    smpl.symlink_to(family_dir / "smpl" / "SMPL_NEUTRAL.pkl")  # which smplx.SMPL reads alone
    with pytest.raises(ModelWriteError, match="the output is the input"):
        layout_path(tmp_path, read_model(smpl))
