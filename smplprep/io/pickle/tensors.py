"""torch's part of a pickle: tensors as arrays, from the storages that lie beside or inside it.

A tensor is some entries of a storage, by an offset and a stride for each dimension. torch believes
them; here they are compared with the storage first.

Source: torch/_utils.py, torch/serialization.py and torch/storage.py of torch 2.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError, inside
from ...records.contents import Limits, Sparse
from ..npz.npy import as_plain, check_shape
from ..sparse import check_sparse
from .arrays import DTYPE_CODE
from .machine import Machine
from .names import (
    STORAGES,
    TENSORS,
    TORCH_DTYPES,
    ByteText,
    Call,
    Dict,
    Meaning,
    Name,
    Persistent,
)
from .values import Values

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_OPENING = 100  # what a file inside a pickle costs at least, in values


@dataclass(frozen=True, eq=False)
class Saved:
    """What ``torch.save`` put into one file, in the manner of torch before 1.6.

    Attributes:
        record: of the object that was saved.
        storages: key -> bytes, of all that the record says lies outside it.
        n_steps: how many opcodes were read.
    """

    record: object
    storages: dict[str, memoryview]
    n_steps: int


def read_saved(buffer: memoryview, *, limits: Limits) -> Saved:
    """Five pickles (two numbers, the machine, the object, the keys), then the storages.

    Raises:
        ModelReadError: damaged, over the limits, or written on a big-endian machine.
    """
    at, n_steps, records, outside = 0, 0, [], list[Persistent]()
    for _ in range(5):
        machine = Machine(buffer[at:], limits=replace(limits, opcodes=limits.opcodes - n_steps))
        with inside(start=at):
            records.append(machine.run_one())
        at, n_steps = at + machine.end, n_steps + machine.n_steps
        outside += machine.persistent
    match records:
        case [magic, protocol, Dict(pairs=about), record, list() as keys]:
            known = (magic, protocol) == (MAGIC, PROTOCOL)
        case _:
            known = False
    if not known:
        raise ModelReadError("a damaged torch.save file, or one of an unknown kind", offset=0)
    if any(text_of(key) == "little_endian" and value is False for key, value in about):
        raise big_endian()
    sizes = dict(map(_key_and_size, outside))
    storages = {}
    for key in map(text_of, keys):
        n_bytes = sizes.get(key, -1)
        (count,) = struct.unpack("<q", buffer[at : at + 8]) if at + 8 <= len(buffer) else (-1,)
        if key in storages or n_bytes < 0 or not 0 <= count * n_bytes <= len(buffer) - at - 8:
            raise ModelReadError("a torch.save file that is damaged or cut short", offset=at)
        at += 8
        storages[key] = buffer[at : at + count * n_bytes]
        at += count * n_bytes
    if at != len(buffer):
        raise ModelReadError(f"{len(buffer) - at} bytes follow the last tensor", offset=at)
    return Saved(record, storages, n_steps)


def big_endian() -> ModelReadError:
    """A file of another kind of machine."""
    hint = "Load it with torch and save it again on this machine."
    return ModelReadError("torch wrote this file on a big-endian machine", hint=hint)


def text_of(record: object) -> str:
    """Short text as Python 2 or 3 spells it; nothing where it is something else."""
    if isinstance(record, ByteText):
        return str(record.body, "latin-1")
    return record if isinstance(record, str) else ""


def _key_and_size(record: Persistent) -> tuple[object, int]:
    """A storage's key and the bytes that one of its entries takes; -1 where it is not a storage."""
    match record.about:
        case (_, Name(meaning=Meaning.STORAGE_CLASS) as cls, key, *_) if type(text_of(key)) is str:
            return text_of(key), item_size(code_of(cls))
    return None, -1


def code_of(name: Name) -> str:
    """The type of a storage or tensor: numpy's code, or a word and the size of one."""
    last = name.spelling.rpartition(".")[2]
    return STORAGES[last] if name.meaning is Meaning.STORAGE_CLASS else TORCH_DTYPES[last]


def item_size(code: str) -> int:
    """Bytes of one number."""
    return int(code.rpartition("_")[2].lstrip("fiub"))


def tensor_of(values: Values, call: Call) -> NDArray:
    """``_rebuild_tensor*(storage, offset, size, stride, ...)``."""
    match call.args:
        case (storage, int() as start, size, stride, *_):
            return _strided(values, storage, None, start, size, stride, call.offset)
    raise values.error("a tensor without its numbers", call.offset)


def tensor_of_dtype(values: Values, call: Call) -> NDArray:
    """``_rebuild_tensor_v3``: bytes, and the type of the numbers that they hold."""
    match call.args:
        case (storage, int() as start, size, stride, _, _, dtype, *_):
            if isinstance(dtype, Name) and dtype.meaning is Meaning.TORCH_DTYPE:
                code = code_of(dtype)
                return _strided(values, storage, code, start, size, stride, call.offset)
    raise values.error("a tensor without its numbers", call.offset)


