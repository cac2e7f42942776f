"""The names that a pickle may name, and the inert records that a pickle becomes.

A pickle names functions and classes, and Python's own machine imports and calls them. Here a name
is a row in a table and a call is a record of what the file asked for; ``values`` knows, for
each name on the list, which plain value is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from ...errors import shown
from ..mistaken import JOBLIB_AGAIN

SAVE_ARRAYS = "Save a dict of the model's arrays instead, under SMPL's keys."
ARRAYS_FOR_LISTS = "Where numbers lie in lists, save arrays: {k: np.array(v) for k, v in d.items()}"


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
    DICT_CLASS = auto()
    RECONSTRUCTOR = auto()  # how instances are made before protocol 2
    CSC = auto()
    CSR = auto()
    COO = auto()
    BSR = auto()
    DIA = auto()
    LIL = auto()
    DOK = auto()
    CH = auto()
    SELECT = auto()
    # torch
    TENSOR = auto()
    TENSOR_OF_DTYPE = auto()  # as TENSOR, with the dtype apart from the storage
    PARAMETER = auto()
    SUBCLASS = auto()  # a tensor with attributes of its own
    SPARSE_TENSOR = auto()
    LAYOUT = auto()
    SIZE = auto()
    DEVICE = auto()
    STORAGE_FILE = auto()  # a storage as a file of its own, inside the pickle
    STORAGE_CLASS = auto()
    TENSOR_CLASS = auto()
    TORCH_DTYPE = auto()


SPARSE = frozenset(
    {
        Meaning.CSC,
        Meaning.CSR,
        Meaning.COO,
        Meaning.BSR,
        Meaning.DIA,
        Meaning.LIL,
        Meaning.DOK,
    }
)
CLASSES = SPARSE | {Meaning.CH, Meaning.SELECT}
TENSORS = frozenset(
    {
        Meaning.TENSOR,
        Meaning.TENSOR_OF_DTYPE,
        Meaning.PARAMETER,
        Meaning.SPARSE_TENSOR,
    }
)
# Names that are arguments of others and nothing by themselves.
ARGUMENTS = frozenset(
    {
        Meaning.ARRAY_CLASS,
        Meaning.OBJECT_CLASS,
        Meaning.DICT_CLASS,
        Meaning.STORAGE_CLASS,
        Meaning.TENSOR_CLASS,
        Meaning.TORCH_DTYPE,
    }
)

# Which opcode may do what with a name. Whatever is not in here is refused by that opcode.
REDUCIBLE = frozenset(Meaning) - CLASSES - ARGUMENTS
# An OrderedDict's state is what torch says about the modules of a state_dict; it is not read.
BUILDABLE = CLASSES | {
    Meaning.ARRAY,
    Meaning.DTYPE,
    Meaning.RECONSTRUCTOR,
    Meaning.ORDERED_DICT,
}


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the list as the file spells it: ``scipy.sparse.csc.csc_matrix``."""

    meaning: Meaning
    spelling: str


