"""A pickle machine that runs nothing: opcodes in, inert records out.

Python's own machine imports what a file names and calls it; numpy's and scipy's classes then trust
the state they are given. This one knows numbers, text, containers and the names of
``names.ALLOWED``. It makes no array and no dictionary: a call is a record, a dictionary is a
list of pairs, a large body is a view of the file. ``values`` turns the records into values.
"""

from __future__ import annotations

from collections.abc import Callable

from ...records.contents import Limits
from .names import (
    ALLOWED,
    ARRAYS_FOR_LISTS,
    BUILDABLE,
    CLASSES,
    REDUCIBLE,
    ByteText,
    Call,
    Dict,
    Meaning,
    Name,
    Persistent,
    Set,
    refusal,
)
from .opcodes import Op
from .operands import FLOAT, INDEX, Operands


class Machine(Operands):
    """One run over one pickle; ``run`` gives the record of its top-level value.

    Attributes:
        persistent: what the pickle says lies outside it, in the order in which it says so.
        n_steps: how many opcodes were read.
    """

    def __init__(self, buffer: memoryview | bytes, *, limits: Limits) -> None:
        super().__init__(buffer, limits=limits)
        self.persistent: list[Persistent] = []
        self.n_steps = 0
        self._stack: list[object] = []
        self._outer: list[list[object]] = []  # the stacks below the open marks
        self._memo: dict[int, object] = {}

    def run(self) -> object:
        """The record of the pickle's only value; the pickle fills the buffer.

        Raises:
            ModelReadError: an opcode or a name that smplprep does not follow, a damaged pickle, or
                one over the limits; the message names it, and nothing in the file was run.
        """
        record = self.run_one()
        if self.n_left:
            raise self.error(f"{self.n_left} bytes follow the end of the pickle")
        return record

    def run_one(self) -> object:
        """The record of the pickle's only value; more may follow in the buffer."""
        for step in range(self.limits.opcodes):
            handler = _HANDLERS.get(self.next_opcode())
            if handler is not None:
                handler(self)
            elif self.op == Op.STOP:
                self.n_steps = step + 1
                return self._result()
            else:
                raise self.error(_REFUSED.get(self.op, "the pickle is damaged or of a new kind"))
        error = self.error(f"the pickle has more than {self.limits.opcodes} parts")
        error.hint = ARRAYS_FOR_LISTS
        raise error

    def _result(self) -> object:
        value = self.pop()
        if self._stack or self._outer:
            raise self.damaged("it ends with values left over")
        return value

    # The stack

    def push(self, value: object) -> None:
        self._stack.append(value)

    def pop(self) -> object:
        self.top()
        return self._stack.pop()

    def top(self) -> object:
        if not self._stack:
            raise self.damaged("a value is missing")
        return self._stack[-1]

    def last(self, n: int) -> tuple[object, ...]:
        return tuple([self.pop() for _ in range(n)][::-1])

    def mark(self) -> None:
        if len(self._outer) == self.limits.depth:
            raise self.error(f"nested deeper than {self.limits.depth} levels")
        self._outer.append(self._stack)
        self._stack = []

    def pop_mark(self) -> list[object]:
        if not self._outer:
            raise self.damaged("it closes what it did not open")
        items, self._stack = self._stack, self._outer.pop()
        return items

    def drop(self) -> None:
        """Python takes the mark for a value here."""
        if self._stack:
            self._stack.pop()
        else:
            self.pop_mark()

    # The memo

    def put(self, index: int) -> None:
        self._memo[index] = self.top()

    def memoize(self) -> None:
        self.put(len(self._memo))

    def get(self, index: int) -> None:
        if index not in self._memo:
            raise self.damaged(f"it repeats value {index}, which it never had")
        self.push(self._memo[index])

    # Framing

    def protocol(self, version: int) -> None:
        if version > 5:
            raise self.error(f"pickle protocol {version} is unknown")

    def frame(self, n_bytes: int) -> None:
        if n_bytes > self.n_left:
            raise self.error("the pickle is cut short")

    # Containers

    def append(self, items: list[object]) -> None:
        target = self.top()
        if not isinstance(target, list):
            raise self.damaged("it fills something that is not a list")
        target.extend(items)

    def add(self, items: list[object]) -> None:
        target = self.top()
        if not isinstance(target, Set):
            raise self.damaged("it fills something that is not a set")
        target.items.extend(items)

    def pairs(self, items: list[object]) -> list[tuple[object, object]]:
        if len(items) % 2:
            raise self.damaged("a key has no value")
        return list(zip(items[::2], items[1::2], strict=True))

    def set_items(self, items: list[object]) -> None:
        target = self.top()
        if isinstance(target, Call) and target.name.meaning in (Meaning.ORDERED_DICT, Meaning.DOK):
            target.items = target.items or Dict([], self.offset)
            target = target.items
        if not isinstance(target, Dict):
            raise self.damaged("it fills something that is not a dict")
        target.pairs.extend(self.pairs(items))

    # Names and what is made of them

    def name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise self.damaged("a name is not text")
        if (module, name) not in ALLOWED:
            message, hint = refusal(module, name)
            raise self.error(message, hint)
        self.push(ALLOWED[module, name])

    def name_line(self) -> str:
        # No name of the list is half as long as what is kept, so none is mistaken for one.
        return str(self.line()[:200], "latin-1")

    def call(self, callable_here: frozenset[Meaning], function: object, args: object) -> None:
        if not isinstance(function, Name) or not isinstance(args, tuple):
            raise self.error("the pickle calls something that has no name; nothing was run")
        if function.meaning not in callable_here:
            what = function.spelling
            raise self.error(f"the pickle calls {what}, as no model file does; nothing was run")
        self.push(Call(function, args, self.offset))

    def new_object(self, cls: object, args: object) -> None:
        if args != ():
            raise self.error("an object made with arguments is refused; nothing was run")
        self.call(CLASSES, cls, args)

    def build(self, state: object) -> None:
        target = self.top()
        if not isinstance(target, Call) or target.name.meaning not in BUILDABLE:
            raise self.error("the pickle gives a state to what has none; nothing was run")
        if target.built:
            what = target.name.spelling
            raise self.error(f"the pickle gives two states to a {what}; nothing was run")
        target.state, target.built = state, True

    def outside(self, about: object) -> None:
        self.persistent.append(Persistent(about, self.offset))
        self.push(self.persistent[-1])


