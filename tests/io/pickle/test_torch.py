"""torch's files and pickled tensors, written by torch; what torch would believe is refused."""

from __future__ import annotations

import collections
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import assert_read, model_dict
from pickles import named

from smplprep.errors import ModelReadError
from smplprep.io.read_model import read_contents

torch = pytest.importorskip("torch")


def tensors(floats: Any = None) -> dict[str, Any]:
    """The model as tensors; torch has no uint32 that all of its versions know."""
    return {
        key: value if isinstance(value, str) else as_tensor(value, floats)
        for key, value in model_dict().items()
    }


def as_tensor(array: np.ndarray, floats: Any) -> Any:
    if array.dtype.kind == "u":
        return torch.tensor(array.astype(np.int64))
    return torch.tensor(array, dtype=floats)


def save(value: Any, path: Path, *, old: bool = False) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=not old)
    return path


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("floats", [None, torch.float32, torch.float16])
def test_a_saved_dict(old: bool, floats: Any, tmp_path: Path) -> None:
    path = save(tensors(floats), tmp_path / "m.pt", old=old)
    model = assert_read(path, rtol=1e-3 if floats is torch.float16 else 1e-6)
    assert model.source.container == "npz"
    assert model.source.remarks == ("torch.save wrote the file; its tensors were read as arrays",)
    if floats is None:
        assert model.weights.dtype == np.float64
        assert model.f.dtype == np.int64


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_tensors(protocol: int, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(tensors(), protocol))
    assert assert_read(tmp_path / "m.pkl").source.container == "pkl"


@pytest.mark.parametrize("old", [False, True])
def test_state_dicts_parameters_and_attributes(old: bool, tmp_path: Path) -> None:
    module = torch.nn.Module()
    for key, tensor in tensors().items():
        if key == "weights":
            module.weights = torch.nn.Parameter(tensor)
        elif not isinstance(tensor, str):
            module.register_buffer(key, tensor)
    module.posedirs.made_by = "hand"
    checkpoint = {"epoch": 3, "model": module.state_dict(), "size": torch.Size([1, 2])}
    checkpoint["device"], checkpoint["dtype"] = torch.device("cpu"), torch.float32
    model = assert_read(save(checkpoint, tmp_path / "m.pt", old=old))
    assert "['model']" in model.source.remarks[1]


@pytest.mark.parametrize("old", [False, True])
def test_tensors_that_share_turn_and_skip(old: bool, tmp_path: Path) -> None:
    entries = tensors()
    entries["posedirs"] = entries["posedirs"].permute(2, 0, 1).contiguous().permute(1, 2, 0)
    both = torch.stack([entries["weights"], entries["weights"] + 1], dim=2)
    entries["weights"], entries["others"] = both[:, :, 0], both[:, :, 1]
    entries["J_regressor"] = entries["J_regressor"].to_sparse()
    entries["one"] = torch.ones(()).expand(4, 5)
    model = assert_read(save(entries, tmp_path / "m.pt", old=old))
    np.testing.assert_array_equal(model.extras["others"], model.weights + 1)
    np.testing.assert_array_equal(model.extras["one"], np.ones((4, 5)))


@pytest.mark.filterwarnings("ignore:Sparse C")
@pytest.mark.parametrize("layout", ["to_sparse_coo", "to_sparse_csr", "to_sparse_csc"])
def test_sparse_tensors(layout: str, tmp_path: Path) -> None:
    entries = tensors()
    entries["J_regressor"] = getattr(entries["J_regressor"], layout)()
    assert_read(save(entries, tmp_path / "m.pt"))


def test_types_of_the_newer_kind(tmp_path: Path) -> None:
    entries = tensors() | {"part": torch.tensor([1, 65535], dtype=torch.uint16)}
    part = assert_read(save(entries, tmp_path / "m.pt")).extras["part"]
    assert (part.dtype, part.tolist()) == (np.uint16, [1, 65535])


