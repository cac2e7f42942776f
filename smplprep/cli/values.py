"""What may be given to an option where click has no type for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..contents import ENDINGS
from ..options import CHOICES


def choice(field: str) -> click.Choice[str]:
    """The words that this field of Options may be."""
    return click.Choice(list(CHOICES[field]))


def check_ending(output: str) -> None:
    """Refuse an output that says neither a container nor a folder: ``-o cleaned``."""
    if not Path(output).suffix:
        raise click.UsageError(
            f"{output} ends in none of {', '.join(ENDINGS)}, and not in / as a folder does"
        )


SHARE = click.FloatRange(0, 1, max_open=True)


class Tolerance(click.ParamType[float | str]):
    """A number from 0 up to 1, or the word auto."""

    name = "float|auto"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        return "auto" if value == "auto" else float(SHARE.convert(value, param, ctx))


class HandsCommand(click.Command):
    """click's options take a fixed number of values: --hands flat becomes --hands flat flat."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spelled = []
        for before, value in zip(["", *args], args, strict=False):
            spelled += [value, value] if (before, value) == ("--hands", "flat") else [value]
        return super().parse_args(ctx, spelled)


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
