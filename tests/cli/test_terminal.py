"""Nothing that a name or a file says acts on the terminal: one place prints, and it escapes."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_files import arrays, as_npz

import smplprep
from smplprep.cli import terminal
from smplprep.errors import escaped, shown
from smplprep.jobs.clean_file import clean_file
from smplprep.records.json_text import json_text

pytestmark = pytest.mark.slow

PACKAGE = Path(smplprep.__file__).parent
FORGED = "smplprep: all is well"
# Clears the screen, sets the title, C1's CSI, right to left, back to the line's begin, a line of
# its own, no width, delete, and a byte that is no UTF-8; then letters that must stay readable.
NAME = f"a\x1b[2J\x1b]0;t\x07\x9b31m\u202e\r\n{FORGED}\n\u200b\u2066\x7f\x85\udcff-äß語"
READABLE = "äß語"


def test_one_module_prints():
    """No other calls print, click's echo or the like, or writes to a stream of the terminal."""
    printing = {"print", "echo", "secho", "echo_via_pager", "progressbar", "confirm", "prompt"}
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name in ("cli/terminal.py", "io/h5/child.py"):  # the child's stdout is a pipe
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            word = called.rpartition(".")[2]
            if word in printing or called.startswith(("sys.stdout.write", "sys.stderr.write")):
                found.append(f"{name}:{node.lineno}: {called}")
            if called == "error.show" or word in ("warn", "print_exc", "writelines"):
                found.append(f"{name}:{node.lineno}: {called}")
    assert found == []


@pytest.mark.parametrize("code", [*range(32), *range(127, 161), 0xAD, 0x61C, 0xD800, 0xFFFE])
def test_control_characters_are_escaped(code: int):
    assert escaped(f"a{chr(code)}b").startswith("a\\")
    assert escaped(f"a{chr(code)}b").isprintable()


@pytest.mark.parametrize("code", [*range(0x2028, 0x202F), *range(0x2060, 0x2070), 0x200B, 0xFEFF])
def test_what_turns_or_hides_text_is_escaped(code: int):
    assert escaped(chr(code)) == f"\\u{code:04x}"
    assert json.loads(json_text({"a": chr(code)})) == {"a": chr(code)}
    assert json_text([chr(code)]).replace("\n", "").isprintable()


def test_letters_of_every_script_stay():
    text = "Grüße, Ελλάδα, Привет, שלום, 語, 👍, a\\b"
    assert escaped(text) == shown(text) == text
    assert text.replace("\\", "\\\\") in json_text([text])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hostile name, and in it files of hostile names for every command."""
    folder = tmp_path_factory.mktemp("terminal") / NAME
    folder.mkdir()
    raw = as_npz(arrays())
    (folder / f"{NAME}.npz").write_bytes(raw)
    (folder / f"{NAME}.json").write_text('{"tip": 3}')
    (folder / "raw").mkdir()
    (folder / "raw" / f"{NAME}.npz").write_bytes(raw)
    manifest = f'output = "{json.dumps(NAME[:-4])[1:-1]}"\n[[model]]\npath = "raw/*.npz"\n'
    (folder / f"{NAME}.toml").write_text(manifest.replace("\\udcff", "").replace("\x7f", "\\u007f"))
    np.savez(folder / f"{NAME}.motion.npz", poses=np.zeros((3, 12)), betas=np.zeros(2))
    (folder / f"{NAME}.broken.npz").write_bytes(b"PK\3\4")
    clean_file(folder / MODEL, folder / f"{OUT}.npz", html=False)
    return folder


MODEL, OUT = f"{NAME}.npz", f"out{NAME}"
COMMANDS = {
    "clean": (0, ["clean", MODEL, "-o", f"{OUT}.first.npz", "--landmarks", f"{NAME}.json", "-v"]),
    "clean again": (4, ["clean", MODEL, "-o", f"{OUT}.npz"]),
    "clean json": (0, ["clean", MODEL, "--json", "--dry-run"]),
    "clean broken": (3, ["clean", f"{NAME}.broken.npz", MODEL, "--dry-run"]),
    "clean gone": (3, ["clean", f"gone{NAME}.npz"]),
    "clean ending": (2, ["clean", MODEL, "-o", f"x{NAME}"]),
    "inspect": (0, ["inspect", MODEL]),
    "audit": (0, ["audit", MODEL, "--landmarks", f"{NAME}.json", "--against", MODEL]),
    "audit csv": (0, ["audit", MODEL, "--vertices", "all", "--csv"]),
    "check": (0, ["check", MODEL, "--landmarks", f"{NAME}.json"]),
    "check gone": (3, ["check", MODEL, "--landmarks", f"gone{NAME}.json"]),
    "diff": (0, ["diff", MODEL, f"{OUT}.npz", "-o", f"{OUT}.diff.html"]),
    "report": (0, ["report", f"{OUT}.report.json", "-o", f"{OUT}.again.html", "--png", f"p{NAME}"]),
    "report no report": (3, ["report", f"{NAME}.json"]),
    "sweep": (0, ["sweep", MODEL, "--landmarks", f"{NAME}.json", "--plot", f"{OUT}.png"]),
    "evaluate": (
        1,
        [
            *["evaluate", MODEL, f"{OUT}.npz", "--motions", f"{NAME}.motion.npz"],
            *["--motions", f"{NAME}.broken.npz", "-o", f"{OUT}.json"],
        ],
    ),
    "convert": (0, ["convert", MODEL, "-o", f"{OUT}.pkl"]),
    "merge-hands": (3, ["merge-hands", MODEL, MODEL, MODEL, "-o", f"{OUT}.hands.npz"]),
    "verify": (0, ["verify", f"{OUT}.npz", "--against", MODEL]),
    "replay": (3, ["replay", MODEL]),
    "build": (0, ["build", f"{NAME}.toml"]),
    "build gone": (3, ["build", f"gone{NAME}.toml"]),
    "completion": (2, ["completion", NAME]),
    "no command": (2, [NAME]),
    "no option": (2, ["inspect", f"--{NAME}"]),
    "debug": (3, ["--debug", "inspect", f"{NAME}.broken.npz"]),
}
# They say no name, or only its beginning.
NAMELESS = {"clean json", "inspect", "audit", "check", "check gone", "completion", "no option"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hostile_name_in_every_command(folder: Path, name: str):
    if name in ("verify", "replay"):
        pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    status, arguments = COMMANDS[name]
    command = [sys.executable, "-m", "smplprep", *arguments]
    done = subprocess.run(
        [os.fsencode(word) for word in command], cwd=folder, capture_output=True, timeout=120
    )
    said = (done.stdout + done.stderr).decode()  # strictly: every byte is UTF-8
    assert done.returncode == status, said
    strange = {letter for letter in said if letter != "\n" and not letter.isprintable()}
    assert not strange
    assert not [line for line in said.splitlines() if line.startswith(FORGED)]
    assert "fault in smplprep itself" not in said
    assert READABLE in said or name in NAMELESS


def test_a_progress_bar_has_its_label_escaped(monkeypatch: pytest.MonkeyPatch):
    labels = []

    @contextlib.contextmanager
    def recorded(*, label, **options):
        labels.append(label)
        yield SimpleNamespace(pos=0)

    monkeypatch.setattr(terminal, "watched", lambda: True)
    monkeypatch.setattr(terminal.click, "progressbar", recorded)
    with terminal.counted(NAME, 1):
        pass
    (label,) = labels
    assert NAME not in label
    assert label.isprintable()
