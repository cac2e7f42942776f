"""The loaders of docs/loaders.md: what each does with a file, on cleaned files.

Each test has the lines of a loader that depend on the file, written here from what they do.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from scripts.standins.make_family_standins import more_shapes
from smplprep import Model, read_model
from smplprep.jobs.clean_file import clean_file

pytestmark = pytest.mark.slow

FILES = {
    "smpl": "smpl/SMPL_NEUTRAL.pkl",
    "smplx": "smplx/SMPLX_NEUTRAL.npz",
    "mano": "mano/MANO_RIGHT.pkl",
    "flame": "flame/FLAME_NEUTRAL.pkl",
}


@pytest.fixture(scope="module")
def cleaned(standin_dir: Path, family_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cleaned file by family and ending, each made once."""
    folder, made = tmp_path_factory.mktemp("cleaned"), {}

    def file(family: str, ending: str, **how: Any) -> Path:
        key = (family, ending, *how)
        if key not in made:
            raw = (
                family_dir / FILES[family] if family in FILES else standin_dir / "SMPLH_NEUTRAL.pkl"
            )
            target = folder / "-".join(how) / f"{family}.{ending}"
            target.parent.mkdir(exist_ok=True)
            made[key] = clean_file(raw, target, report=False, **how).target
        return made[key]

    return file


def as_array(value: Any) -> np.ndarray:
    """What loaders make of a value; they know a matrix of scipy by the name of its type."""
    if "scipy.sparse" in str(type(value)):
        value = value.todense()
    return np.array(value, dtype=np.float32)


def assert_model(values: Any, model: Model) -> None:
    for key in ("v_template", "weights", "J_regressor", "shapedirs", "posedirs"):
        expected = getattr(model, key).astype(np.float32)
        assert np.array_equal(as_array(values[key]), expected), key
    assert np.array_equal(values["f"].astype(np.int64), model.f)
    parents = as_array(values["kintree_table"][0]).astype(np.int64)
    assert np.array_equal(parents[1:], model.kintree_table[0, 1:].astype(np.int64))


def plain_pickle(path: Path) -> Any:
    return pickle.loads(path.read_bytes())


def latin1_pickle(path: Path) -> Any:
    return pickle.loads(path.read_bytes(), encoding="latin1")


def numpy_pickle(path: Path) -> Any:
    return np.load(path, allow_pickle=True)


def joblib_pickle(path: Path) -> Any:
    return pytest.importorskip("joblib").load(path)


@pytest.mark.parametrize("load", [plain_pickle, latin1_pickle, numpy_pickle, joblib_pickle])
@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx", "mano", "flame"])
def test_pickle_numpy_and_joblib(family, load, cleaned):
    path = cleaned(family, "pkl")
    assert_model(load(path), read_model(path))


@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx", "mano", "flame"])
def test_numpy_without_pickle(family, cleaned):
    path = cleaned(family, "npz")
    with np.load(path) as found:
        assert_model(dict(found), read_model(path))


@pytest.mark.parametrize("family", ["smpl", "mano"])
def test_smplpytorch_and_manopth(family, cleaned):
    """They want a sparse regressor, arrays for chumpy to wrap, and the text lrotmin."""
    path = cleaned(family, "pkl")
    found, model = latin1_pickle(path), read_model(path)
    assert found["bs_type"] == "lrotmin"
    assert np.array_equal(found["J_regressor"].toarray(), model.J_regressor)
    product = found["J_regressor"] @ found["v_template"][:, 0]  # as chumpy's MatVecMult
    assert np.allclose(product, model.J_regressor @ model.v_template[:, 0])
    for key in ("v_template", "weights", "posedirs", "shapedirs", "J"):
        assert type(found[key]) is np.ndarray
        assert found[key].flags.writeable
    assert found["kintree_table"].shape == (2, model.n_joints)
    if family == "mano":
        assert found["hands_components"][:6].shape == (6, 45)
        assert found["hands_mean"].copy().shape == (45,)


