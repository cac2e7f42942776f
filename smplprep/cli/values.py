"""What may be given to an option where click has no type for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..errors import SmplprepError
from ..records.contents import ENDINGS
from ..records.option_kinds import Flag, Kind, Vertices, Word
from ..records.options import DEFINITIONS, Options, flag_of


def check_ending(output: str) -> None:
    """Refuse an output that says neither a container nor a folder: ``-o cleaned``."""
    if not Path(output).suffix:
        raise click.UsageError(
            f"{output} must end in one of {', '.join(ENDINGS)}, or in / for a folder"
        )


def check_page(output: str) -> None:
    """Refuse an output that is not an HTML file: ``diff -o d.json``."""
    if Path(output).suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"-o must name an .html file, got {output}")


class KindType(click.ParamType):
    """The values of one kind of option; see ``records.options``."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = type(kind).__name__.lower()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.kind.read(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class JointNames(click.ParamType):
    """The word mixamo or smplx, or a file: the vocabulary, and the names that the file lists."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        if value in ("mixamo", "smplx"):
            return value, ()
        from ..io.joint_names import read_joint_names

        return "mixamo", read_joint_names(value)


class VertexFile(click.ParamType):
    """A file that lists vertices, read."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from ..io.vertex_list import read_vertex_list

        return read_vertex_list(value) if isinstance(value, str) else value


def options_of_clean(*names: str) -> Callable[[Any], Any]:
    """The command-line options that set these fields of ``Options``; all of them if none is named.

    They come in the order of the fields, with type, default and help from their definitions.
    """

    def decorated(command: Any) -> Any:
        for name in reversed(names or tuple(DEFINITIONS)):
            command = click_option(name)(command)
        return command

    return decorated


def click_option(name: str) -> Callable[[Any], Any]:
    """The command-line option of one field of ``Options``."""
    definition, default = DEFINITIONS[name], getattr(Options, name)
    if isinstance(definition.kind, Flag):
        return click.option(flag_of(name), name, is_flag=True, help=definition.help)
    kind: Any = KindType(definition.kind)
    if isinstance(definition.kind, Word):
        kind = click.Choice(list(definition.kind.choices))
    if isinstance(definition.kind, Vertices):
        kind = VertexFile()
    return click.option(
        flag_of(name),
        name,
        type=kind,
        default=default,
        show_default=default not in (None, ()),
        metavar=definition.metavar or definition.kind.metavar,
        help=definition.help,
    )


class Tolerances(click.ParamType):
    """LOW:HIGH:COUNT, or a list of numbers."""

    name = "tolerances"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[float]:
        from ..jobs.sweep import tolerances_of

        try:
            return value if isinstance(value, list) else tolerances_of(value)
        except SmplprepError as error:
            self.fail(error.message, param, ctx)


class Picture(click.ParamType):
    """The name of a picture."""

    name = "picture"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ..report.pictures import picture_format

        try:
            picture_format(value)
        except SmplprepError as error:
            self.fail(str(error), param, ctx)
        return str(value)
