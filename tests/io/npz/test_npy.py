"""The .npy reader and header writer; numpy's own is the oracle."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from numpy.typing import NDArray

from smplprep.errors import ModelReadError, ModelWriteError
from smplprep.io.npz.npy import array_from, encode_header, read_header
from smplprep.records.contents import DEFAULT_LIMITS, Limits


def read_npy(member: memoryview, *, limits: Limits = DEFAULT_LIMITS) -> NDArray:
    header = read_header(member)
    return array_from(member[header.n_header :], header, limits=limits)


def saved(array: NDArray, version: tuple[int, int] = (1, 0)) -> memoryview:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return memoryview(buffer.getvalue())


def with_header(text: str | bytes, body: bytes = b"", version: int = 1) -> memoryview:
    raw = text if isinstance(text, bytes) else text.encode("latin-1")
    length = struct.pack("<H" if version == 1 else "<I", len(raw))
    return memoryview(b"\x93NUMPY" + bytes([version, 0]) + length + raw + body)


def header(descr: str = "'<f8'", order: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def refused(member: memoryview, **options: Limits) -> str:
    with pytest.raises(ModelReadError) as caught:
        read_npy(member, **options)
    return caught.value.message


plain_dtypes = st.one_of(
    nps.boolean_dtypes(),
    nps.integer_dtypes(endianness="?"),
    nps.unsigned_integer_dtypes(endianness="?"),
    nps.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    nps.byte_string_dtypes(min_len=1),
    nps.unicode_string_dtypes(min_len=1, endianness="?"),
)
shapes = nps.array_shapes(min_dims=0, min_side=0, max_side=4)


@given(
    array=plain_dtypes.flatmap(lambda dtype: nps.arrays(dtype, shapes)),
    version=st.sampled_from([(1, 0), (2, 0), (3, 0)]),
    fortran=st.booleans(),
)
def test_reads_what_numpy_writes(array: NDArray, version: tuple[int, int], fortran: bool) -> None:
    array = np.asarray(array, order="F" if fortran else "C")
    found = read_npy(saved(array, version))
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.dtype.isnative and found.flags.c_contiguous and not found.flags.writeable
    assert found.shape == array.shape
    assert found.tobytes() == array.astype(found.dtype).tobytes()


@given(array=plain_dtypes.flatmap(lambda dtype: nps.arrays(dtype, shapes)))
def test_numpy_reads_our_header(array: NDArray) -> None:
    head = encode_header(array)
    assert len(head) % 64 == 0
    little = array.astype(array.dtype.newbyteorder("<"))
    found = np.lib.format.read_array(io.BytesIO(head + little.tobytes()), allow_pickle=False)
    assert found.dtype == little.dtype and found.shape == array.shape
    assert found.tobytes() == little.tobytes()
    ours = read_header(memoryview(head))
    assert (ours.dtype, ours.shape, ours.fortran) == (little.dtype, array.shape, False)


def test_our_header_literally() -> None:
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (6890, 52), }"
    expected = b"\x93NUMPY\1\0\x76\0" + text.encode() + b" " * (118 - len(text) - 1) + b"\n"
    assert encode_header(np.zeros((6890, 52), ">f4")) == expected


def test_a_stored_array_is_a_view() -> None:
    member = memoryview(bytearray(saved(np.arange(1000.0))))
    found = read_npy(member)
    member[-8:] = struct.pack("<d", -1.0)
    assert found[-1] == -1.0


def test_an_unaligned_body_is_copied() -> None:
    text = header().replace("}", " }")
    found = read_npy(with_header(text, np.array([1.0, 2.0]).tobytes()))
    assert found.flags.aligned and found.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "text",
    [
        "{'shape': (2,), 'fortran_order': False, 'descr': '<f8'}",
        '{"descr": "<f8", "shape": (2), "fortran_order": False,}   \n',
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }\n",  # Python 2
        "{'descr':'<f8','fortran_order':False,'shape':(2,),}",
        "{'descr': '<f8', 'fortran_order': True, 'shape': ( 2 , ), }\n",
    ],
)
def test_other_writers(text: str) -> None:
    found = read_npy(with_header(text, np.array([1.0, 2.0]).tobytes()))
    assert found.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}",
        "{'descr': '<f8', 'descr': '<f8', 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': True}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': True, 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': '<f8', 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': True}",
        header(descr="[('a', '<f8')]"),
        header(descr="('<f8', (2,))"),
        header(shape="(-2,)"),
        header(shape="(2.0,)"),
        header(shape="(2,,)"),
        header(shape="(2 3,)"),
        header(shape="2"),
        header(shape="[2]"),
        header(shape="(1e9,)"),
        header(shape="(0x2,)"),
        header(shape="(2*1,)"),
        header(shape=f"({'9' * 5000},)"),
        header(shape="(__import__('os').abort(),)"),
        header(descr="__import__('os').abort()"),
        "__import__('os').abort()",
        header() + "x",
        header() + "\n",
        "x" + header(),
        header() * 2,
        "(" * 9000,
        "{'descr': '" + "<" * 9000,
        "{" + " " * 9000,
        "{'descr': '<f8'," + " " * 9000,
    ],
)
def test_headers_that_are_not_plain(text: str) -> None:
    message = refused(with_header(text, bytes(16)))
    assert message.startswith(("the .npy header is not plain: ", "dtype True"))
    assert len(message) < 120


@pytest.mark.parametrize(
    "dtype",
    [
        "",
        "<c16",
        "<M8[s]",
        "<m8",
        "|V8",
        "<f16",
        "<f8,<f8",
        "<i3",
        "=f8",
        "f8",
        "|f8",
        "float64",
        "<U0",
        "|S0",
        "<U99999",
        "<O8x",
        "<",
        "<b2",
        "|u2",
        "<f٨",
    ],
)
def test_dtypes_that_no_model_needs(dtype: str) -> None:
    text = header(descr=f"'{dtype}'").encode("utf-8")
    assert "does not belong in a body model" in refused(with_header(text, bytes(16)))


def test_shapes_are_held_against_the_body() -> None:
    body = bytes(16)
    assert read_npy(with_header(header(), body)).shape == (2,)
    for shape in ("(3,)", "(1,)", "()", "(0,)", "(2, 2)"):
        message = refused(with_header(header(shape=shape), body))
        assert message.endswith("bytes, 16 are there")
    limit = "is over the limit of 1073741824 bytes an array"
    for shape in ("(999999999999,)", "(0, 9999999999999999999)", "(65536, 65536, 65536, 65536)"):
        assert refused(with_header(header(shape=shape), body)).endswith(limit)
    message = refused(with_header(header(shape=f"({'1,' * 33})"), body))
    assert message == "an array of 33 dimensions; the limit is 32"
    message = refused(with_header(header(), body), limits=Limits(array_bytes=15))
    assert message == "shape (2,) is over the limit of 15 bytes an array"


@pytest.mark.parametrize("gap", ["{", ":", ",", "(", "2", ")", "}"])
def test_no_header_takes_long(gap: str) -> None:
    text = header().strip().replace(gap, gap + " " * 9000, 1) + "x"
    start = time.process_time()
    refused(with_header(text))
    assert time.process_time() - start < 0.05


def test_versions_and_lengths() -> None:
    good = bytes(saved(np.zeros(2)))
    assert refused(memoryview(b"")) == "this member is not a .npy array"
    assert refused(memoryview(b"PK\3\4" + good)) == "this member is not a .npy array"
    for version in (b"\0\0", b"\1\1", b"\4\0"):
        message = refused(memoryview(good[:6] + version + good[8:]))
        assert message == f"unknown .npy version {version[0]}.{version[1]}"
    assert "too long" in refused(with_header(header() + " " * 10_000, bytes(16)))
    assert "cut short" in refused(memoryview(b"\x93NUMPY\2\0\xff\xff\xff\xff" + good))


def test_every_truncation() -> None:
    good = saved(np.arange(4.0))
    for n in range(len(good)):
        refused(good[:n])


def test_values_that_would_fail_later() -> None:
    message = refused(with_header(header("'|b1'"), b"\1\2"))
    assert message == "a boolean that is neither 0 nor 1"
    body = struct.pack(">2I", 65, 0x110000)
    message = refused(with_header(header("'>U1'"), body))
    assert message == "text with an impossible character"


def test_object_arrays_are_left_to_the_caller() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array({"a": 1}), allow_pickle=True)
    found = read_header(memoryview(buffer.getvalue()))
    assert found.dtype.hasobject and found.shape == ()


@settings(max_examples=500)
@given(st.data())
def test_damage_ends_in_an_array_or_a_refusal(data: st.DataObject) -> None:
    good = bytearray(saved(np.arange(6).reshape(2, 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] = data.draw(st.integers(0, 255))
    try:
        found = read_npy(memoryview(good))
    except ModelReadError:
        return
    assert isinstance(found, np.ndarray)


@pytest.mark.parametrize("dtype", ["O", "c16", "M8[s]", "V4", "f8,f8", "g"])
def test_dtypes_that_are_not_written(dtype: str) -> None:
    with pytest.raises(ModelWriteError, match="cannot be written to a"):
        encode_header(np.zeros(1, dtype))
