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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ManifestError, shown
from ..records.contents import ENDINGS
from ..records.families import FAMILIES, GENDERS
from ..records.options import Options
from .outputs import ALLOW, is_outside

# Flag of clean, without its dashes -> field of Options and how a value is read and checked. The
# command line knows both, so an option that clean learns is an option here.
Flags = Mapping[str, tuple[str, Callable[[Any], Any]]]


@dataclass(frozen=True)
class Job:
    """One model to clean.

    Attributes:
        path: the input; like every path here relative, with forward slashes.
        output: a file if it ends as one, else a folder; None is beside the input.
        layout: "smplx": ``output`` is the folder that ``smplx.create`` is given.
        options, gender, family, hands, landmarks, compress: as ``clean_file`` takes them.
        html: write the HTML page, too.
        allow_outside: whether outputs may leave the manifest's folder.
        max_bytes: how large the input may be.
    """

    path: str
    output: str | None = None
    layout: str | None = None
    options: Options = field(default_factory=Options)
    gender: str | None = None
    family: str | None = None
    hands: tuple[str, str] | None = None
    landmarks: str | None = None
    compress: bool | None = None
    html: bool = False
    allow_outside: bool = False
    max_bytes: int | None = None

    @property
    def inputs(self) -> list[str]:
        """The model, the hands that are put into it, and what names its landmarks."""
        hands = self.hands if self.hands and self.hands != ("flat", "flat") else ()
        return [self.path, *hands, *([self.landmarks] if self.landmarks else [])]

    @property
    def folder(self) -> str:
        """The folder that the output goes to, or into one of whose folders; or the output."""
        if self.output is not None:
            return self.output
        return "." if self.layout else os.path.dirname(self.path)  # noqa: PTH120

    def recipe(self) -> dict[str, Any]:
        """Everything that decides over the output but the inputs' content: what the lock holds."""
        said = {key: value for key, value in vars(self).items() if value is not None}
        for key in ("max_bytes", "allow_outside"):
            said.pop(key, None)
        plain: dict[str, Any] = json.loads(json.dumps(said | {"options": self.options.as_dict()}))
        return plain


def read_manifest(path: str | os.PathLike[str], flags: Flags) -> list[Job]:
    """The jobs of a manifest, in its order; a glob's matches sorted.

    Args:
        path: smplprep.toml or pyproject.toml, in the current folder.
        flags: see ``Flags``.

    Raises:
        ManifestError: it cannot be read, or a key or value is wrong; file, line and key are named.
    """
    manifest = _Manifest(Path(path), flags)
    return list(manifest.jobs())


