"""A pickle machine that runs nothing: opcodes in, inert records out.

Python's own machine imports what a file names and calls it; numpy's and scipy's classes then trust
the state they are given. This one knows numbers, text, containers and the names of
``pickle_names.ALLOWED``. It makes no array and no dictionary: a call is a record, a dictionary is a
list of pairs, a large body is a view of the file. ``pickle_values`` turns the records into values.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable

from ..errors import ModelReadError, shown
from .contents import Limits
from .pickle_names import (
    ALLOWED,
    BUILDABLE,
    CLASSES,
    REDUCIBLE,
    ByteText,
    Call,
    Dict,
    LongText,
    Meaning,
    Name,
    Set,
)
from .pickle_opcodes import Op

# Longer text is left undecoded: in a model file it is the body of an array.
_SHORT_TEXT = 1 << 14
# Decoded text can take four times its size in the file.
_ALL_SHORT_TEXT = 1 << 26
# The widest number line that Python 2 or 3 writes for 64 bits: a long, its sign and its L.
_NUMBER_LINE = 32

_INT = re.compile(rb"[+-]?\d{1,20}")
_LONG = re.compile(rb"[+-]?\d{1,20}L?")
_FLOAT = re.compile(rb"[+-]?(?:\d{1,24}(?:\.\d{0,24})?(?:e[+-]?\d{1,3})?|inf|nan)", re.IGNORECASE)
_NEWLINE = re.compile(rb"\n")
# What repr() writes: Python's decoder warns at other escapes and keeps them. The quantifiers are
# possessive, so that a body of any length takes no memory here.
_REPR = re.compile(rb"""(?s)(?:[^\\]++|\\(?:[nrt'"\\]|x[0-9a-fA-F]{2}))*+""")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Machine:
    """One run over one pickle; ``run`` gives the record of its top-level value."""

    def __init__(
        self, buffer: memoryview | bytes, *, path: str | None, key: str | None, limits: Limits
    ) -> None:
        self._view = memoryview(buffer).toreadonly().cast("B")
        self._path = path
        self._key = key
        self._limits = limits
        self._next = 0  # where the next byte is read
        self._offset = 0  # where the opcode at work stands
        self._op = 0
        self._stack: list[object] = []
        self._outer: list[list[object]] = []  # the stacks below the open marks
        self._memo: dict[int, object] = {}
        self._n_text = 0

    def run(self) -> object:
        """The record of the pickle's only value.

        Raises:
            ModelReadError: an opcode or a name that smplprep does not follow, a damaged pickle, or
                one over the limits; the message names it, and nothing in the file was run.
        """
        view, handlers = self._view, _HANDLERS
        for _ in range(self._limits.opcodes):
            self._offset = self._next
            if self._next == len(view):
                raise self._error("the pickle is cut short")
            self._op = view[self._next]
            self._next += 1
            if self._op == Op.STOP:
                return self._result()
            handler = handlers.get(self._op)
            if handler is None:
                raise self._error(f"opcode {_name(self._op)} is refused; nothing was run")
            handler(self)
        raise self._error(f"more than {self._limits.opcodes} opcodes")

    def _error(self, message: str) -> ModelReadError:
        return ModelReadError(message, path=self._path, key=self._key, offset=self._offset)

    def _result(self) -> object:
        value = self._pop()
        if self._stack or self._outer:
            raise self._error("the pickle ends with values left over")
        if self._next != len(self._view):
            raise self._error(f"{len(self._view) - self._next} bytes follow the end of the pickle")
        return value

    # Bytes of the file

    def _take(self, n_bytes: int) -> memoryview:
        if n_bytes > len(self._view) - self._next:
            raise self._error(f"the pickle is cut short inside {_name(self._op)}")
        self._next += n_bytes
        return self._view[self._next - n_bytes : self._next]

    def _number(self, width: int) -> int:
        return int.from_bytes(self._take(width), "little")

    def _line(self) -> memoryview:
        end = _NEWLINE.search(self._view, self._next)
        if end is None:
            raise self._error(f"the pickle is cut short inside {_name(self._op)}")
        start, self._next = self._next, end.end()
        return self._view[start : end.start()]

    def _number_line(self, pattern: re.Pattern[bytes]) -> bytes:
        line = self._line()
        text = bytes(line[:_NUMBER_LINE])
        if len(line) > _NUMBER_LINE or not pattern.fullmatch(text):
            raise self._error(f"{_name(self._op)} with {shown(text)}, which is no number of ours")
        return text

    # The stack

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _pop(self) -> object:
        if not self._stack:
            raise self._error(f"{_name(self._op)} finds nothing on the stack")
        return self._stack.pop()

    def _top(self) -> object:
        if not self._stack:
            raise self._error(f"{_name(self._op)} finds nothing on the stack")
        return self._stack[-1]

    def _mark(self) -> None:
        if len(self._outer) == self._limits.depth:
            raise self._error(f"nested deeper than {self._limits.depth} levels")
        self._outer.append(self._stack)
        self._stack = []

    def _pop_mark(self) -> list[object]:
        if not self._outer:
            raise self._error(f"{_name(self._op)} without a mark")
        items, self._stack = self._stack, self._outer.pop()
        return items

    def _pop_or_mark(self) -> None:
        # Python takes the mark for a value here.
        if self._stack:
            self._stack.pop()
        else:
            self._pop_mark()

    # The memo

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise self._error(f"{_name(self._op)} of memo {index}, where nothing was put")
        self._push(self._memo[index])

    def _memo_line(self) -> int:
        return int(self._number_line(_INT))

    # Framing

    def _protocol(self) -> None:
        version = self._number(1)
        if version > 5:
            raise self._error(f"pickle protocol {version} is unknown")

    def _frame(self) -> None:
        if self._number(8) > len(self._view) - self._next:
            raise self._error("FRAME is longer than the pickle")

    # Numbers

    def _integer(self, value: int) -> None:
        # No array holds more than 64 bits. Beyond them numbers could also be chosen to share one
        # hash, which makes a dictionary of them take minutes.
        if not -(1 << 63) <= value < 1 << 64:
            raise self._error(f"{_name(self._op)} with an integer of more than 64 bits")
        self._push(value)

    def _int_line(self) -> None:
        text = self._number_line(_INT)
        if text in (b"00", b"01"):
            self._push(text == b"01")
        else:
            self._integer(int(text))

    def _long(self, n_bytes: int) -> None:
        if n_bytes > 9:  # 64 bits and a sign
            raise self._error(f"{_name(self._op)} with an integer of {n_bytes} bytes")
        self._integer(int.from_bytes(self._take(n_bytes), "little", signed=True))

    # Text and bytes

    def _byte_text(self, n_bytes: int) -> None:
        self._push(ByteText(self._take(n_bytes), self._offset))

    def _string_line(self) -> None:
        line = self._line()
        if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
            raise self._error("STRING without quotes")
        if not _REPR.fullmatch(line[1:-1]):
            raise self._error("STRING with an escape that Python never writes")
        body = codecs.escape_decode(line[1:-1])[0]
        self._push(ByteText(memoryview(body), self._offset))

    def _text(self, body: memoryview, encoding: str = "utf-8") -> None:
        if len(body) > _SHORT_TEXT:
            self._push(LongText(body, encoding, self._offset))
            return
        self._n_text += len(body)
        if self._n_text > _ALL_SHORT_TEXT:
            raise self._error(f"more than {_ALL_SHORT_TEXT} bytes of text")
        try:
            text = str(body, encoding)
        except UnicodeDecodeError:
            raise self._error(f"{_name(self._op)} with text that is no {encoding}") from None
        if _SURROGATE.search(text):
            raise self._error(f"{_name(self._op)} with half a character (a lone surrogate)")
        self._push(text)

    # Containers

    def _append(self, items: list[object]) -> None:
        target = self._top()
        if not isinstance(target, list):
            raise self._error(f"{_name(self._op)} on something that is no list")
        target.extend(items)

    def _add_items(self) -> None:
        items, target = self._pop_mark(), self._top()
        if not isinstance(target, Set):
            raise self._error("ADDITEMS on something that is no set")
        target.items.extend(items)

    def _pairs(self, items: list[object]) -> list[tuple[object, object]]:
        if len(items) % 2:
            raise self._error(f"{_name(self._op)} with a key that has no value")
        return list(zip(items[::2], items[1::2], strict=True))

    def _set_items(self, items: list[object]) -> None:
        target = self._top()
        if isinstance(target, Call) and target.name.meaning is Meaning.ORDERED_DICT:
            target.items = target.items or Dict([], self._offset)
            target = target.items
        if not isinstance(target, Dict):
            raise self._error(f"{_name(self._op)} on something that is no dict")
        target.pairs.extend(self._pairs(items))

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _last(self, n: int) -> tuple[object, ...]:
        return tuple([self._pop() for _ in range(n)][::-1])

    # Names and what is made of them

    def _global(self, module: str, name: str) -> None:
        allowed = ALLOWED.get((module, name))
        if allowed is None:
            full = shown(f"{module}.{name}")
            raise self._error(
                f"{_name(self._op)} names {full}, which smplprep does not follow; nothing was run"
            )
        self._push(allowed)

    def _global_lines(self) -> None:
        # No name of the list is half as long as what is kept, so a cut one never passes for it.
        module = str(self._line()[:200], "latin-1")
        self._global(module, str(self._line()[:200], "latin-1"))

    def _global_of_stack(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise self._error("STACK_GLOBAL without two texts; nothing was run")
        self._global(module, name)

    def _reduce(self) -> None:
        args, function = self._pop(), self._pop()
        self._push(self._call(function, args, REDUCIBLE))

    def _new_object(self) -> None:
        args, cls = self._pop(), self._pop()
        if args != ():
            raise self._error("NEWOBJ with arguments; nothing was run")
        self._push(self._call(cls, args, CLASSES))

    def _call(self, name: object, args: object, callable_here: frozenset[Meaning]) -> Call:
        if not isinstance(name, Name) or not isinstance(args, tuple):
            raise self._error(f"{_name(self._op)} without a name and arguments; nothing was run")
        if name.meaning not in callable_here:
            raise self._error(f"{_name(self._op)} of {name.spelling} is refused; nothing was run")
        return Call(name, args, self._offset)

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if not isinstance(target, Call) or target.name.meaning not in BUILDABLE:
            raise self._error("BUILD on something that has no state; nothing was run")
        if target.built:
            raise self._error(
                f"BUILD on a {target.name.spelling} that was built before; nothing was run"
            )
        target.state, target.built = state, True


def _name(code: int) -> str:
    return Op(code).name if code in set(Op) else f"0x{code:02x}"


def _double(machine: Machine) -> float:
    return float(struct.unpack(">d", machine._take(8))[0])


# Whatever has no row here is refused by name: what calls (INST, OBJ, NEWOBJ_EX), what only the
# program that wrote the file could supply (PERSID, BINPERSID, EXT1/2/4, NEXT_BUFFER,
# READONLY_BUFFER), what no model file needs (FROZENSET), and everything unknown.
_HANDLERS: dict[int, Callable[[Machine], None]] = {
    # Stack and memo
    Op.MARK: lambda m: m._mark(),
    Op.POP: lambda m: m._pop_or_mark(),
    Op.POP_MARK: lambda m: m._pop_mark().clear(),
    Op.DUP: lambda m: m._push(m._top()),
    Op.PUT: lambda m: m._put(m._memo_line()),
    Op.BINPUT: lambda m: m._put(m._number(1)),
    Op.LONG_BINPUT: lambda m: m._put(m._number(4)),
    Op.MEMOIZE: lambda m: m._put(len(m._memo)),
    Op.GET: lambda m: m._get(m._memo_line()),
    Op.BINGET: lambda m: m._get(m._number(1)),
    Op.LONG_BINGET: lambda m: m._get(m._number(4)),
    Op.PROTO: lambda m: m._protocol(),
    Op.FRAME: lambda m: m._frame(),
    # None, booleans and numbers
    Op.NONE: lambda m: m._push(None),
    Op.NEWTRUE: lambda m: m._push(True),
    Op.NEWFALSE: lambda m: m._push(False),
    Op.INT: lambda m: m._int_line(),
    Op.BININT: lambda m: m._push(int.from_bytes(m._take(4), "little", signed=True)),
    Op.BININT1: lambda m: m._push(m._number(1)),
    Op.BININT2: lambda m: m._push(m._number(2)),
    Op.LONG: lambda m: m._integer(int(m._number_line(_LONG).rstrip(b"L"))),
    Op.LONG1: lambda m: m._long(m._number(1)),
    Op.LONG4: lambda m: m._long(m._number(4)),
    Op.FLOAT: lambda m: m._push(float(m._number_line(_FLOAT))),
    Op.BINFLOAT: lambda m: m._push(_double(m)),
    # Text and bytes
    Op.STRING: lambda m: m._string_line(),
    Op.BINSTRING: lambda m: m._byte_text(m._number(4)),
    Op.SHORT_BINSTRING: lambda m: m._byte_text(m._number(1)),
    Op.UNICODE: lambda m: m._text(m._line(), "raw_unicode_escape"),
    Op.BINUNICODE: lambda m: m._text(m._take(m._number(4))),
    Op.SHORT_BINUNICODE: lambda m: m._text(m._take(m._number(1))),
    Op.BINUNICODE8: lambda m: m._text(m._take(m._number(8))),
    Op.BINBYTES: lambda m: m._push(m._take(m._number(4))),
    Op.SHORT_BINBYTES: lambda m: m._push(m._take(m._number(1))),
    Op.BINBYTES8: lambda m: m._push(m._take(m._number(8))),
    Op.BYTEARRAY8: lambda m: m._push(m._take(m._number(8))),
    # Containers
    Op.EMPTY_LIST: lambda m: m._push([]),
    Op.LIST: lambda m: m._push(m._pop_mark()),
    Op.APPEND: lambda m: m._append([m._pop()]),
    Op.APPENDS: lambda m: m._append(m._pop_mark()),
    Op.EMPTY_TUPLE: lambda m: m._push(()),
    Op.TUPLE: lambda m: m._push(tuple(m._pop_mark())),
    Op.TUPLE1: lambda m: m._push(m._last(1)),
    Op.TUPLE2: lambda m: m._push(m._last(2)),
    Op.TUPLE3: lambda m: m._push(m._last(3)),
    Op.EMPTY_DICT: lambda m: m._push(Dict([], m._offset)),
    Op.DICT: lambda m: m._push(Dict(m._pairs(m._pop_mark()), m._offset)),
    Op.SETITEM: lambda m: m._set_item(),
    Op.SETITEMS: lambda m: m._set_items(m._pop_mark()),
    Op.EMPTY_SET: lambda m: m._push(Set([], m._offset)),
    Op.ADDITEMS: lambda m: m._add_items(),
    # Names and what is made of them
    Op.GLOBAL: lambda m: m._global_lines(),
    Op.STACK_GLOBAL: lambda m: m._global_of_stack(),
    Op.REDUCE: lambda m: m._reduce(),
    Op.NEWOBJ: lambda m: m._new_object(),
    Op.BUILD: lambda m: m._build(),
}
