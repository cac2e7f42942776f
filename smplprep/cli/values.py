"""What may be given to an option where click has no type for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import SmplprepError
from ..records.contents import ENDINGS
from ..records.options import CHOICES


def choice(field: str) -> click.Choice[str]:
    """The words that this field of Options may be."""
    return click.Choice(list(CHOICES[field]))


def check_ending(output: str) -> None:
    """Refuse an output that says neither a container nor a folder: ``-o cleaned``."""
    if not Path(output).suffix:
        raise click.UsageError(
            f"{output} ends in none of {', '.join(ENDINGS)}, and not in / as a folder does"
        )


def check_page(output: str) -> None:
    """Refuse an output that is no page: ``diff -o d.json``."""
    if Path(output).suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"-o names the page, FILE.html, and {output} is none")


SHARE = click.FloatRange(0, 1, max_open=True)


class Tolerance(click.ParamType[float | str]):
    """A number from 0 up to 1, or the word auto."""

    name = "float|auto"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        return "auto" if value == "auto" else float(SHARE.convert(value, param, ctx))


class Tolerances(click.ParamType[list[float]]):
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


class Picture(click.ParamType[str]):
    """The name of a picture."""

    name = "picture"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ..report.pictures import picture_format

        try:
            picture_format(value)
        except SmplprepError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class HandsCommand(click.Command):
    """click's options take a fixed number of values: --hands flat becomes --hands flat flat."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spelled = []
        for before, value in zip(["", *args], args, strict=False):
            spelled += [value, value] if (before, value) == ("--hands", "flat") else [value]
        for index, word in enumerate([] if ctx.resilient_parsing else spelled):
            if word == "--hands" and not are_files(spelled[index + 1 : index + 3]):
                message = "--hands needs LEFT RIGHT, the two files of MANO, or flat"
                raise click.UsageError(message, ctx)
        return super().parse_args(ctx, spelled)


def are_files(words: list[str]) -> bool:
    """Whether these are two words, and neither is an option."""
    return len(words) == 2 and not any(word.startswith("-") for word in words)


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
