"""The manifest: smplprep.toml, or ``[tool.smplprep]`` in pyproject.toml, read into jobs.

    tol = 0.01                      # options of clean and keys of a model: the defaults of all
    output = "cleaned"

    [[model]]
    path = "raw/*.npz"              # or a list of them

Every path is relative to the manifest's folder, which is the current one here.
"""

from __future__ import annotations

import difflib
import glob
import json
import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ManifestError, ModelReadError, shown
from ..io.input_file import read_text
from ..io.vertex_list import read_vertex_list
from ..records.contents import ENDINGS, Limits
from ..records.families import FAMILIES, GENDERS
from ..records.job import CleanJob
from ..records.option_kinds import Count, Flag, Word
from ..records.options import DEFINITIONS, Options, flag_of
from ..records.storage import PICKLES
from ..records.units import MILLIMETERS
from .outputs import ALLOW, is_outside
from .toml_lines import line_of

MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Job(CleanJob):
    """One model to clean. Its paths are relative to the manifest, with forward slashes.

    Attributes:
        html: as in ``CleanJob``, and off unless the manifest asks for it.
        force: a build replaces its own outputs.
        allow_outside: whether outputs may leave the manifest's folder.
    """

    path: str
    output: str | None = None
    layout: str | None = None
    html: bool = False
    force: bool = True
    allow_outside: bool = False

    @property
    def folder(self) -> str:
        """The folder that the output goes to, or into one of whose folders; or the output."""
        return self.output or self.layout or os.path.dirname(self.path)  # noqa: PTH120

    def recipe(self) -> dict[str, Any]:
        """Everything that decides over the output but the inputs' content: what the lock holds."""
        recipe: dict[str, Any] = json.loads(json.dumps(self.settings()))
        recipe.pop("allow_outside")
        return recipe


def read_manifest(path: str | os.PathLike[str]) -> list[Job]:
    """The jobs of a manifest, in its order; a glob's matches sorted.

    Args:
        path: smplprep.toml or pyproject.toml, in the current folder.

    Raises:
        ManifestError: it cannot be read, or a key or value is wrong; file, line and key are named.
    """
    manifest = _Manifest(Path(path))
    return list(manifest.jobs())


class _Manifest:
    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._text = read_text(path, limits=Limits(file_bytes=MAX_BYTES))
            table = tomllib.loads(self._text)
        except ModelReadError as error:
            raise ManifestError(error.message, path=path) from error
        except RecursionError as error:
            raise ManifestError("is not valid TOML: nested too deeply", path=path) from error
        except ValueError as error:  # tomllib names line and column
            raise ManifestError(f"is not valid TOML: {error}", path=path) from error
        self._within = ("tool", "smplprep") if path.name == "pyproject.toml" else ()
        for name in self._within:
            table = table.get(name, {})
            if not isinstance(table, dict):
                raise ManifestError(f"{name} is not a table", path=path, key=name)
        self._table: dict[str, Any] = table

    def jobs(self) -> Iterator[Job]:
        defaults = {key: value for key, value in self._table.items() if key != "model"}
        base = self._read((), defaults)
        models = self._table.get("model")
        if not isinstance(models, list) or not models:
            raise ManifestError(
                "it has no [[model]]",
                path=self._path,
                hint='Add two lines: [[model]], and path = "raw/*.npz" below it.',
            )
        places: dict[tuple[str, ...], str] = {}
        for index, entry in enumerate(models):
            if not isinstance(entry, dict):
                self._refuse(
                    (), "model", f"{shown(entry)} is not a table; write each model as [[model]]"
                )
            own = dict(entry)
            patterns = own.pop("path", None)
            chosen = base | self._read(("model", index), own)
            if chosen.pop("layout", None):  # "smplx"; the output is what smplx.create will be given
                chosen["layout"] = chosen.pop("output", ".").rstrip("/")
            options = Options(**{k: chosen.pop(k) for k in list(chosen) if k in DEFINITIONS})
            for path in self._matches(index, patterns, chosen):
                job = Job(path, options=options, **chosen)
                place = _place(job)
                if other := places.get(place):
                    target = "/".join(filter(None, place))
                    message = f"{other} and {path} would both be written to {target}"
                    self._refuse(("model", index), "path", message)
                places[place] = path
                if not job.allow_outside and is_outside(job.folder):
                    key = "output" if job.output is not None else "path"
                    message = f"{path} would be written outside the manifest's folder"
                    hint = f"If that is meant, set {ALLOW} = true."
                    self._refuse(("model", index), key, message, hint=hint)
                yield job

    def _read(self, where: tuple[str | int, ...], table: dict[str, Any]) -> dict[str, Any]:
        """Fields of Job and of Options, from a table of the manifest."""
        found = {}
        for key, value in table.items():
            if key not in READERS:
                known = ", ".join(["path", *READERS] if where else READERS)
                message = f"unknown key{_nearest(key, where)}"
                self._refuse(where, key, message, hint=f"Keys: {known}")
            name, read = READERS[key]
            try:
                found[name] = read(value)
            except ValueError as error:
                self._refuse(where, key, str(error))
        return found

    def _matches(self, index: int, patterns: Any, fields: dict[str, Any]) -> list[str]:
        """The files that ``path`` matches, without those that this entry itself writes."""
        where = ("model", index)
        if patterns is None or patterns == []:
            self._refuse(where, None, "this [[model]] has no path")
        found: list[str] = []
        for pattern in patterns if isinstance(patterns, list) else [patterns]:
            try:
                relative = relative_path(pattern)
            except ValueError as error:
                self._refuse(where, "path", str(error))
            if not glob.has_magic(relative):
                found.append(relative)
                continue
            if relative.count("**") > 1:  # each more multiplies the folders that are walked
                self._refuse(where, "path", f"{shown(relative)} has ** more than once")
            # Path.glob knows no "..".
            matches = sorted(glob.glob(relative, recursive=True))  # noqa: PTH207
            inputs = _without_outputs(matches, fields)
            if not inputs:
                self._refuse(where, "path", f"no file matches {shown(relative)}")
            found += inputs
        output = fields.get("output")
        if len(found) > 1 and output and names_file(output):
            message = f"{len(found)} models cannot be written to one file, {shown(output)}"
            self._refuse(where, "path", message)
        return list(dict.fromkeys(found))

    def _refuse(
        self,
        where: tuple[str | int, ...],
        key: str | None,
        message: str,
        *,
        hint: str | None = None,
    ) -> NoReturn:
        line = line_of(self._text, (*self._within, *where), key)
        place = f"{self._path}:{line}" if line else str(self._path)
        raise ManifestError(message, path=place, key=key, hint=hint)


