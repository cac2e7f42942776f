"""The one place that prints: what a file, a name or a lock says cannot act on the terminal."""

from __future__ import annotations

import contextlib
import io
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import click

from ..errors import escaped


def say(*lines: str, err: bool = False) -> None:
    """Print lines, each on a line of its own.

    Whatever a terminal would not show but obey is escaped: control characters, a line break within
    a line, what turns the direction of writing. Letters of every script stay.

    Args:
        err: to stderr.
    """
    click.echo("\n".join(map(escaped, lines)), err=err)


def say_text(text: str, *, err: bool = False) -> None:
    """Print text of several lines, in which what came from outside is escaped already."""
    say(*text.removesuffix("\n").expandtabs(4).split("\n"), err=err)


def say_note(sentence: str) -> None:
    """Print what is worth knowing; see ``note``."""
    say(*note(sentence))


def note(sentence: str) -> list[str]:
    """The lines of what is worth knowing, broken where a person reads it."""
    return folded(f"note: {sentence}")


def folded(line: str, *, err: bool = False) -> list[str]:
    """The line, broken between words where a person reads the stream."""
    stream = sys.stderr if err else sys.stdout
    line = escaped(line)
    if not line or not stream.isatty():
        return [line]
    from textwrap import wrap

    return wrap(
        line,
        terminal_width(),
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def terminal_width() -> int:
    """Columns of the terminal; 80 where there is none."""
    import shutil

    return shutil.get_terminal_size().columns


def say_usage(error: click.ClickException) -> None:
    """Print click's own error, whose message may quote what was typed."""
    object.__setattr__(error, "message", escaped(error.message))  # final for type checkers
    usage = io.StringIO()
    error.show(file=usage)
    say_text(usage.getvalue(), err=True)


def say_traceback() -> None:
    """Print the exception that is being handled, for --debug."""
    say_text(traceback.format_exc(), err=True)


def watched() -> bool:
    """Whether a person sees stderr, so that progress is worth showing."""
    return sys.stderr.isatty()


@contextlib.contextmanager
def counted(label: str, total: int, *, unit: str = "") -> Iterator[Callable[[int], object]]:
    """A progress bar on stderr where a person sees it; yields what takes how much more is done.

    Args:
        unit: what is counted, where the bar is to show how many a second.
    """
    if not watched():
        yield lambda more: None
        return
    start = time.monotonic()

    def rate(done: int | None) -> str | None:
        seconds = max(time.monotonic() - start, 1e-9)
        return f"{done / seconds:,.0f} {unit}/s" if done and unit else None

    options: Any = {"file": sys.stderr, "show_pos": True, "item_show_func": rate}
    with click.progressbar(length=total, label=escaped(label), **options) as bar:
        yield lambda more: bar.update(more, bar.pos + more)
