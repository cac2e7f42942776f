"""One file to clean, as the command line, a manifest or a program asks for it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .contents import DEFAULT_LIMITS, Limits, limits_with
from .families import FamilyName, Gender
from .options import Options, flag_of
from .storage import PICKLES, Storage
from .units import Unit

PathLike = str | os.PathLike[str]
UNSAID = ("options", "report", "html", "force", "dry_run")


@dataclass(frozen=True)
class CleanJob:
    """What ``clean_file`` is asked to do.

    Attributes:
        path: the input. It is never written to.
        output: a file, whose ending names the container, or a folder. A folder ends in a slash or
            exists already. None is beside the input, as NAME_clean.EXT.
        options: see ``Options``.
        normalize_rows: accept skinning rows whose sum is off by more than 1e-2, and rescale them.
        hands: two MANO files, left and right, with the ``hands_*`` keys that the model lacks.
        flat_hands: add these keys for flat hands instead.
        layout: in place of ``output``: the folder that ``smplx.create`` will be given.
        gender: for ``layout``. None takes it from the name of the file or of its folder.
        family: what the model is; None goes by its content.
        joint_names: a file that names the joints, for ``keep_joints`` and the report.
        units: of lengths in the input, "m", "cm" or "mm".
        landmarks: a file of points to count leaks at, beside those of the family.
        compress, pickle, keep_objects: see ``Storage``.
        report: measure displacements and write NAME.report.json.
        html: write NAME.report.html as well, if the extra ``report`` is installed.
        force: replace existing outputs.
        dry_run: write nothing.
        max_bytes: how large the input may be; None is 2 GiB.
    """

    path: PathLike
    output: PathLike | None = None
    options: Options = field(default_factory=Options)
    normalize_rows: bool = False
    hands: tuple[PathLike, PathLike] | None = None
    flat_hands: bool = False
    layout: PathLike | None = None
    gender: Gender | None = None
    family: FamilyName | None = None
    joint_names: PathLike | None = None
    units: Unit = "m"
    landmarks: PathLike | None = None
    compress: bool | None = None
    pickle: str = PICKLES[0]
    keep_objects: bool = False
    report: bool = True
    html: bool = True
    force: bool = False
    dry_run: bool = False
    max_bytes: int | None = None

    @property
    def inputs(self) -> list[str]:
        """Every file that decides over the output, the model first."""
        named = getattr(self.options.keep_vertices, "path", None)
        others = [*(self.hands or ()), self.joint_names, self.landmarks, named]
        return [os.fspath(path) for path in (self.path, *others) if path is not None]

    @property
    def storage(self) -> Storage:
        """How the output holds the model."""
        return Storage(self.compress, self.pickle, self.keep_objects)

    @property
    def limits(self) -> Limits:
        """How much the input may ask for."""
        return DEFAULT_LIMITS if self.max_bytes is None else limits_with(self.max_bytes)

    @property
    def command(self) -> str:
        """The command line that does this again in the folder of its files; no folder is named."""
        import shlex  # only who makes a report needs it

        words = ["smplprep", "clean", Path(self.path).name]
        usual = CleanJob(self.path)
        for given, default in ((self.options, usual.options), (self, usual)):
            for name in vars(default):
                value = getattr(given, name)
                if value != getattr(default, name) and name not in UNSAID:
                    words += words_of(name, value)
        return shlex.join(words)

    def settings(self) -> dict[str, Any]:
        """The fields that decide over the output's bytes and are not None, as plain data."""
        left_out = ("force", "dry_run", "max_bytes")
        said = {k: v for k, v in vars(self).items() if v is not None and k not in left_out}
        return said | {"options": self.options.as_dict()}


def words_of(name: str, value: Any) -> list[str]:
    """A setting of a clean as the command line says it."""
    if name == "output":
        return [] if os.fspath(value).endswith(("/", os.sep)) else ["-o", Path(value).name]
    if name == "layout":
        return ["--layout", "smplx", Path(value).name]
    if name == "keep_vertices":  # numbers here, a file there
        value = getattr(value, "path", "VERTICES.json")
    if name == "keep_joints":
        return [flag_of(name), ",".join(value)]
    if isinstance(value, bool):
        return [flag_of(name) if value else f"--no-{name}"]
    listed = value if isinstance(value, tuple) else (value,)
    return [flag_of(name), *(Path(str(each)).name for each in listed)]