def names_file(output: str) -> bool:
    """Whether an output is a file's name; any other is a folder's."""
    return output.lower().endswith(tuple(ENDINGS))


def _place(job: Job) -> tuple[str, ...]:
    """Where a job writes to, as far as is known before its input is read."""
    folder = job.folder
    if job.layout:
        known = job.gender and job.family
        return (folder, "layout", job.family or "", job.gender or "", "" if known else job.path)
    if job.output and names_file(folder):
        return (folder,)
    return (folder, f"{Path(job.path).stem}_clean")


def _without_outputs(matches: list[str], fields: dict[str, Any]) -> list[str]:
    """Files alone, and of those not what earlier builds wrote among them."""
    files = [Path(match) for match in matches if Path(match).is_file()]
    if layout := fields.get("layout"):
        return [file.as_posix() for file in files if Path(layout) not in file.parents]
    output = fields.get("output")
    outputs = {Path(output or Path(m).parent) / f"{Path(m).stem}_clean" for m in matches}
    return [file.as_posix() for file in files if file.with_suffix("") not in outputs]


def relative_path(value: Any) -> str:
    """The path with forward slashes; ValueError unless it is one relative to the manifest."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("must be a path")
    if Path(value).is_absolute() or value.startswith("~/"):
        raise ValueError(
            "the path must be relative to the manifest, so that others can use it; to read from "
            "elsewhere, make a symbolic link"
        )
    return Path(os.path.normpath(value)).as_posix()


def _nearest(key: str, where: tuple[str | int, ...]) -> str:
    """The key that was probably meant, if one is close."""
    known = {name: name for name in (*READERS, *(["path"] if where else []))}
    known |= {field: key for key, (field, _) in READERS.items()}
    near = difflib.get_close_matches(key, known, n=1)
    return f"; the nearest one is {known[near[0]]}" if near else ""


def _output(value: Any) -> str:
    """A file, or a folder with a slash at its end."""
    path = relative_path(value)
    return path if names_file(path) else f"{path}/"


def _vertices(value: Any) -> tuple[int, ...]:
    return read_vertex_list(relative_path(value))


def _hands(value: Any) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError('must be two MANO files: ["LEFT", "RIGHT"]; flat-hands = true needs none')
    left, right = map(relative_path, value)
    return (left, right)


# Key -> the field of Options or of Job that it sets, and how its value is read.
READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    flag_of(name).lstrip("-"): (name, definition.kind.read)
    for name, definition in DEFINITIONS.items()
} | {
    "keep-vertices": ("keep_vertices", _vertices),
    "output": ("output", _output),
    "layout": ("layout", Word(("smplx",)).read),
    "gender": ("gender", Word(GENDERS).read),
    "family": ("family", Word(tuple(FAMILIES)).read),
    "joint-names": ("joint_names", relative_path),
    "units": ("units", Word(tuple(MILLIMETERS)).read),
    "hands": ("hands", _hands),
    "flat-hands": ("flat_hands", Flag().read),
    "landmarks": ("landmarks", relative_path),
    "normalize-rows": ("normalize_rows", Flag().read),
    "compress": ("compress", Flag().read),
    "pickle": ("pickle", Word(PICKLES).read),
    "keep-objects": ("keep_objects", Flag().read),
    "html": ("html", Flag().read),
    ALLOW: ("allow_outside", Flag().read),
    "max-bytes": ("max_bytes", Count(1).read),
}
