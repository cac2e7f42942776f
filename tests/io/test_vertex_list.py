"""Files that list vertices."""

from __future__ import annotations

import os

import pytest

from smplprep import ModelReadError
from smplprep.io.vertex_list import read_vertex_list


@pytest.mark.parametrize("text", ["[7, 3, 3]", " [\n3,7]", "3\n7\n", "7\r\n\n 3 \n"])
def test_json_and_lines_say_the_same(tmp_path, text):
    path = tmp_path / "keep.txt"
    path.write_bytes(text.encode())
    found = read_vertex_list(path)
    assert found == (3, 7)
    assert found.path == str(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, -2]", "entry 1, -2, is not a vertex index"),
        ("[true]", "entry 0, true, is not a vertex index"),
        ("[1.0]", "entry 0, 1.0, is not a vertex index"),
        ("1\n1_0\n", 'entry 1, "1_0", is not a vertex index'),
        ("nose", 'entry 0, "nose", is not a vertex index'),
        ('{"a": 1}', "is not a vertex index"),
        ("[1, 2", "not readable JSON"),
        ("[" * 100_000, "not readable JSON"),
        ("[]", "lists no vertices"),
        ("\n", "lists no vertices"),
        ("9" * 30, "is not a vertex index"),
        ("\x1b[2J\n", "is not a vertex index"),
    ],
)
def test_anything_else_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "keep.txt"
    path.write_text(text)
    with pytest.raises(ModelReadError) as error:
        read_vertex_list(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))
    assert "\x1b" not in str(error.value)


def test_what_is_no_small_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(17 << 20)
    for name, message in (
        ("none", "no such file"),
        ("pipe", "a pipe"),
        ("large", "the limit is"),
        (".", "a folder"),
    ):
        with pytest.raises(ModelReadError, match=message):
            read_vertex_list(tmp_path / name)