_CALLS = "the pickle makes an object in a way that no model file does; nothing was run"
_ELSEWHERE = "the pickle asks for what only the program that wrote it has; nothing was run"
_REFUSED: dict[int, str] = {
    Op.INST: _CALLS,
    Op.OBJ: _CALLS,
    Op.NEWOBJ_EX: _CALLS,
    Op.PERSID: _ELSEWHERE,
    Op.EXT1: _ELSEWHERE,
    Op.EXT2: _ELSEWHERE,
    Op.EXT4: _ELSEWHERE,
    Op.NEXT_BUFFER: _ELSEWHERE,
    Op.READONLY_BUFFER: _ELSEWHERE,
    Op.FROZENSET: "the pickle holds a frozenset, which no model file does; nothing was run",
}

# What has no row here and none in _REFUSED is unknown.
_HANDLERS: dict[int, Callable[[Machine], None]] = {
    # Stack, memo and framing
    Op.MARK: Machine.mark,
    Op.POP: Machine.drop,
    Op.POP_MARK: lambda m: m.pop_mark().clear(),
    Op.DUP: lambda m: m.push(m.top()),
    Op.PUT: lambda m: m.put(int(m.number_line(INDEX))),
    Op.BINPUT: lambda m: m.put(m.number(1)),
    Op.LONG_BINPUT: lambda m: m.put(m.number(4)),
    Op.MEMOIZE: Machine.memoize,
    Op.GET: lambda m: m.get(int(m.number_line(INDEX))),
    Op.BINGET: lambda m: m.get(m.number(1)),
    Op.LONG_BINGET: lambda m: m.get(m.number(4)),
    Op.PROTO: lambda m: m.protocol(m.number(1)),
    Op.FRAME: lambda m: m.frame(m.number(8)),
    # None, booleans and numbers
    Op.NONE: lambda m: m.push(None),
    Op.NEWTRUE: lambda m: m.push(True),
    Op.NEWFALSE: lambda m: m.push(False),
    Op.INT: lambda m: m.push(m.integer_line()),
    Op.BININT: lambda m: m.push(m.long(4)),
    Op.BININT1: lambda m: m.push(m.number(1)),
    Op.BININT2: lambda m: m.push(m.number(2)),
    Op.LONG: lambda m: m.push(m.long_line()),
    Op.LONG1: lambda m: m.push(m.long(m.number(1))),
    Op.LONG4: lambda m: m.push(m.long(m.number(4))),
    Op.FLOAT: lambda m: m.push(float(m.number_line(FLOAT))),
    Op.BINFLOAT: lambda m: m.push(m.double()),
    # Text and bytes
    Op.STRING: lambda m: m.push(m.repr_line()),
    Op.BINSTRING: lambda m: m.push(ByteText(m.bytes(m.number(4)))),
    Op.SHORT_BINSTRING: lambda m: m.push(ByteText(m.bytes(m.number(1)))),
    Op.UNICODE: lambda m: m.push(m.text(m.line(), "raw_unicode_escape")),
    Op.BINUNICODE: lambda m: m.push(m.text(m.take(m.number(4)))),
    Op.SHORT_BINUNICODE: lambda m: m.push(m.text(m.take(m.number(1)))),
    Op.BINUNICODE8: lambda m: m.push(m.text(m.take(m.number(8)))),
    Op.BINBYTES: lambda m: m.push(m.bytes(m.number(4))),
    Op.SHORT_BINBYTES: lambda m: m.push(m.bytes(m.number(1))),
    Op.BINBYTES8: lambda m: m.push(m.bytes(m.number(8))),
    Op.BYTEARRAY8: lambda m: m.push(m.bytes(m.number(8))),
    # Containers
    Op.EMPTY_LIST: lambda m: m.push([]),
    Op.LIST: lambda m: m.push(m.pop_mark()),
    Op.APPEND: lambda m: m.append([m.pop()]),
    Op.APPENDS: lambda m: m.append(m.pop_mark()),
    Op.EMPTY_TUPLE: lambda m: m.push(()),
    Op.TUPLE: lambda m: m.push(tuple(m.pop_mark())),
    Op.TUPLE1: lambda m: m.push(m.last(1)),
    Op.TUPLE2: lambda m: m.push(m.last(2)),
    Op.TUPLE3: lambda m: m.push(m.last(3)),
    Op.EMPTY_DICT: lambda m: m.push(Dict([], m.offset)),
    Op.DICT: lambda m: m.push(Dict(m.pairs(m.pop_mark()), m.offset)),
    Op.SETITEM: lambda m: m.set_items([*m.last(2)]),
    Op.SETITEMS: lambda m: m.set_items(m.pop_mark()),
    Op.EMPTY_SET: lambda m: m.push(Set([], m.offset)),
    Op.ADDITEMS: lambda m: m.add(m.pop_mark()),
    # Names and what is made of them
    Op.GLOBAL: lambda m: m.name(m.name_line(), m.name_line()),
    Op.STACK_GLOBAL: lambda m: m.name(*m.last(2)),
    Op.REDUCE: lambda m: m.call(REDUCIBLE, *m.last(2)),
    Op.NEWOBJ: lambda m: m.new_object(*m.last(2)),
    Op.BUILD: lambda m: m.build(m.pop()),
    Op.BINPERSID: lambda m: m.outside(m.pop()),
}
