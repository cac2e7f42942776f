"""Opening, telling apart and hashing of inputs."""

from __future__ import annotations

import hashlib
import os
import pickle
import socket
from pathlib import Path

import numpy as np
import pytest
from mistaken import MISTAKEN

from smplprep.errors import ModelReadError
from smplprep.io.input_file import CHUNK, PIECE, file_sha256, open_input
from smplprep.io.read_model import read_contents
from smplprep.records.contents import Limits


def refusal(path: Path | str, **options: Limits) -> ModelReadError:
    with pytest.raises(ModelReadError) as caught, open_input(path, **options):
        pass
    assert caught.value.path == os.fspath(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", MISTAKEN)
def test_names_what_is_mistaken_for_a_model(name: str, tmp_path: Path) -> None:
    content, message = MISTAKEN[name]
    path = tmp_path / "SMPLH_NEUTRAL.npz"
    path.write_bytes(content)
    with pytest.raises(ModelReadError) as caught:
        read_contents(path)
    assert caught.value.path == str(path)
    assert caught.value.message.startswith(message)


def test_a_folder_names_the_models_in_it(tmp_path: Path) -> None:
    (tmp_path / "smplh" / "male").mkdir(parents=True)
    (tmp_path / "smplh" / "male" / "MODEL.NPZ").touch()
    (tmp_path / "readme.txt").touch()
    assert refusal(tmp_path).hint == f"Name a file in it: {tmp_path}/smplh/male/MODEL.NPZ"


def test_no_regular_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).message == "this is a folder, not a model file"
    assert refusal(tmp_path / "none").message == "there is no such file"
    assert refusal("a\0b").message == "this is not a valid file name"
    assert refusal("x" * 300).message == "cannot be opened: File name too long"
    assert refusal("/dev/zero").message == "this is a device or a pipe, not a regular file"
    os.mkfifo(tmp_path / "pipe")  # without O_NONBLOCK the test would hang here
    message = "this is a device or a pipe, not a regular file"
    assert refusal(tmp_path / "pipe").message == message
    (tmp_path / "link").symlink_to("link")
    assert refusal(tmp_path / "link").message.startswith("cannot be opened: ")


def test_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert refusal("socket").message.startswith("cannot be opened: ")


def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "m.npz").touch(mode=0)
    if os.access(tmp_path / "m.npz", os.R_OK):
        pytest.skip("root may read everything")
    assert refusal(tmp_path / "m.npz").message == "no permission to read it"


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def lowest_free() -> int:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    before = lowest_free()
    refusal(tmp_path)
    refusal("/dev/null")
    assert lowest_free() == before


def test_size_limit(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    path.write_bytes(b"PK" + bytes(99))
    error = refusal(path, limits=Limits(file_bytes=100))
    assert error.message == "the file has 101 bytes, the limit is 100"
    assert error.hint == "--max-bytes raises the limit"
    with open_input(path, limits=Limits(file_bytes=101)) as file:
        assert file.n_bytes == 101


MODEL = {"v_template": np.zeros((3, 3)), "bs_type": "lrotmin"}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [MODEL, {b"J": 1}, [MODEL], np.zeros(3)])
def test_pickles_of_every_protocol(value: object, protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"  # the name says nothing
    path.write_bytes(pickle.dumps(value, protocol))
    with open_input(path) as file:
        assert file.container == "pkl"


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'id'\ntR.",
        b"(dS'weights'\nI1\ns.",
        b"(cposix\nsystem\nS'id'\no.",
        b"(S'id'\nios\nsystem\n.",
        b"ccopy_reg\n_reconstructor\n(cx\ny\n",
        b"}(U\1aK\1u.",
    ],
)
def test_text_pickles_reach_the_pickle_machine(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(content)
    with open_input(tmp_path / "m") as file:
        assert file.container == "pkl"


@pytest.mark.parametrize(
    "content, container", [(b"PK\3\4", "npz"), (b"PK\5\6", "npz"), (b"\x89HDF\r\n\x1a\n", "h5")]
)
def test_binary_containers(content: bytes, container: str, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(content)
    with open_input(tmp_path / "model.pkl") as file:
        assert file.container == container


def test_every_byte_is_hashed_once(tmp_path: Path) -> None:
    content = b"PK" + np.random.default_rng(0).bytes(2 * CHUNK + 7)
    (tmp_path / "m").write_bytes(content)
    with open_input(tmp_path / "m") as file:
        parts = [bytes(file.read(n)) for n in (0, 1, 10, CHUNK + 1)]
        assert file.peek_at(5, 4) == content[5:9]
        with pytest.raises(RuntimeError):
            file.sha256()
        parts.append(bytes(file.read_all()))
        assert b"".join(parts) == content
        assert file.read_all() == b""
        assert file.sha256() == hashlib.sha256(content).hexdigest()


def test_the_digest_of_a_whole_file_whatever_it_is(tmp_path: Path) -> None:
    for data in (b"", os.urandom(PIECE + 1)):
        (tmp_path / "m").write_bytes(data)
        assert file_sha256(tmp_path / "m") == hashlib.sha256(data).hexdigest()
    os.mkfifo(tmp_path / "pipe")  # plain open() would wait for its writer for ever
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none"):
        with pytest.raises(ModelReadError) as caught:
            file_sha256(path)
        assert caught.value.message == refusal(path).message


def test_reading_beyond_the_end(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"PK\3\4")
    with open_input(tmp_path / "m") as file:
        for offset, size in ((0, 5), (4, 1), (-1, 1), (0, -1), (2**70, 1), (0, 2**70)):
            with pytest.raises(ModelReadError, match="cut short"):
                file.peek_at(offset, size)
        with pytest.raises(ModelReadError, match="cut short"):
            file.read(2**40)


def test_file_that_shrinks(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"PK" + bytes(100))
    with open_input(tmp_path / "m") as file:
        os.truncate(tmp_path / "m", 50)
        with pytest.raises(ModelReadError, match="the file shrank while it was read"):
            file.read_all()
