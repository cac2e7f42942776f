"""What the pickle machine's records mean: plain values, by rules of our own."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from ...errors import ModelReadError, shown
from ...records.contents import Limits, ObjectArray, Sparse
from .budget import Budget, described
from .names import (
    CLASSES,
    ByteText,
    Call,
    Dict,
    LongText,
    Meaning,
    Name,
    Persistent,
    Set,
)

# Python 2 has one type for text and bytes. Up to here it is taken for text. No key is longer.
_SHORT = 4096
_PIECE = 1 << 20
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})


class Values(Budget):
    """Turns the records of one pickle into values.

    Attributes:
        calls: what each callable that a file may name gives, see ``calls.py``.
        storages: what lies outside the pickle, in a file of torch's.
        notes: by the id of a dict, for each of its keys: how the value was stored, where that is
            not plain.
    """

    def __init__(
        self,
        calls: Mapping[Meaning, Callable[[Values, Call], object]],
        *,
        limits: Limits,
        n_bytes: int,
        storages: Mapping[str, memoryview] | None = None,
    ) -> None:
        super().__init__(limits=limits, n_bytes=n_bytes)
        self.calls = calls
        self.storages = storages or {}
        self.notes: dict[int, dict[Any, str]] = {}
        self._depth = 0
        self._shared: dict[int, object] = {}  # by id of the Call, which the record tree keeps

    def value(self, record: object) -> Any:
        """The value that ``record`` stands for, all the way down.

        Raises:
            ModelReadError: it stands for none, or for more than the limits allow.
        """
        self.count(1)
        if type(record) in _PLAIN:
            return record
        self._depth += 1
        if self._depth > self.limits.depth:
            raise self.error(f"nested deeper than {self.limits.depth} levels, or in itself")
        value = _VALUES[type(record)](self, record)
        self._depth -= 1
        return value

    def note(self, record: object, value: object) -> str | None:
        """How the value was stored, where that is not plain."""
        if isinstance(value, ObjectArray):
            return "object array"
        if isinstance(record, Call) and self.class_of(record).meaning in CLASSES:
            return self.class_of(record).spelling
        if isinstance(record, Call) and record.name.meaning is Meaning.ARRAY:
            (cls, *_) = record.args
            return None if cls.spelling == "numpy.ndarray" else cls.spelling  # type: ignore[attr-defined]
        return None

    # Text and bytes

    def text(self, record: object, what: str, offset: int) -> str:
        """Short text, from Python 2 or 3."""
        if isinstance(record, ByteText):
            record = self.value(record)
        return self.expect(record, str, what, offset)

    def body(self, record: object, offset: int) -> memoryview:
        """The bytes of an array, in whichever way the file spells bytes."""
        if isinstance(record, ByteText):
            record = record.body
        if isinstance(record, bytes | memoryview):
            return memoryview(record)
        if isinstance(record, str | LongText):
            return memoryview(self._latin1(record, offset))
        if isinstance(record, Call):
            return memoryview(self.expect(self.value(record), bytes, "bytes", offset))
        raise self.error(
            f"{described(record)} was found where the body of an array belongs", offset
        )

    def bytes_of(self, body: bytes | memoryview) -> bytes:
        self.charge(len(body))
        return bytes(body)

    def byte_text(self, record: ByteText) -> str | bytes:
        body = self.bytes_of(record.body)
        if len(body) > _SHORT:
            return body
        # ASCII is the same in both.
        return body.decode("latin-1")

    def long_text(self, record: LongText) -> NoReturn:
        raise self.error(f"a text of {len(record.body)} bytes is too long", record.offset)

    def encoded(self, call: Call) -> bytes:
        """``_codecs.encode(text, "latin1")``: the bytes of Python 3 in protocols 0 to 2."""
        match call.args:
            case (str() | LongText() as text, "latin1"):
                return self._latin1(text, call.offset)
        raise self.error("_codecs.encode of anything but text to latin1 is refused", call.offset)

    def empty_bytes(self, call: Call) -> bytes:
        if call.args:
            raise self.error(f"{call.name.spelling} with arguments is refused", call.offset)
        return b""

    def _latin1(self, text: str | LongText, offset: int) -> bytes:
        self.charge(len(text if isinstance(text, str) else text.body), offset)
        try:
            return text.encode("latin-1") if isinstance(text, str) else b"".join(_pieces(text))
        except UnicodeError:
            raise self.error("bytes spelled as text that is not latin-1", offset) from None

    # Containers

    def list_of(self, items: list[object]) -> list[object]:
        return [self.value(item) for item in items]

    def tuple_of(self, items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple([self.value(item) for item in items])

    def dict_of(self, record: Dict | Call) -> dict[Any, object]:
        found, notes = {}, {}
        for key, item in self.pairs(record):
            try:
                found[key] = self.value(item)
            except ModelReadError as error:
                error.key = error.key or (key if isinstance(key, str) else None)
                raise
            if note := self.note(item, found[key]):
                notes[key] = note
        if notes:
            self.notes[id(found)] = notes
        return found

    def set_of(self, record: Set | Call) -> set[Any]:
        items = record.items if isinstance(record, Set) else self._listed(record)
        return {key for key, _ in self._unique([(item, None) for item in items], record.offset)}

    def pairs(self, record: Dict | Call) -> list[tuple[Any, object]]:
        """Keys, and the records of their values, of a dict or OrderedDict in the file's order."""
        if isinstance(record, Dict):
            return self._unique(record.pairs, record.offset)
        given: list[Any] = self._listed(record)
        if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in given):
            raise self.error("an OrderedDict of something else than pairs", record.offset)
        later = record.items.pairs if record.items else []
        return self._unique([*map(tuple, given), *later], record.offset)

    def _listed(self, call: Call) -> list[object]:
        """The only argument, a list, or nothing."""
        match call.args:
            case ():
                return []
            case (list() as items,):
                return items
        raise self.error(f"{call.name.spelling} of anything but a list is refused", call.offset)

    def _unique(
        self, pairs: Sequence[tuple[object, object]], offset: int
    ) -> list[tuple[Any, object]]:
        named = {}
        for record, item in pairs:
            key = self._key(record, offset)
            if key in named:
                raise self.error(f"{shown(repr(key))} appears twice in one dict or set", offset)
            named[key] = item
        return list(named.items())

    def _key(self, record: object, offset: int) -> Any:
        """Text, bytes, a number, a boolean or None; tuples could be made to share one hash."""
        key = self.value(record)
        if isinstance(key, np.ndarray) and key.shape == ():
            key = key.item()
        if isinstance(key, int) and not -(1 << 63) <= key < 1 << 64:
            # They could be chosen to share one hash, which makes a dict of them take minutes.
            raise self.error("a key that is an integer of more than 64 bits", offset)
        if type(key) not in _PLAIN:
            raise self.error(f"{described(key)} was found where a key belongs", offset)
        if isinstance(key, str | bytes) and len(key) > _SHORT:
            raise self.error(f"a key of {len(key)} characters is too long", offset)
        return key

    # Calls

    def called(self, call: Call) -> object:
        if id(call) in self._shared:
            return self._shared[id(call)]
        value = self.calls[self.class_of(call).meaning](self, call)
        # Only these are shared. A list in many places is many lists, or a file of a few bytes
        # could hold a tree too large to walk.
        if isinstance(value, np.ndarray | bytes | Sparse):
            self._shared[id(call)] = value
        return value

    def class_of(self, call: Call) -> Name:
        """The name that is called; for ``_reconstructor(class, object, None)``, the class."""
        if call.name.meaning is not Meaning.RECONSTRUCTOR:
            return call.name
        match call.args:
            case (Name() as cls, Name(meaning=Meaning.OBJECT_CLASS), None) if (
                cls.meaning in CLASSES
            ):
                return cls
            case (Name(meaning=Meaning.DOK) as cls, Name(meaning=Meaning.DICT_CLASS), Dict()):
                return cls
        raise self.error("an object of a class that no model file needs is refused", call.offset)

    def attributes(self, call: Call) -> dict[Any, object]:
        """The state of an instance, its values still records: most are never looked at."""
        if not isinstance(call.state, Dict):
            raise self.error(
                f"a {self.class_of(call).spelling} without its attributes", call.offset
            )
        return dict(self.pairs(call.state))

    def bare_name(self, name: Name) -> str:
        if name.meaning is Meaning.TORCH_DTYPE:
            return name.spelling
        raise self.error(f"{name.spelling} was found where a value belongs")

    def outside(self, record: Persistent) -> NoReturn:
        raise self.error(
            "the pickle asks for what only the program that wrote it has; nothing was run",
            record.offset,
        )


def _pieces(text: LongText) -> Iterator[bytes]:
    """Latin-1, bit by bit: a single wide character makes Python take four bytes for every one."""
    decoder = codecs.getincrementaldecoder(text.encoding)()
    for start in range(0, len(text.body), _PIECE):
        yield decoder.decode(text.body[start : start + _PIECE]).encode("latin-1")
    yield decoder.decode(b"", final=True).encode("latin-1")


_VALUES: dict[type, Callable[[Values, Any], object]] = {
    memoryview: Values.bytes_of,
    ByteText: Values.byte_text,
    LongText: Values.long_text,
    list: Values.list_of,
    tuple: Values.tuple_of,
    Dict: Values.dict_of,
    Set: Values.set_of,
    Call: Values.called,
    Name: Values.bare_name,
    Persistent: Values.outside,
}