class _Manifest:
    def __init__(self, path: Path, flags: Flags) -> None:
        self._path = path
        self._flags = flags
        self._readers: dict[str, Callable[[Any], Any]] = {
            "output": relative_path,
            "layout": _one_of("smplx"),
            "gender": _one_of(*GENDERS),
            "family": _one_of(*FAMILIES),
            "hands": _hands,
            "landmarks": relative_path,
            "compress": _bool,
            "html": _bool,
            ALLOW: _bool,
            "max-bytes": _size,
        }
        try:
            self._text = path.read_text("utf-8")
            table = tomllib.loads(self._text)
        except OSError as error:
            raise ManifestError(f"cannot be read: {error.strerror}", path=path) from error
        except RecursionError as error:
            raise ManifestError("is no TOML: nested too deeply", path=path) from error
        except ValueError as error:  # tomllib names line and column
            raise ManifestError(f"is no TOML: {error}", path=path) from error
        self._within = ("tool", "smplprep") if path.name == "pyproject.toml" else ()
        for name in self._within:
            table = table.get(name, {})
            if not isinstance(table, dict):
                raise ManifestError(f"{name} is no table", path=path, key=name)
        self._table: dict[str, Any] = table

    def jobs(self) -> Iterator[Job]:
        defaults = {key: value for key, value in self._table.items() if key != "model"}
        base = self._read((), defaults)
        models = self._table.get("model")
        if not isinstance(models, list) or not models:
            raise ManifestError(
                "there is no [[model]] in it",
                path=self._path,
                hint='It takes two lines: [[model]], and path = "raw/*.npz" below it.',
            )
        places: dict[tuple[str, ...], str] = {}
        for index, entry in enumerate(models):
            if not isinstance(entry, dict):
                self._refuse((), "model", f"{shown(entry)} is no table; each is a [[model]]")
            own = dict(entry)
            patterns = own.pop("path", None)
            chosen = base | self._read(("model", index), own)
            fields = {name: chosen.pop(name) for name in list(chosen) if name in _FIELDS}
            options = Options(**chosen)
            for path in self._matches(index, patterns, fields):
                job = Job(path, options=options, **fields)
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
            name, read = key.replace("-", "_"), self._readers.get(key)
            if key in self._flags:
                name, read = self._flags[key]
            if read is None:
                self._refuse(where, key, f"unknown key{self._nearest(key, where)}")
            try:
                found[name] = read(value)
            except ValueError as error:
                self._refuse(where, key, str(error))
        return found

    def _nearest(self, key: str, where: tuple[str | int, ...]) -> str:
        known = {
            name: name for name in (*self._flags, *self._readers, *(["path"] if where else []))
        }
        known |= {field: flag for flag, (field, _) in self._flags.items()}
        near = difflib.get_close_matches(key, known, n=1)
        return f"; the nearest one is {known[near[0]]}" if near else ""

    def _matches(self, index: int, patterns: Any, fields: dict[str, Any]) -> list[str]:
        """The files that ``path`` speaks of, without those that this entry itself writes."""
        where = ("model", index)
        if patterns is None or patterns == []:
            self._refuse(where, None, "a [[model]] without its path")
        found: list[str] = []
        for pattern in patterns if isinstance(patterns, list) else [patterns]:
            try:
                relative = relative_path(pattern)
            except ValueError as error:
                self._refuse(where, "path", str(error))
            if not glob.has_magic(relative):
                found.append(relative)
                continue
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


_FIELDS = set(Job.__annotations__) - {"path", "options"}


def line_of(text: str, where: tuple[str | int, ...], key: str | None) -> int | None:
    """The line (from 1) on which ``key`` of the table at ``where`` is set; None: its header's.

    The statement begins after the last line up to which the text is TOML without it. That holds
    for every way of writing a key, and costs time only where there is something to complain of.
    """
    before = 0
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines) + 1):
        try:
            table: Any = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        try:
            for name in (*where, *([key] if key is not None else [])):
                table = table[name]
        except (KeyError, IndexError):
            before = number
        else:
            return before + 1
    return None


def names_file(output: str) -> bool:
    """Whether an output is a file's name; any other is a folder's."""
    return output.lower().endswith(tuple(ENDINGS))


def _place(job: Job) -> tuple[str, ...]:
    """Where a job writes to, as far as that can be told before its input is read."""
    folder = job.folder
    if job.layout:
        told = job.gender and job.family
        return (folder, job.layout, job.family or "", job.gender or "", "" if told else job.path)
    if job.output and names_file(folder):
        return (folder,)
    return (folder, f"{Path(job.path).stem}_clean")


def _without_outputs(matches: list[str], fields: dict[str, Any]) -> list[str]:
    """Files alone, and of those not what earlier builds wrote among them."""
    output = fields.get("output")
    if fields.get("layout"):
        matches = [match for match in matches if Path(output or ".") not in Path(match).parents]
    outputs = {
        (Path(match).parent if output is None else Path(output)) / f"{Path(match).stem}_clean"
        for match in matches
    }
    return [
        match
        for match in matches
        if Path(match).is_file() and Path(match).with_suffix("") not in outputs
    ]


def relative_path(value: Any) -> str:
    """The path with forward slashes; ValueError unless it is one relative to the manifest."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a path is expected")
    if Path(value).is_absolute():
        raise ValueError(
            "the path must be relative to the manifest, so that others can use it and its lock; a "
            "symbolic link leads elsewhere"
        )
    return Path(os.path.normpath(value)).as_posix()


def _one_of(*values: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in values:
            raise ValueError(f"{shown(value)!r} is not one of {', '.join(values)}")
        return str(value)

    return read


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)!r} is neither true nor false")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{shown(value)!r} is no number of bytes")
    return value


def _hands(value: Any) -> tuple[str, str]:
    if value == "flat":
        return ("flat", "flat")
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError('"flat" or two MANO files are expected: ["LEFT", "RIGHT"]')
    left, right = map(relative_path, value)
    return (left, right)