@pytest.mark.parametrize(
    ("change", "message", "key"),
    [
        ({"weights": torch.ones(10, 4).bfloat16()}, "dtype bfloat16, which numpy", "weights"),
        ({"weights": torch.ones(10, 4).cfloat()}, "dtype complex64, which numpy", "weights"),
    ],
)
def test_types_that_numpy_lacks(change: Any, message: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(ModelReadError, match=message) as caught:
        read_contents(save(tensors() | change, tmp_path / "m.pt"))
    assert caught.value.key == key
    assert "float()" in (caught.value.hint or "")


def test_a_module_is_a_program(tmp_path: Path) -> None:
    with pytest.raises(ModelReadError, match=r"an object of the class torch.nn.*Linear") as caught:
        read_contents(save(torch.nn.Linear(1, 1), tmp_path / "m.pt"))
    assert "Save a dict of the model's arrays" in (caught.value.hint or "")


def test_another_byte_order(tmp_path: Path) -> None:
    path = save(tensors(), tmp_path / "m.pt")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.pt", "w") as new:
        for name in old.namelist():
            new.writestr(name, b"big" if name.endswith("byteorder") else old.read(name))
    with pytest.raises(ModelReadError, match="big-endian machine"):
        read_contents(tmp_path / "b.pt")


def rewritten(change: Callable[[bytes], bytes], path: Path) -> Path:
    """A saved dict of one tensor of six floats whose pickle is changed."""
    saved = io.BytesIO()
    torch.save({"weights": torch.arange(6.0).reshape(2, 3)}, saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name.endswith("data.pkl"):
                assert change(body) != body
                body = change(body)
            new.writestr(name, body)
    return path


SIZE, STRIDE = b"K\x02K\x03\x86", b"K\x03K\x01\x86"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (SIZE, b"K\x03K\x03\x86", "reaches beyond its storage"),
        (STRIDE, b"K\x04K\x01\x86", "reaches beyond its storage"),
        (STRIDE, b"J\xff\xff\xff\xffK\x01\x86", "a tensor without a shape"),
        (STRIDE, b"K\x01\x85", "reaches beyond its storage"),
        (SIZE, b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", "over the limit of 1073741824 bytes"),
        (b"QK\x00", b"QK\x01", "reaches beyond its storage"),
        (b"QK\x00", b"QJ\xff\xff\xff\xff", "reaches beyond its storage"),
        (b"K\x06t", b"K\x07t", "whose storage is cut short"),
        (b"X\x01\0\0\0000", b"X\x01\0\0\0009", "whose storage is not in the file"),
        (named("torch", "FloatStorage"), named("torch", "DoubleStorage"), "storage is cut short"),
        (named("torch", "FloatStorage"), named("torch", "float32"), "without a storage"),
        (b"storage", b"modules", "whose storage is not in the file"),
    ],
)
def test_what_torch_would_believe(old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    def change(body: bytes) -> bytes:
        return body.replace(old, new)

    with pytest.raises(ModelReadError, match=message) as caught:
        read_contents(rewritten(change, tmp_path / "m.pt"))
    assert caught.value.key == "weights"


def test_a_small_storage_that_would_be_huge(tmp_path: Path) -> None:
    """Strides of zero repeat one number as often as the file likes."""
    many = {str(number): torch.ones(1).expand(1 << 20, 100) for number in range(20)}
    with pytest.raises(ModelReadError, match="unfolds into far more than its own size"):
        read_contents(save(many, tmp_path / "m.pt"))


def old_bytes(value: Any) -> bytes:
    saved = io.BytesIO()
    torch.save(value, saved, _use_new_zipfile_serialization=False)
    return saved.getvalue()


def test_old_files_cut_anywhere(tmp_path: Path) -> None:
    body, path = old_bytes({"weights": torch.arange(3.0)}), tmp_path / "m.pt"
    for end in range(20, len(body)):
        path.write_bytes(body[:end])
        with pytest.raises(ModelReadError):
            read_contents(path)
    path.write_bytes(body + b"\0")
    with pytest.raises(ModelReadError, match="1 bytes follow the last tensor"):
        read_contents(path)


@pytest.mark.parametrize("count", [4, -1, 1 << 60])
def test_old_files_that_lie_about_their_storages(count: int, tmp_path: Path) -> None:
    body = old_bytes({"weights": torch.arange(3.0)})
    at = len(body) - 12 - 8
    assert body[at : at + 8] == struct.pack("<q", 3)
    (tmp_path / "m.pt").write_bytes(body[:at] + struct.pack("<q", count) + body[at + 8 :])
    with pytest.raises(ModelReadError, match="damaged or cut short"):
        read_contents(tmp_path / "m.pt")


def test_many_files_in_one_pickle_cost_what_they_take(tmp_path: Path) -> None:
    """The same pickled tensor once more is one more file to read."""
    one = pickle.dumps(torch.ones(1), 2)[2:-1]
    (tmp_path / "m.pkl").write_bytes(b"\x80\x02](" + one * 9000 + b"e.")
    with pytest.raises(ModelReadError, match="more than 500000"):
        read_contents(tmp_path / "m.pkl")


def test_ordered_dicts_keep_their_order(tmp_path: Path) -> None:
    reverse = collections.OrderedDict(reversed(tensors().items()))
    assert list(read_contents(save(reverse, tmp_path / "m.pt")).entries) == list(reverse)
