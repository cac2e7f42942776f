"""How much one pickle may ask for, and how it is refused."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from ...errors import ModelReadError
from ...records.contents import Limits, ObjectArray, Sparse
from .names import ByteText, Call, Dict, LongText, Persistent, Set

_SLACK = 1 << 28
_Kind = TypeVar("_Kind")


class Budget:
    """Counts values and bytes before they are made.

    Attributes:
        limits: how much the pickle may ask for.
    """

    def __init__(self, *, limits: Limits, n_bytes: int) -> None:
        self.limits = limits
        self._n_values = 0
        # Records can be shared, so a small file can ask for much. Honest ones need each byte they
        # bring twice at most: once as text, once as the body of an array.
        self._n_bytes_left = 2 * n_bytes + _SLACK

    def error(self, message: str, offset: int | None = None) -> ModelReadError:
        """Why the file is refused."""
        return ModelReadError(message, offset=offset)

    def expect(
        self, value: object, kind: type[_Kind], what: str, offset: int | None = None
    ) -> _Kind:
        """The same value, which is of this kind."""
        if not isinstance(value, kind):
            raise self.error(f"{described(value)} was found where {what} belongs", offset)
        return value

    def charge(self, n_bytes: int, offset: int | None = None) -> None:
        """Count memory before it is taken."""
        self._n_bytes_left -= n_bytes
        if self._n_bytes_left < 0:
            raise self.error("the pickle unfolds into far more than its own size", offset)

    def count(self, n_values: int) -> None:
        """Count values before they are made."""
        self._n_values += n_values
        if self._n_values > self.limits.opcodes:
            raise self.error(f"the pickle unfolds into more than {self.limits.opcodes} values")

    @property
    def n_left(self) -> int:
        """How many values may still be made."""
        return self.limits.opcodes - self._n_values


def described(value: object) -> str:
    if isinstance(value, Call):
        return value.name.spelling
    return _DESCRIBED.get(type(value), f"a value of type {type(value).__name__}")


_DESCRIBED: dict[type, str] = {
    type(None): "nothing",
    ByteText: "text",
    LongText: "text",
    str: "text",
    bytes: "bytes",
    memoryview: "bytes",
    Dict: "a dict",
    dict: "a dict",
    Set: "a set",
    set: "a set",
    list: "a list",
    tuple: "a tuple",
    np.ndarray: "an array",
    ObjectArray: "an array of objects",
    Sparse: "a sparse matrix",
    Persistent: "a tensor's storage",
}
