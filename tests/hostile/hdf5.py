"""HDF5 files that ask for other files, for too much, or for what no model holds.

``HOSTILE`` says what the reader must answer to each.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import h5py
import numpy as np


def made(build: Callable[[h5py.File], object]) -> bytes:
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        build(file)
    return memory.getvalue()


def soft(file: h5py.File) -> None:
    file["real"] = [1.0]
    file["linked"] = h5py.SoftLink("/real")


def external(file: h5py.File) -> None:
    file["linked"] = h5py.ExternalLink("/etc/passwd", "/")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("stored", (64,), "u1", external=[("/etc/passwd", 0, 64)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "data", (4,))
    file.create_virtual_dataset("virtual", layout)


def nested(file: h5py.File) -> None:
    file.create_group("outer/inner")


def itself(file: h5py.File) -> None:
    group = file.create_group("matrix")
    for name in ("data", "indices", "indptr", "shape"):
        group[name] = file["/"]


def broken_matrix(file: h5py.File) -> None:
    group = file.create_group("matrix")
    parts = {"data": [1.0], "indices": [9], "indptr": [0, 1], "shape": [1, 3]}
    for name, value in parts.items():
        group[name] = value


def unwritten(file: h5py.File) -> None:
    file.create_dataset("weights", (1 << 10, 1 << 10), "f8", chunks=(1 << 10, 1 << 10))


def zeros(file: h5py.File) -> None:
    """512 MiB of zeros in half a megabyte, as much again as is allowed."""
    empty = np.zeros((1 << 22,))
    packed = {"compression": 9, "chunks": (1 << 22,)}
    data = file.create_dataset("weights", (1 << 26,), "f8", **packed)
    for start in range(0, 1 << 26, 1 << 22):
        data[start : start + (1 << 22)] = empty


def largest(file: h5py.File) -> None:
    """256 MiB of zeros, which is just allowed."""
    file.create_dataset("weights", data=np.zeros(1 << 25), compression=9, chunks=(1 << 22,))


def texts_that_widen(file: h5py.File) -> None:
    """One long text among many short ones: 4 GB as an array."""
    texts = ["a" * 2000] + ["b"] * 500_000
    text = h5py.string_dtype()
    file.create_dataset("t", data=texts, dtype=text, compression=9, chunks=(500_001,))


def large_chunks(file: h5py.File) -> None:
    big = (1 << 24,)
    file.create_dataset("a", data=np.zeros(4), chunks=big, maxshape=(None,), compression=9)


def text_of_no_utf8(file: h5py.File) -> None:
    data = np.array([b"\xff\xfe"], h5py.string_dtype("utf-8", 2))
    file.create_dataset("text", data=data)


HOSTILE = {
    "soft link": (soft, "a soft or external link (key linked)"),
    "external link": (external, "a soft or external link (key linked)"),
    "external storage": (external_storage, "data that lies in other files (key stored)"),
    "virtual dataset": (virtual, "data that lies in other files (key virtual)"),
    "named type": (lambda file: file.__setitem__("t", np.dtype("f8")), "neither a dataset nor"),
    "groups in groups": (nested, "a group that is not a sparse matrix (key outer)"),
    "a group in itself": (itself, "a group inside a group (key matrix)"),
    "broken matrix": (broken_matrix, "indices[0] is 9, not below 3"),
    "other filter": (
        lambda file: file.create_dataset("a", data=np.ones(64), compression="lzf"),
        "packed by a filter other than deflate, shuffle and fletcher32 (key a)",
    ),
    "scaled integers": (
        lambda file: file.create_dataset("a", data=np.arange(64), scaleoffset=8),
        "packed by a filter other than deflate",
    ),
    "records": (
        lambda file: file.create_dataset("a", data=np.zeros(2, "f8,i4")),
        "data of type [('f0', '<f8'), ('f1', '<i4')]",
    ),
    "complex numbers": (lambda file: file.create_dataset("a", data=np.ones(1, "c16")), "complex"),
    "references": (
        lambda file: file.create_dataset("a", (1,), h5py.ref_dtype),
        "references or lists, not plain data",
    ),
    "lists": (
        lambda file: file.create_dataset("a", (1,), h5py.vlen_dtype(np.int32)),
        "references or lists, not plain data",
    ),
    "no data": (lambda file: file.create_dataset("a", data=h5py.Empty("f8")), "data of type"),
    "never written": (unwritten, "0 bytes are said to unpack to 8388608 (key weights)"),
    "terabytes": (
        lambda file: file.create_dataset("a", (1 << 40,), "f8", chunks=(1 << 20,)),
        "8796093022208 bytes, over the limit (key a)",
    ),
    "large chunks": (large_chunks, "chunks larger than the data (key a)"),
    "no UTF-8": (text_of_no_utf8, "text that is not UTF-8 (key text)"),
    "nothing": (lambda file: None, "the HDF5 file is empty"),
    "many": (
        lambda file: [file.create_group(f"g{k}") for k in range(5000)],
        "a group of 5000 members; the limit is 4096",
    ),
}
