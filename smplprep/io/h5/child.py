"""The process that opens an HDF5 file: ``read`` starts this file by itself.

The HDF5 library crashes on hostile files and follows links out of them. So it runs here, with no
more memory and time than it was given, unable to open or to write any file, and what it found goes
back as a list and the bytes it refers to. Nothing of smplprep is imported.

Arguments: bytes of memory beyond what it takes to start, seconds, bytes of all arrays together,
members, ratio. Input: the file. Output: the length of the list, the list as JSON, then the arrays'
bytes in its order. Where the file is refused the list is an object with the sentence.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import mmap
import struct
import sys
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5l, h5o, h5z

FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
SPARSE = {"data", "indices", "indptr", "shape"}


class RefusedError(Exception):
    """What is wrong, and in which dataset."""


def main() -> None:
    """Read the file from stdin, write what is in it to stdout."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    memory, seconds, array_bytes, members, ratio = map(int, sys.argv[1:])
    rehearse()
    confine(memory, seconds)
    try:
        found = read(io.BytesIO(stdin.read()), array_bytes, members, ratio)
        listed: Any = [{**entry, "array": None} for entry in found]
    except RefusedError as error:
        found, listed = [], {"refused": error.args[0], "key": error.args[1]}
    except MemoryError:
        found, listed = [], {"refused": "it asks for too much memory", "key": None}
    except Exception as error:  # h5py raises all sorts; none of them is worth more than a word
        found, listed = [], {"refused": f"damaged ({type(error).__name__})", "key": None}
    text = json.dumps(listed).encode()
    stdout.write(struct.pack("<Q", len(text)) + text)
    for entry in found:
        stdout.write(entry["array"].reshape(-1).view(np.uint8).data)
    stdout.flush()


def rehearse() -> None:
    """Read a small file: h5py imports things when they are first needed, which opens files."""
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        group = root.create_group("matrix")
        group.attrs["layout"] = np.bytes_("csc")
        for part in SPARSE:
            group[part] = [1]
        root.create_dataset("text", data="a", dtype=h5py.string_dtype("utf-8", 1))
        root.create_dataset("packed", data=np.ones(9), compression=1, fletcher32=True)
    read(file, 1 << 20, 9, 1200)


def confine(memory: int, seconds: int) -> None:
    """No more time and no more new memory than this; no file can be opened or written any more."""
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource

        limits = {"AS": in_use() + memory, "CPU": seconds, "NOFILE": 3, "FSIZE": 0, "CORE": 0}
        for name, most in limits.items():
            number = getattr(resource, f"RLIMIT_{name}")
            allowed = resource.getrlimit(number)[1]  # -1: as much as one likes
            most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
            resource.setrlimit(number, (most, most))


def in_use() -> int:
    """Bytes of address space that Python, numpy and h5py take."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123 (pathlib would be an import)
            return int(file.read().split()[0]) * mmap.PAGESIZE
    except OSError:  # not Linux
        return 1 << 30


def read(file: io.BytesIO, array_bytes: int, members: int, ratio: int) -> list[dict[str, Any]]:
    """One entry for each array: key, part of a sparse matrix or none, layout, dtype, shape."""
    entries: list[dict[str, Any]] = []
    left = array_bytes
    with h5py.File(file, "r") as root:
        for name, item in linked(root, members):
            if isinstance(item, h5py.Group):
                inside = dict(linked(item, len(SPARSE)))
                if set(inside) != SPARSE:
                    raise RefusedError("a group that is not a sparse matrix", name)
                parts = {part: inside[part] for part in sorted(SPARSE)}
                layout = layout_of(item)
            else:
                parts, layout = {"": item}, ""
            for part, dataset in parts.items():
                check(dataset, name, left, ratio)
                array = plain(dataset, name)
                left -= array.nbytes
                about = {"key": name, "part": part, "layout": layout}
                about |= {"dtype": array.dtype.str, "shape": array.shape, "array": array}
                entries.append(about)
    return entries


def layout_of(group: h5py.Group) -> str:
    """The attribute ``layout``; empty where there is none."""
    layout = group.attrs.get("layout", b"")
    return str(layout, "latin-1")[:8] if isinstance(layout, bytes) else str(layout)[:8]


def linked(group: h5py.Group, most: int) -> Iterator[tuple[str, Any]]:
    """Names and objects of a group in the order in which they were put there, if that is known."""
    if len(group) > most:
        raise RefusedError(f"a group of {len(group)} members; the limit is {most}", None)
    for name in group:
        if group.id.links.get_info(name.encode()).type != h5l.TYPE_HARD:
            raise RefusedError("a soft or external link", name)
        if h5o.get_info(group.id, name.encode()).type not in (h5o.TYPE_DATASET, h5o.TYPE_GROUP):
            raise RefusedError("neither a dataset nor a group", name)
        yield name, group[name]


def check(dataset: Any, name: str, left: int, ratio: int) -> None:
    """Refuse, before a byte is read, whatever is not plain data of the size it says."""
    if not isinstance(dataset, h5py.Dataset):
        raise RefusedError("a group inside a group", name)
    made = dataset.id.get_create_plist()
    if made.get_layout() == h5d.VIRTUAL or made.get_external_count():
        raise RefusedError("data that lies in other files", name)
    filters = {made.get_filter(index)[0] for index in range(made.get_nfilters())}
    if not filters <= FILTERS:
        raise RefusedError("packed by a filter other than deflate, shuffle and fletcher32", name)
    if dataset.shape is None or dataset.dtype.kind not in "biufSO":
        raise RefusedError(f"data of type {str(dataset.dtype)[:80]}", name)
    text = h5py.check_string_dtype(dataset.dtype)
    if dataset.dtype.kind == "O" and text is None:
        raise RefusedError("references or lists, not plain data", name)
    declared = math.prod(dataset.shape) * dataset.dtype.itemsize
    if declared > left:
        raise RefusedError(f"{declared} bytes, over the limit", name)
    stored = dataset.id.get_storage_size()
    if declared > ratio * stored:
        raise RefusedError(f"{stored} bytes are said to unpack to {declared}", name)
    if made.get_layout() == h5d.CHUNKED and math.prod(dataset.chunks) > 2**20 + 2 * dataset.size:
        raise RefusedError("chunks larger than the data", name)


def plain(dataset: Any, name: str) -> Any:
    """The dataset as an array of numbers, booleans, bytes or text in C order."""
    text = h5py.check_string_dtype(dataset.dtype)
    if text is None or (text.length is not None and text.encoding == "ascii"):
        return np.asarray(dataset[()], order="C")
    try:
        decoded = np.asarray(dataset.asstr()[()], dtype=object)
    except UnicodeDecodeError:
        raise RefusedError("text that is not UTF-8", name) from None
    return np.array(decoded.tolist(), dtype=np.str_).reshape(decoded.shape)


if __name__ == "__main__":
    main()
