"""What follows an opcode in a pickle: numbers, text and bytes, checked as they are taken."""

from __future__ import annotations

import codecs
import re
import struct

from ...errors import ModelReadError, shown
from ...records.contents import Limits
from .names import ByteText, LongText

# Longer text is left undecoded: in a model file it is the body of an array.
_SHORT_TEXT = 1 << 14
# Decoded text can take four times its size in the file.
_ALL_SHORT_TEXT = 1 << 26
# Longer bodies stay views of the file. A view alone takes 200 bytes.
_SHORT_BYTES = 1 << 10
# The widest integer: what an output can hold as a number of the same kind.
_INTEGER_BYTES = 255
_NUMBER_LINE = 620

_NEWLINE = re.compile(rb"\n")
INDEX = re.compile(rb"\d{1,10}")
INT = re.compile(rb"[+-]?\d{1,614}")
LONG = re.compile(rb"[+-]?\d{1,614}L?")
FLOAT = re.compile(rb"[+-]?(?:\d{1,24}(?:\.\d{0,24})?(?:e[+-]?\d{1,3})?|inf|nan)", re.IGNORECASE)
# What repr() writes: Python's decoder warns at other escapes and keeps them. The quantifiers are
# possessive, so that a body of any length takes no memory here.
_REPR = re.compile(rb"""(?s)(?:[^\\]++|\\(?:[nrt'"\\]|x[0-9a-fA-F]{2}))*+""")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Operands:
    """The bytes of a pickle, read from front to back.

    Attributes:
        op, offset: the opcode at work and where it stands, for errors.
    """

    def __init__(self, buffer: memoryview | bytes, *, limits: Limits) -> None:
        self.limits = limits
        self.op = 0
        self.offset = 0
        self._view = memoryview(buffer).toreadonly().cast("B")
        self._next = 0
        self._n_text = 0

    def error(self, message: str, hint: str | None = None) -> ModelReadError:
        """Why the pickle is refused."""
        return ModelReadError(message, offset=self.offset, hint=hint)

    def damaged(self, how: str) -> ModelReadError:
        """Python could not have written this pickle."""
        return self.error(f"the pickle is damaged: {how}")

    @property
    def n_left(self) -> int:
        """Bytes not read yet."""
        return len(self._view) - self._next

    @property
    def end(self) -> int:
        """Where the next byte is read."""
        return self._next

    def next_opcode(self) -> int:
        self.offset = self._next
        if self._next == len(self._view):
            raise self.error("the pickle is cut short")
        self.op = self._view[self._next]
        self._next += 1
        return self.op

    def take(self, n_bytes: int) -> memoryview:
        if n_bytes > self.n_left:
            raise self.error("the pickle is cut short")
        self._next += n_bytes
        return self._view[self._next - n_bytes : self._next]

    def line(self) -> memoryview:
        end = _NEWLINE.search(self._view, self._next)
        if end is None:
            raise self.error("the pickle is cut short")
        start, self._next = self._next, end.end()
        return self._view[start : end.start()]

    # Numbers

    def number(self, width: int) -> int:
        """An unsigned number of ``width`` bytes: a size, or an index of the memo."""
        return int.from_bytes(self.take(width), "little")

    def number_line(self, pattern: re.Pattern[bytes]) -> bytes:
        line = self.line()
        text = bytes(line[:_NUMBER_LINE])
        if len(line) > _NUMBER_LINE or not pattern.fullmatch(text):
            raise self.damaged(f"{shown(text)} is not a number")
        return text

    def integer_line(self) -> int:
        """Protocol 0 spells booleans as integers with a leading zero."""
        text = self.number_line(INT)
        return text == b"01" if text in (b"00", b"01") else int(text)

    def long_line(self) -> int:
        return int(self.number_line(LONG).rstrip(b"L"))

    def long(self, n_bytes: int) -> int:
        if n_bytes > _INTEGER_BYTES:
            raise self.error(f"an integer of {n_bytes} bytes is too long")
        return int.from_bytes(self.take(n_bytes), "little", signed=True)

    def double(self) -> float:
        return float(struct.unpack(">d", self.take(8))[0])

    # Text and bytes

    def bytes(self, n_bytes: int) -> bytes | memoryview:
        body = self.take(n_bytes)
        return body if n_bytes > _SHORT_BYTES else bytes(body)

    def repr_line(self) -> ByteText:
        line = self.line()
        if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
            raise self.damaged("text without quotes")
        if not _REPR.fullmatch(line[1:-1]):
            raise self.damaged("text with an escape that Python never writes")
        return ByteText(codecs.escape_decode(line[1:-1])[0])

    def text(self, body: memoryview, encoding: str = "utf-8") -> str | LongText:
        if len(body) > _SHORT_TEXT:
            return LongText(body, encoding, self.offset)
        self._n_text += len(body)
        if self._n_text > _ALL_SHORT_TEXT:
            raise self.error(f"more than {_ALL_SHORT_TEXT} bytes of text")
        try:
            text = str(body, encoding)
        except UnicodeDecodeError:
            raise self.damaged(f"text that is not {encoding}") from None
        if _SURROGATE.search(text):
            raise self.error("text with half a character (a lone surrogate)")
        return text