_MEANINGS = {
    ("numpy.core.multiarray", "_reconstruct"): Meaning.ARRAY,
    ("numpy._core.multiarray", "_reconstruct"): Meaning.ARRAY,
    ("numpy", "ndarray"): Meaning.ARRAY_CLASS,
    ("numpy", "matrix"): Meaning.ARRAY_CLASS,
    ("numpy.matrixlib.defmatrix", "matrix"): Meaning.ARRAY_CLASS,
    ("numpy.core.defmatrix", "matrix"): Meaning.ARRAY_CLASS,
    ("numpy", "memmap"): Meaning.ARRAY_CLASS,
    ("numpy.core.memmap", "memmap"): Meaning.ARRAY_CLASS,
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
    ("builtins", "dict"): Meaning.DICT_CLASS,
    ("__builtin__", "dict"): Meaning.DICT_CLASS,
    ("copyreg", "_reconstructor"): Meaning.RECONSTRUCTOR,
    ("copy_reg", "_reconstructor"): Meaning.RECONSTRUCTOR,
    ("chumpy.ch", "Ch"): Meaning.CH,
    ("chumpy.reordering", "Select"): Meaning.SELECT,
    ("torch._utils", "_rebuild_tensor"): Meaning.TENSOR,
    ("torch._utils", "_rebuild_tensor_v2"): Meaning.TENSOR,
    ("torch._utils", "_rebuild_tensor_v3"): Meaning.TENSOR_OF_DTYPE,
    ("torch._utils", "_rebuild_parameter"): Meaning.PARAMETER,
    ("torch._utils", "_rebuild_parameter_with_state"): Meaning.PARAMETER,
    ("torch._utils", "_rebuild_sparse_tensor"): Meaning.SPARSE_TENSOR,
    ("torch._tensor", "_rebuild_from_type"): Meaning.SUBCLASS,
    ("torch._tensor", "_rebuild_from_type_v2"): Meaning.SUBCLASS,
    ("torch.tensor", "_rebuild_from_type"): Meaning.SUBCLASS,
    ("torch", "Tensor"): Meaning.TENSOR_CLASS,
    ("torch.nn.parameter", "Parameter"): Meaning.TENSOR_CLASS,
    ("torch.serialization", "_get_layout"): Meaning.LAYOUT,
    ("torch", "Size"): Meaning.SIZE,
    ("torch", "device"): Meaning.DEVICE,
    ("torch.storage", "_load_from_bytes"): Meaning.STORAGE_FILE,
    ("torch.storage", "UntypedStorage"): Meaning.STORAGE_CLASS,
}
for _module in ("scipy.sparse", "scipy.sparse.{}", "scipy.sparse._{}"):
    for _kind in SPARSE:
        _layout = _kind.name.lower()
        _MEANINGS[_module.format(_layout), f"{_layout}_matrix"] = _kind
        _MEANINGS[_module.format(_layout), f"{_layout}_array"] = _kind

# A tensor's numbers lie in a storage, whose class says their type: numpy's code for it, or where
# numpy has none, a word and the size of one.
STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
    "UntypedStorage": "u1",
    "BFloat16Storage": "bfloat16_2",
    "ComplexFloatStorage": "complex64_8",
    "ComplexDoubleStorage": "complex128_16",
    "QInt8Storage": "quantized_1",
    "QInt32Storage": "quantized_4",
    "QUInt8Storage": "quantized_1",
}
TORCH_DTYPES = {
    "float64": "f8",
    "float32": "f4",
    "float16": "f2",
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint64": "u8",
    "uint32": "u4",
    "uint16": "u2",
    "uint8": "u1",
    "bool": "b1",
    "bfloat16": "bfloat16_2",
    "complex64": "complex64_8",
    "complex128": "complex128_16",
}
for _name in STORAGES:
    _MEANINGS["torch", _name] = Meaning.STORAGE_CLASS
for _name in TORCH_DTYPES:
    _MEANINGS["torch", _name] = Meaning.TORCH_DTYPE

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
    """Python 2's ``str``: text or bytes; nothing says which."""

    body: bytes | memoryview


@dataclass(slots=True, eq=False)
class LongText:
    """Text too long to decode before it is known what for, and its encoding in the file."""

    body: memoryview
    encoding: str
    offset: int


@dataclass(slots=True, eq=False)
class Persistent:
    """Something that lies outside the pickle, as the file describes it: torch's storages."""

    about: object
    offset: int


@dataclass(slots=True, eq=False)
class Call:
    """What the file asked to be called, with which arguments, and the state BUILD brought."""

    name: Name
    args: tuple[object, ...]
    offset: int
    state: object = None
    built: bool = False
    items: Dict | None = None  # what SETITEM and SETITEMS put into a dict


def refusal(module: str, name: str) -> tuple[str, str | None]:
    """Why a name that is not on the list is refused, and what to do, if that is known."""
    full = shown(f"{module}.{name}")
    if "joblib" in module.split("."):
        return "joblib wrote this file, in a format of its own; nothing was run", JOBLIB_AGAIN
    if name[:1].isupper() and module.split(".")[0] not in ("builtins", "__builtin__"):
        hint = "Save np.array(value) in its place." if module.startswith("chumpy.") else SAVE_ARRAYS
        return f"the file holds an object of the class {full}; nothing was run", hint
    plain = full in ("builtins.complex", "__builtin__.complex", "collections.defaultdict")
    known = plain or module.startswith("numpy.")
    message = f"the pickle asks for {full}, which no model file needs; nothing was run"
    return message, SAVE_ARRAYS if known else None
