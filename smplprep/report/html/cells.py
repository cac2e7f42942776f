"""Tables that the page's script sorts and filters, and their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Html, html

TABLE = (
    '<div class="tablehead"><h3 id="{name}-title">{title}</h3></div>\n'
    '<div class="scroll limited" tabindex="0" role="region" aria-labelledby="{name}-title">'
    '<table class="sortable" id="{name}" aria-labelledby="{name}-title">'
    "<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody></table></div>"
)
HEAD = '<th scope="col" class="{0}" data-kind="{0}">{1}</th>'


def table(
    name: str,
    title: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    none: str = "",
) -> Html:
    """A table under its title; without rows, the sentence ``none``.

    Args:
        name: the id.
        columns: heading -> "text", "list" or "number". Where "vertex" is the first, the page's
            script shows a row's vertex on the body.
        rows: a cell for each column; ``Html`` is a whole cell, all else text.
    """
    if not rows:
        return html('<p id="no-{}">{}</p>', name, none)
    heads = [html(HEAD, kind, heading) for heading, kind in columns.items()]
    tag = html("<tr data-vertex>" if next(iter(columns)) == "vertex" else "<tr>")
    lines = [html("{}{}</tr>\n", tag, [*map(as_cell, range(len(row)), row)]) for row in rows]
    return html(TABLE, name=name, title=title, heads=heads, lines=lines)


def as_cell(column: int, value: Any) -> Html:
    if isinstance(value, Html):
        return value
    return html("<td>{}</td>" if column else '<th scope="row">{}</th>', value)


def number(value: float | None, text: str | None = None) -> Html:
    """A cell with a number: the script sorts by its value, the reader sees the text."""
    given, shown = "" if value is None else value, short(value) if text is None else text
    return html('<td class="number"><data value="{}">{}</data></td>', given, shown)


def exact(value: float | None) -> Html:
    """A cell of an index, or of a number with all its digits; empty for none."""
    return number(value, "" if value is None else str(value))


def short(value: float | None) -> str:
    """A number as a reader wants it: four significant digits, thousands with commas."""
    if value is None:
        return "n/a"
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:.4g}"
