"""HTML in which every value is escaped unless it is HTML already."""

from __future__ import annotations

from html import escape
from typing import Any


class Html(str):
    """Text that is HTML."""


def html(template: str, *values: Any, **named: Any) -> Html:
    """A template of ours with values in its places, as ``str.format`` puts them.

    Args:
        template: never anything that a file or a user said.
        values, named: ``Html`` stays as it is; a list is one value after the other; all else is
            text, which is escaped for an element or an attribute in double quotes.
    """
    safe = {name: as_html(value) for name, value in named.items()}
    return Html(template.format(*map(as_html, values), **safe))


def as_html(value: Any) -> Html:
    if isinstance(value, Html):
        return value
    if isinstance(value, list):
        return Html("".join(map(as_html, value)))
    return Html(escape(str(value)))
