"""What follows an opcode in a pickle: numbers, text and bytes, checked as they are taken."""

from __future__ import annotations

import codecs
import re
import struct

from ...errors import ModelReadError, shown
from ...records.contents import Limits
from .names import ByteText, LongText
from .opcodes import Op

# Longer text is left undecoded: in a model file it is the body of an array.
_SHORT_TEXT = 1 << 14
# Decoded text can take four times its size in the file.
_ALL_SHORT_TEXT = 1 << 26
# Longer bodies stay views of the file. A view alone takes 200 bytes.
_SHORT_BYTES = 1 << 10
# The widest number line that Python 2 or 3 writes for 64 bits: a float, or a long with its L.
_NUMBER_LINE = 32

_NEWLINE = re.compile(rb"\n")
INT = re.compile(rb"[+-]?\d{1,20}")
LONG = re.compile(rb"[+-]?\d{1,20}L?")
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

    def error(self, message: str) -> ModelReadError:
        """Why the pickle is refused; ``{op}`` in the message becomes the opcode's name."""
        message = message.replace("{op}", _opcode_name(self.op))
        return ModelReadError(message, offset=self.offset)

    @property
    def n_left(self) -> int:
        """Bytes not read yet."""
        return len(self._view) - self._next

    def next_opcode(self) -> int:
        self.offset = self._next
        if self._next == len(self._view):
            raise self.error("the pickle is cut short")
        self.op = self._view[self._next]
        self._next += 1
        return self.op

    def take(self, n_bytes: int) -> memoryview:
        if n_bytes > self.n_left:
            raise self.error("the pickle is cut short inside {op}")
        self._next += n_bytes
        return self._view[self._next - n_bytes : self._next]

    def line(self) -> memoryview:
        end = _NEWLINE.search(self._view, self._next)
        if end is None:
            raise self.error("the pickle is cut short inside {op}")
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
            raise self.error(f"{{op}} with {shown(text)}, which is no number of ours")
        return text

    def integer_line(self) -> int:
        """Protocol 0 spells booleans as integers with a leading zero."""
        text = self.number_line(INT)
        return text == b"01" if text in (b"00", b"01") else self._bounded(int(text))

    def long_line(self) -> int:
        return self._bounded(int(self.number_line(LONG).rstrip(b"L")))

    def long(self, n_bytes: int) -> int:
        if n_bytes > 9:  # 64 bits and a sign
            raise self.error(f"{{op}} with an integer of {n_bytes} bytes")
        return self._bounded(int.from_bytes(self.take(n_bytes), "little", signed=True))

    def _bounded(self, value: int) -> int:
        # No array holds more than 64 bits. Beyond them numbers could also be chosen to share one
        # hash, which makes a dictionary of them take minutes.
        if not -(1 << 63) <= value < 1 << 64:
            raise self.error("{op} with an integer of more than 64 bits")
        return value

    def double(self) -> float:
        return float(struct.unpack(">d", self.take(8))[0])

    # Text and bytes

    def bytes(self, n_bytes: int) -> bytes | memoryview:
        body = self.take(n_bytes)
        return body if n_bytes > _SHORT_BYTES else bytes(body)

    def repr_line(self) -> ByteText:
        line = self.line()
        if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
            raise self.error("{op} without quotes")
        if not _REPR.fullmatch(line[1:-1]):
            raise self.error("{op} with an escape that Python never writes")
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
            raise self.error(f"{{op}} with text that is no {encoding}") from None
        if _SURROGATE.search(text):
            raise self.error("{op} with half a character (a lone surrogate)")
        return text


def _opcode_name(code: int) -> str:
    return Op(code).name if code in set(Op) else f"0x{code:02x}"
