"""Every hostile file of the formats beside .npz, .pkl and .h5 ends in one sentence; none runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from others import HOSTILE, entry, routes, storage, storage_file, tensor, torch_file, torch_zip

from smplprep import SmplprepError, read_model
from smplprep.io.read_model import read_contents
from smplprep.jobs.inspect import inspect_file

pytestmark = pytest.mark.slow


def refused(body: bytes, path: Path) -> SmplprepError:
    path.write_bytes(body)
    with pytest.raises(SmplprepError) as caught:
        read_model(path)
    error = caught.value
    assert error.path == str(path)
    assert "\n" not in str(error)
    assert len(error.message) < 300
    return error


@pytest.mark.parametrize("name", HOSTILE)
def test_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    body, message = HOSTILE[name]
    assert body is not None
    assert message in refused(body, tmp_path / name).message


@pytest.mark.parametrize("name", routes("true"))
def test_nothing_runs(name: str, tmp_path: Path) -> None:
    ran, modules = tmp_path / "ran", set(sys.modules)
    error = refused(routes(f"touch {ran}")[name], tmp_path / name)
    assert "nothing was run" in error.message
    assert not ran.exists()
    assert set(sys.modules) == modules
    with pytest.raises(SmplprepError):
        inspect_file(tmp_path / name)


def test_the_building_blocks_are_sound(tmp_path: Path) -> None:
    """What the hostile files are made of is read where nothing is wrong with it."""
    for body in (
        torch_zip(entry(tensor())),
        torch_file(entry(tensor(of=storage(more=b"N")))),
        entry(tensor(of=storage_file())),
        torch_file(entry(tensor((2,), of=storage(more=b"(" + b"U\x01v" + b"K\x02K\x02t")))),
    ):
        (tmp_path / "m").write_bytes(body)
        (value,) = read_contents(tmp_path / "m").entries.values()
        assert not value.any()  # type: ignore[attr-defined]
        assert value.dtype == "f4"  # type: ignore[attr-defined]