@pytest.mark.parametrize(("family", "n_angles"), [("smpl", 69), ("smplh", 153), ("smplx", 162)])
def test_human_body_prior(family, n_angles, cleaned):
    """Only a .npz, with an encoding, without pickles; the type goes by the number of features."""
    path = cleaned(family, "npz")
    with np.load(path, encoding="latin1") as found:
        assert found["posedirs"].shape[2] // 3 == n_angles
        assert found["J_regressor"].dtype.kind == "f"  # torch.tensor takes it as it is
        assert_model(found, read_model(path))


@pytest.mark.parametrize(
    ("family", "ending"), [("smpl", "pkl"), ("smplh", "npz"), ("smplx", "npz")]
)
def test_easymocap(family, ending, cleaned):
    """All keys of a .npz, also those it does not use, without pickles."""
    path = cleaned(family, ending)
    found = latin1_pickle(path) if ending == "pkl" else dict(np.load(path))
    assert_model(found, read_model(path))
    assert found["posedirs"].reshape(-1, found["posedirs"].shape[-1]).T.shape[1] % 3 == 0


def test_easymocap_does_not_read_kept_objects(cleaned):
    with pytest.raises(ValueError, match="allow_pickle"):
        dict(np.load(cleaned("smplx", "npz", keep_objects=True)))


def test_smalify_and_bite(cleaned):
    """Python's own unpickler with its encoding set; a sparse regressor, transposed and dense."""
    path = cleaned("mano", "pkl")
    with contextlib.suppress(UnicodeDecodeError, TypeError), path.open(encoding="utf-8") as file:
        pytest.fail(f"read as text: {pickle.load(file)}")  # BITE tries this first
    with path.open("rb") as file:
        unpickler = pickle._Unpickler(file)
        unpickler.encoding = "latin1"
        found = unpickler.load()
    model = read_model(path)
    assert np.array_equal(np.asarray(found["J_regressor"].T.todense()), model.J_regressor.T)
    shapes = found["shapedirs"].reshape(-1, found["shapedirs"].shape[-1]).T
    shapes.flags["WRITEABLE"] = True  # so does BITE
    assert_model(found, model)


def test_flame_pytorch_and_deca(cleaned):
    """Expressions are directions 300 to 399; the root's parent is overwritten."""
    path = cleaned("flame", "pkl")
    found, model = latin1_pickle(path), read_model(path)
    assert scipy.sparse.issparse(found["J_regressor"])
    expressions = as_array(found["shapedirs"])[:, :, 300:350]
    assert np.array_equal(expressions, model.shapedirs[:, :, 300:350].astype(np.float32))
    assert expressions.any()
    assert_model(found, model)


def test_body_models_wants_the_joints_of_smplx_as_an_object(cleaned):
    """PyPI body-models calls ``.item()`` on joint2num, so it takes --keep-objects, or a .pkl."""
    body_models = pytest.importorskip("body_models.smplx.numpy")
    for path in (cleaned("smplx", "npz", keep_objects=True), cleaned("smplx", "pkl")):
        body = body_models.SMPLX(model_path=path, flat_hand_mean=True)
        assert len(body.joint_names) == 55
    with pytest.raises(AttributeError):
        body_models.SMPLX(model_path=cleaned("smplx", "npz"))


# --- cnpy, a reader of .npz in C++ ---


def local_header(data: bytes, at: int) -> tuple[str, int, int, int, int]:
    """Name, method, packed and unpacked size, and where the payload starts."""
    assert data[at : at + 4] == b"PK\3\4"
    method, packed, unpacked = (
        *struct.unpack_from("<H", data, at + 8),
        *struct.unpack_from("<II", data, at + 18),
    )
    n_name, n_extra = struct.unpack_from("<HH", data, at + 26)
    name = data[at + 30 : at + 30 + n_name].decode()
    return name.removesuffix(".npy"), method, packed, unpacked, at + 30 + n_name + n_extra


