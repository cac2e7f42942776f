"""The names that a pickle may name, and the inert records that a pickle becomes.

A pickle names functions and classes, and Python's own machine imports and calls them. Here a name
is a row in a table and a call is a record of what the file asked for; ``values`` knows, for
each name on the list, which plain value is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Meaning(Enum):
    """What a name stands for, however the file spells it."""

    ARRAY = auto()  # numpy's _reconstruct; BUILD brings the contents
    ARRAY_CLASS = auto()
    DTYPE = auto()
    SCALAR = auto()
    BUFFER_ARRAY = auto()  # numpy's _frombuffer, protocol 5
    ENCODE = auto()  # how Python 3 spells bytes before protocol 3
    BYTES = auto()
    SET = auto()
    ORDERED_DICT = auto()
    OBJECT_CLASS = auto()
    RECONSTRUCTOR = auto()  # how instances are made before protocol 2
    CSC = auto()
    CSR = auto()
    COO = auto()
    CH = auto()
    SELECT = auto()


SPARSE = frozenset({Meaning.CSC, Meaning.CSR, Meaning.COO})
CLASSES = SPARSE | {Meaning.CH, Meaning.SELECT}

# Which opcode may do what with a name. Whatever is not in here is refused by that opcode.
REDUCIBLE = frozenset(Meaning) - CLASSES - {Meaning.ARRAY_CLASS, Meaning.OBJECT_CLASS}
BUILDABLE = CLASSES | {Meaning.ARRAY, Meaning.DTYPE, Meaning.RECONSTRUCTOR}


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the list as the file spells it: ``scipy.sparse.csc.csc_matrix``."""

    meaning: Meaning
    spelling: str


_MEANINGS = {
    ("numpy.core.multiarray", "_reconstruct"): Meaning.ARRAY,
    ("numpy._core.multiarray", "_reconstruct"): Meaning.ARRAY,
    ("numpy", "ndarray"): Meaning.ARRAY_CLASS,
    ("numpy", "dtype"): Meaning.DTYPE,
    ("numpy.core.multiarray", "scalar"): Meaning.SCALAR,
    ("numpy._core.multiarray", "scalar"): Meaning.SCALAR,
    ("numpy.core.numeric", "_frombuffer"): Meaning.BUFFER_ARRAY,
    ("numpy._core.numeric", "_frombuffer"): Meaning.BUFFER_ARRAY,
    ("_codecs", "encode"): Meaning.ENCODE,
    ("builtins", "bytes"): Meaning.BYTES,
    ("__builtin__", "bytes"): Meaning.BYTES,
    ("builtins", "set"): Meaning.SET,
    ("__builtin__", "set"): Meaning.SET,
    ("collections", "OrderedDict"): Meaning.ORDERED_DICT,
    ("builtins", "object"): Meaning.OBJECT_CLASS,
    ("__builtin__", "object"): Meaning.OBJECT_CLASS,
    ("copyreg", "_reconstructor"): Meaning.RECONSTRUCTOR,
    ("copy_reg", "_reconstructor"): Meaning.RECONSTRUCTOR,
    ("scipy.sparse", "csc_matrix"): Meaning.CSC,
    ("scipy.sparse", "csr_matrix"): Meaning.CSR,
    ("scipy.sparse", "coo_matrix"): Meaning.COO,
    ("scipy.sparse.csc", "csc_matrix"): Meaning.CSC,
    ("scipy.sparse.csr", "csr_matrix"): Meaning.CSR,
    ("scipy.sparse.coo", "coo_matrix"): Meaning.COO,
    ("scipy.sparse._csc", "csc_matrix"): Meaning.CSC,
    ("scipy.sparse._csr", "csr_matrix"): Meaning.CSR,
    ("scipy.sparse._coo", "coo_matrix"): Meaning.COO,
    ("scipy.sparse._csc", "csc_array"): Meaning.CSC,
    ("scipy.sparse._csr", "csr_array"): Meaning.CSR,
    ("scipy.sparse._coo", "coo_array"): Meaning.COO,
    ("chumpy.ch", "Ch"): Meaning.CH,
    ("chumpy.reordering", "Select"): Meaning.SELECT,
}

# Exact pairs: no prefixes, no other spellings, no dotted names.
ALLOWED = {pair: Name(meaning, ".".join(pair)) for pair, meaning in _MEANINGS.items()}


# The machine's records. None of them is ever hashed or compared by what is inside, so that keys
# made to collide cost nothing. ``offset`` is the byte at which a record came to be.


@dataclass(slots=True, eq=False)
class Dict:
    """Keys and values in the file's order; nothing is known yet about the keys."""

    pairs: list[tuple[object, object]]
    offset: int


@dataclass(slots=True, eq=False)
class Set:
    items: list[object]
    offset: int


@dataclass(slots=True, eq=False)
class ByteText:
    """Python 2's ``str``: text or bytes, nobody can tell."""

    body: bytes | memoryview


@dataclass(slots=True, eq=False)
class LongText:
    """Text too long to decode before it is known what for, and its encoding in the file."""

    body: memoryview
    encoding: str
    offset: int


@dataclass(slots=True, eq=False)
class Call:
    """What the file asked to be called, with which arguments, and the state BUILD brought."""

    name: Name
    args: tuple[object, ...]
    offset: int
    state: object = None
    built: bool = False
    items: Dict | None = None  # what SETITEM and SETITEMS put into an OrderedDict
