"""Odd but valid files: however a model is spelled, it cleans to the arrays of the plain file."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from conftest import build_small_model

from smplprep import clean, read_model
from smplprep.records.model import Model

Arrays = dict[str, np.ndarray]


def arrays() -> Arrays:
    """The small model; its weights and correctives have something to clean, in exact binaries."""
    model = build_small_model()
    weights = model.weights.copy()
    weights[:, 0] += 2.0**-9
    weights[:, 1:] -= (2.0**-9) * (weights[:, 1:] == 0.75)
    entries = {key: np.asarray(value) for key, value in model.entries().items()}
    weights /= weights.sum(axis=1, keepdims=True)
    return {**entries, "weights": weights, "bs_type": np.array("lrotmin")}


def npz(entries: Arrays) -> bytes:
    out = io.BytesIO()
    np.savez(out, **entries)
    return out.getvalue()


def with_types(change: Callable[[np.ndarray], np.ndarray], *keys: str) -> Arrays:
    entries = arrays()
    return entries | {key: change(entries[key]) for key in keys or entries}


def swapped(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder(">"))


def deflated() -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays())
    return out.getvalue()


def streamed_zip64() -> bytes:
    """With data descriptors and zip64 fields throughout, as a writer to a pipe makes it."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    out = Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        for key, array in arrays().items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)
    return out.getvalue()


def header_of_version_2() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for key, array in arrays().items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, array, version=(2, 0))
    return out.getvalue()


def boxed() -> bytes:
    """What ``np.savez(path, **pickled_model)`` leaves of matrices and texts."""
    entries = arrays()
    boxes = {"J_regressor": sp.csc_matrix(entries["J_regressor"]), "bs_type": "lrotmin"}
    objects = {}
    for key, value in boxes.items():
        objects[key] = np.empty((), object)
        objects[key][()] = value
    return npz(entries | objects)


def sparse_pickle(layout: str) -> bytes:
    entries = arrays()
    return pickle.dumps(
        entries | {"J_regressor": sp.csc_matrix(entries["J_regressor"]).asformat(layout)}, 2
    )


def hdf5() -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        for key, array in arrays().items():
            if key == "bs_type":
                file[key] = str(array)
            else:
                file.create_dataset(key, data=swapped(array), chunks=True, compression=4)
    return out.getvalue()


def kintree(dtype: str, root: float) -> bytes:
    table = np.array([[root, 0, 1, 2], [0, 1, 2, 3]])
    return npz(arrays() | {"kintree_table": table.astype(dtype)})


ODD = {
    "big-endian": lambda: npz(with_types(swapped)),
    "Fortran order": lambda: npz(with_types(np.asfortranarray)),
    "deflated": deflated,
    "streamed, zip64": streamed_zip64,
    "npy 2.0": header_of_version_2,
    "kintree uint32": lambda: kintree("u4", 2**32 - 1),
    "kintree int64": lambda: kintree("i8", -1),
    "kintree int64, wrapped": lambda: kintree("i8", 2**32 - 1),
    "kintree float64": lambda: kintree("f8", -1),
    "kintree float32, wrapped": lambda: kintree("f4", 2**32),
    "faces as floats": lambda: npz(with_types(lambda f: f.astype(float), "f")),
    "faces as int64": lambda: npz(with_types(lambda f: f.astype(np.int64), "f")),
    "byte strings": lambda: npz(arrays() | {"bs_type": np.array(b"lrotmin")}),
    "texts in a row": lambda: npz(arrays() | {"bs_type": np.array(["lrotmin"])}),
    "boxed": boxed,
    "pickle 0": lambda: pickle.dumps(arrays(), 0),
    "pickle 5": lambda: pickle.dumps(arrays(), 5),
    "pickle, big-endian": lambda: pickle.dumps(with_types(swapped), 2),
    "pickle, Fortran order": lambda: pickle.dumps(with_types(np.asfortranarray), 2),
    "pickle, csr": lambda: sparse_pickle("csr"),
    "pickle, coo": lambda: sparse_pickle("coo"),
    "HDF5 in chunks, big-endian": hdf5,
}


def cleaned(body: bytes, folder: Path) -> Model:
    path = folder / "model"
    path.write_bytes(body)
    return clean(read_model(path))[0]


@pytest.mark.parametrize("name", ODD)
def test_odd_files_clean_to_the_arrays_of_the_plain_one(name: str, tmp_path: Path) -> None:
    expected, found = cleaned(npz(arrays()), tmp_path), cleaned(ODD[name](), tmp_path)
    compared = ("v_template", "f", "weights", "J_regressor", "shapedirs", "posedirs", "J")
    for key in compared:
        assert np.array_equal(getattr(found, key), getattr(expected, key)), key
    assert found.family is expected.family


@pytest.mark.parametrize("dtype", ["f4", "f2"])
def test_narrow_floats_clean_to_their_own_values(dtype: str, tmp_path: Path) -> None:
    """As the plain file that holds the same values, within the width of their type."""
    floats = ("v_template", "weights", "J_regressor", "shapedirs", "posedirs", "J")
    narrow = with_types(lambda array: array.astype(dtype), *floats)
    wide = {k: v.astype("f8") if v.dtype.kind == "f" else v for k, v in narrow.items()}
    expected = clean(read_back(npz(wide), tmp_path))[0]
    found = clean(read_back(npz(narrow), tmp_path))[0]
    for key in floats:
        assert getattr(found, key).dtype == np.dtype(dtype)
        ulp = 4 * np.finfo(dtype).eps
        assert np.allclose(getattr(found, key), getattr(expected, key), rtol=ulp, atol=ulp), key
        zero = getattr(expected, key) == 0
        assert np.array_equal(getattr(found, key) == 0, zero), key


def read_back(body: bytes, folder: Path) -> Model:
    path = folder / "model"
    path.write_bytes(body)
    return read_model(path, normalize_rows=True)
