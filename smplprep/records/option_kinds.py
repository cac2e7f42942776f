"""What defines an option, and the kinds of values: each checks, parses and describes its own."""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar

from ..errors import shown


class Kind(ABC):
    """The values that an option takes.

    Attributes:
        metavar: how the help of the command line calls a value; None leaves that to click.
    """

    metavar: ClassVar[str | None] = None

    @abstractmethod
    def checked(self, value: Any) -> Any:
        """The value as a plain Python one; ValueError says what it must be."""

    def parsed(self, text: str) -> Any:
        """The value that a word of the command line stands for, not yet checked."""
        return text

    def read(self, value: Any) -> Any:
        """The value that the command line or a manifest gives; ValueError says what is wrong."""
        with saying_what_was_given(value):
            return self.checked(self.parsed(value) if isinstance(value, str) else value)

    @abstractmethod
    def described(self) -> str:
        """The values in words, for the table of options."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the values in a report, where a tolerance is always a number."""


@contextlib.contextmanager
def saying_what_was_given(value: Any) -> Iterator[None]:
    """Adds the value to a ValueError that says what it must be."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{error}, got {shown(repr(value))}") from None


@dataclass(frozen=True)
class Number(Kind):
    """A finite number from ``low`` up to, but not including, ``high``, or the word ``word``."""

    low: float
    high: float
    word: str | None = None

    metavar = "NUMBER"

    def checked(self, value: Any) -> Any:
        if self.word is not None and isinstance(value, str) and value == self.word:
            return value
        if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError(f"must be a number{f' or {self.word!r}' if self.word else ''}")
        number = float(value)
        if not self.low <= number < self.high:
            raise ValueError(f"must be at least {self.low:g} and less than {self.high:g}")
        return number

    def parsed(self, text: str) -> Any:
        if text.endswith("%") and is_number(text[:-1]):
            share = float(text[:-1]) / 100
            raise ValueError(f"must be a fraction and not a percentage: {share:g}")
        return float(text) if is_number(text) else text

    def described(self) -> str:
        return f"{self.low:g} up to {self.high:g}{f', or {self.word}' if self.word else ''}"

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "exclusiveMaximum": self.high}


@dataclass(frozen=True)
class Count(Kind):
    """An integer of at least ``low``; None as well where ``optional``."""

    low: int
    optional: bool = False

    metavar = "N"

    def checked(self, value: Any) -> Any:
        if value is None and self.optional:
            return None
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ValueError("must be an integer")
        if value < self.low:
            raise ValueError(f"must be at least {self.low}")
        return int(value)

    def parsed(self, text: str) -> Any:
        return int(text) if text.removeprefix("-").isdecimal() and len(text) < 10 else text

    def described(self) -> str:
        return f"integer, at least {self.low}"

    def schema(self) -> dict[str, Any]:
        kind = ["integer", "null"] if self.optional else "integer"
        return {"type": kind, "minimum": self.low}


@dataclass(frozen=True)
class Word(Kind):
    """One of a few words."""

    choices: tuple[str, ...]

    def checked(self, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return value

    def described(self) -> str:
        return ", ".join(self.choices)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.choices)}


@dataclass(frozen=True)
class Flag(Kind):
    """True or False."""

    def checked(self, value: Any) -> Any:
        if type(value) is not bool:
            raise ValueError("must be True or False")
        return value

    def described(self) -> str:
        return "flag"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Names(Kind):
    """Names; on the command line with commas between them."""

    def checked(self, value: Any) -> Any:
        return listed(value, str, "a list of names")

    def parsed(self, text: str) -> Any:
        return dict.fromkeys(name.strip() for name in text.split(",") if name.strip())

    def described(self) -> str:
        return "names, with commas between them"

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 1000}}


@dataclass(frozen=True)
class Vertices(Kind):
    """Indices of vertices. The command line and the manifest name a file, read above this room."""

    def checked(self, value: Any) -> Any:
        found = listed(value, Integral, "a list of vertex indices")
        return found if all(type(i) is int for i in found) else tuple(map(int, found))

    def described(self) -> str:
        return "file: a JSON list, or one index a line"

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "integer", "minimum": 0}}


def listed(value: Any, kind: Any, what: str) -> tuple[Any, ...]:
    """The items as a tuple; the same one where it is one already."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"must be {what}")
    found = value if isinstance(value, tuple) else tuple(value)
    if not all(isinstance(item, kind) for item in found):
        raise ValueError(f"must be {what}")
    return found


def is_number(text: str) -> bool:
    """Whether ``float`` reads it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Definition:
    """What there is to say about one option beside its name and default.

    Attributes:
        kind: the values it takes.
        help: for the command line and the table.
        step: the transform that it is for, one of ``options.STEPS``.
        keyword: the keyword of the transform that takes the value. None: the value decides whether
            the step runs, or what it may touch.
        flag: on the command line, and without the dashes the key in a manifest.
        metavar: how the help calls the value.
        needs: another field and the values of it with which this one has an effect.
    """

    kind: Kind
    help: str
    step: str
    keyword: str | None = None
    flag: str = ""
    metavar: str | None = None
    needs: tuple[str, tuple[str, ...]] | None = None


def option(default: Any, kind: Kind, help: str, **more: Any) -> Any:
    """A field of ``Options``."""
    return field(default=default, metadata={"definition": Definition(kind, help, **more)})