def _strided(
    values: Values,
    storage: object,
    code: str | None,
    start: int,
    size: object,
    stride: object,
    offset: int,
) -> NDArray:
    held, body = _storage(values, storage, offset)
    code = code or held
    if not DTYPE_CODE.fullmatch(code):
        what = code.rpartition("_")[0]
        raise ModelReadError(
            f"a tensor of dtype {what}, which numpy does not have",
            offset=offset,
            hint="Save it again after tensor.float().",
        )
    shape, strides = values.value(size), values.value(stride)
    for sizes in (shape, strides):
        if not isinstance(sizes, tuple) or not all(type(n) is int and n >= 0 for n in sizes):
            raise values.error("a tensor without a shape", offset)
    dtype = np.dtype(f"<{code}")
    check_shape(shape, dtype.itemsize, limits=values.limits)
    last = start + sum((n - 1) * step for n, step in zip(shape, strides, strict=False))
    fits = len(shape) == len(strides) and (0 in shape or last < len(body) // dtype.itemsize)
    if not fits or start < 0:
        raise values.error("a tensor that reaches beyond its storage", offset)
    values.charge(math.prod(shape) * dtype.itemsize, offset)
    if 0 in shape:
        return as_plain(np.zeros(shape, dtype))
    array: NDArray = np.ndarray(
        shape,
        dtype,
        buffer=body,
        offset=start * dtype.itemsize,
        strides=tuple(
            step * dtype.itemsize if n > 1 else 0 for n, step in zip(shape, strides, strict=True)
        ),
    )
    return as_plain(array)


def _storage(values: Values, record: object, offset: int) -> tuple[str, memoryview]:
    """The type of a storage's entries, and their bytes."""
    storages = values.storages
    if isinstance(record, Call) and record.name.meaning is Meaning.STORAGE_FILE:
        if len(record.args) != 1:
            raise values.error("a tensor without its numbers", offset)
        values.count(_OPENING)
        limits = replace(values.limits, opcodes=values.n_left)
        saved = read_saved(values.body(record.args[0], offset), limits=limits)
        values.count(saved.n_steps)
        record, storages = saved.record, saved.storages
    match record.about if isinstance(record, Persistent) else None:
        case (kind, Name(meaning=Meaning.STORAGE_CLASS) as cls, key, _, int() as count, *view):
            name, code = text_of(key), code_of(cls)
        case _:
            raise values.error("a tensor without a storage", offset)
    if text_of(kind) != "storage" or name not in storages:
        raise values.error("a tensor whose storage is not in the file", offset)
    body = storages[name]
    if len(body) != count * item_size(code):
        raise values.error("a tensor whose storage is cut short", offset)
    match view:  # of another storage, before torch 0.4
        case [] | [None]:
            return code, body
        case [(_, int() as first, int() as n)] if 0 <= first <= first + n <= count:
            return code, body[first * item_size(code) : (first + n) * item_size(code)]
    raise values.error("a tensor whose storage is damaged", offset)


def parameter_of(values: Values, call: Call) -> NDArray:
    """A tensor, and whether it has a gradient."""
    value = values.value(call.args[0] if call.args else None)
    return values.expect(value, np.ndarray, "a tensor", call.offset)


def subclass_of(values: Values, call: Call) -> NDArray | Sparse:
    """``(function, type, arguments, state)``: a tensor with attributes, which are ignored."""
    match call.args:
        case (Name() as function, _, tuple() as args, *_) if function.meaning in TENSORS:
            made = values.calls[function.meaning](values, Call(function, args, call.offset))
            return values.expect(made, np.ndarray | Sparse, "a tensor", call.offset)  # type: ignore[arg-type]
    raise values.error("a tensor of an unknown kind", call.offset)


def sparse_tensor_of(values: Values, call: Call) -> Sparse:
    """``(layout, (indices, values, size, ...))``."""
    match call.args:
        case (Call(name=Name(meaning=Meaning.LAYOUT), args=(layout,)), tuple() as parts):
            layout, found = text_of(layout), [values.value(part) for part in parts]
        case _:
            raise values.error("a sparse tensor without its parts", call.offset)
    *arrays, shape = found[: 3 if layout == "torch.sparse_coo" else 4] or [None]
    if not isinstance(shape, tuple) or not all(isinstance(a, np.ndarray) for a in arrays):
        raise values.error("a sparse tensor without its parts", call.offset)
    match layout, arrays:
        case "torch.sparse_coo", [both, data]:
            if both.ndim != 2 or len(both) != 2:
                raise values.error("a sparse tensor that is not two-dimensional", call.offset)
            sparse = Sparse("coo", data, both[0], both[1], shape)
        case "torch.sparse_csr" | "torch.sparse_csc", [indptr, indices, data]:
            sparse = Sparse(layout[-3:], data, indices, indptr, shape)
        case _:
            raise values.error("a sparse tensor of an unknown layout", call.offset)
    check_sparse(sparse, offset=call.offset)
    return sparse


def size_of(values: Values, call: Call) -> tuple[object, ...]:
    """``torch.Size(sizes)``."""
    value = values.value(call.args[0] if call.args else ())
    if isinstance(value, list | tuple):
        return tuple(value)
    raise values.error("a tensor without a shape", call.offset)


def text_argument(values: Values, call: Call) -> str:
    """``torch.device("cpu")`` and layouts as their text."""
    return values.text(call.args[0] if call.args else None, "text", call.offset)


def storage_alone(values: Values, call: Call) -> object:
    """A storage that no tensor is made of."""
    raise values.error("a tensor's storage was found where a value belongs", call.offset)