def array_at(npy: bytes) -> np.ndarray:
    """By the words of the header, which must be a line within 256 bytes; the body is the rest."""
    line = npy[11 : 11 + 255].partition(b"\n")[0].decode()
    order = line[line.index("fortran_order") + 16 :][:4]
    shape = line[line.index("(") + 1 : line.index(")")]
    dtype = line[line.index("descr") + 9 :].partition("'")[0]
    assert dtype[0] in "<|"
    sizes = [int(size) for size in shape.split(",") if size.strip()]
    n_bytes = int(np.prod(sizes)) * int(dtype[2:])
    start = 11 + len(line) + 1
    assert start % 64 == 0
    body = npy[start : start + n_bytes]
    return np.frombuffer(body, dtype).reshape(sizes, order="F" if order == "True" else "C")


@pytest.mark.parametrize("family", ["smplh", "smplx", "flame"])
def test_cnpy_reads_a_stored_array_by_name(family, cleaned):
    """It goes from local header to local header by the unpacked size, and reads no directory."""
    path = cleaned(family, "npz", compress=False)
    data, at, found = path.read_bytes(), 0, {}
    while data[at + 2 : at + 4] == b"\3\4":
        name, method, packed, unpacked, start = local_header(data, at)
        assert method == 0
        assert packed == unpacked < 2**32 - 1
        if name in ("v_template", "f", "weights", "J_regressor", "shapedirs", "posedirs"):
            found[name] = array_at(data[start : start + unpacked])
        at = start + unpacked
    model = read_model(path)
    assert len(found) == 6
    for name, array in found.items():
        assert np.array_equal(array, getattr(model, name))


def test_cnpy_reads_all_of_a_deflated_file(cleaned):
    """It takes the sizes of local headers, so no size may follow the data."""
    path = cleaned("mano", "npz", compress=True)
    data, at, found = path.read_bytes(), 0, {}
    while data[at + 2 : at + 4] == b"\3\4":
        name, method, packed, unpacked, start = local_header(data, at)
        assert method == 8
        assert data[at + 6] & 8 == 0
        npy = zlib.decompress(data[start : start + packed], -15)
        assert len(npy) == unpacked
        found[name] = npy
        at = start + packed
    model = read_model(path)
    assert list(found) == list(model.entries())
    for name in ("v_template", "weights", "J_regressor", "posedirs"):
        assert np.array_equal(array_at(found[name]), getattr(model, name))


# --- SMPL-X with many shapes ---


@pytest.mark.parametrize("n_directions", [300, 400])
@pytest.mark.parametrize("n_betas", [None, 16])
def test_stock_smplx_loads_smplx_with_many_shapes(n_directions, n_betas, family_dir, tmp_path):
    """300 are read as ten shapes and ten expressions; 400 as 300 and 100."""
    smplx = pytest.importorskip("smplx")
    with np.load(family_dir / FILES["smplx"], allow_pickle=True) as raw:
        arrays = dict(raw)
    more = more_shapes(arrays["shapedirs"], n_directions, np.random.default_rng(0))
    np.savez(tmp_path / "raw.npz", **arrays | {"shapedirs": more.astype(np.float32)})
    options = {} if n_betas is None else {"n_betas": n_betas}
    from smplprep import Options

    path = clean_file(
        tmp_path / "raw.npz", tmp_path / "SMPLX.npz", Options(**options), report=False
    ).target
    n_shapes, first = (300, 300) if n_directions == 400 else (10, 10)
    with contextlib.redirect_stdout(io.StringIO()):  # stock smplx warns of few shapes
        body = smplx.SMPLX(
            str(path), num_betas=n_shapes, num_expression_coeffs=100, use_pca=False, ext="npz"
        )
    n_kept = n_shapes if n_betas is None else min(n_betas, n_shapes)
    assert body.num_betas == n_shapes
    shapes, expressions = body.shapedirs.numpy(), body.expr_dirs.numpy()
    raw = more.astype(np.float32)
    assert np.array_equal(shapes[:, :, :n_kept], raw[:, :, :n_kept])
    assert not shapes[:, :, n_kept:].any()
    assert expressions.shape[2] == (100 if n_directions == 400 else 10)
    assert np.array_equal(expressions, raw[:, :, first : first + expressions.shape[2]])
    assert np.isfinite(body().vertices.detach().numpy()).all()
