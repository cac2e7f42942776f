"""Imports between the rooms point one way, and no files import each other in a circle."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "smplprep"

# From the bottom up. A file imports from its own room and from those of the lines above, so rooms
# that share a line do not know each other.
LAYERS = (
    ("errors", "__init__"),
    ("records",),
    ("geometry",),
    ("io",),
    ("audit",),
    ("transforms",),
    ("report",),
    ("jobs",),
    ("stock",),
    ("verification", "replay", "evaluate", "build"),
    ("cli",),
    ("__main__",),
)
# `smplprep/__init__` lists the public names, and loads them when they are first used.
LAZY = "__init__"


def imports() -> dict[str, set[str]]:
    """File -> the files of the package that it imports, without ``.py``, from the folder down."""
    return {name(path): imported(path) for path in sorted(PACKAGE.rglob("*.py"))}


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        for target in (base.with_suffix(".py"), *(base / f"{a.name}.py" for a in node.names)):
            if target.exists():
                found.add(name(target))
    return found - {name(path), LAZY}


def room(file: str) -> str:
    return file.split("/")[0]


def test_imports_point_one_way():
    floor = {name: index for index, layer in enumerate(LAYERS) for name in layer}
    wrong = [
        f"{file} imports {other}"
        for file, others in imports().items()
        if file != LAZY
        for other in others
        if room(other) != room(file) and floor[room(other)] >= floor[room(file)]
    ]
    assert not wrong


def test_no_files_import_each_other_in_a_circle():
    # Annotations may name what is only imported for them, so those imports count as well.
    graph = {file: others for file, others in imports().items() if file != LAZY}
    TopologicalSorter(graph).prepare()


def test_the_check_sees_the_package():
    graph = imports()
    assert "records/model" in graph["io/read_model"]
    assert {room(file) for file in graph} == {name for layer in LAYERS for name in layer}
