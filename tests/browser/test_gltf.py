"""A .glb in headless Chromium: three.js poses and draws the mesh as our own skinning does."""

from __future__ import annotations

import functools
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from glb import NPM

pytest.importorskip("selenium", reason="selenium is not installed")
pytest.importorskip("PIL", reason="Pillow is not installed")
pytest.importorskip("pygltflib", reason="pygltflib (extra 'gltf') is not installed")

from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from smplprep import Model, Options, read_model
from smplprep.geometry.skinning import posed_vertices
from smplprep.io.gltf.write import write_gltf
from smplprep.jobs.pipeline import clean

pytestmark = pytest.mark.slow

SIZE = 600  # of the canvas, pixels
Posed = tuple[np.ndarray, np.ndarray]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, says nothing, and lets the browser keep nothing."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def in_three(browser, tmp_path: Path) -> Iterator[Callable[..., Posed]]:
    """Poses a model in three.js: (V, 3) its vertices, and the picture, (600, 600) drawn or not."""
    if not (NPM / "three").exists():
        pytest.skip("three.js is not installed (python3 scripts/install_browser.py)")
    (tmp_path / "three").symlink_to(NPM / "three")
    (tmp_path / "posed.html").symlink_to(Path(__file__).with_name("posed.html"))
    handler = functools.partial(Quiet, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def posed(model: Model, pose: np.ndarray, betas: np.ndarray, view: np.ndarray) -> Posed:
            write_gltf(model, tmp_path / "model.glb", n_betas=len(betas), force=True)
            names = model.family.joint_names(model.n_joints)
            turns = [
                {"name": name, "axis": (turn / np.linalg.norm(turn)).tolist(),
                 "angle": float(np.linalg.norm(turn))}
                for name, turn in zip(names, pose, strict=True) if turn.any()
            ]  # fmt: skip
            place = {"center": view[:3].tolist(), "half": float(view[3])}
            asked = {"joints": turns, "betas": betas.tolist(), **place}
            (tmp_path / "pose.json").write_text(json.dumps(asked))
            metrics = {"width": SIZE, "height": SIZE, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            browser.get(f"http://127.0.0.1:{server.server_port}/posed.html")
            found = "return window.posed"
            result = WebDriverWait(browser, 60).until(lambda it: it.execute_script(found))
            said = [entry for entry in browser.get_log("browser") if "favicon" not in str(entry)]
            assert [entry for entry in said if entry["level"] == "SEVERE"] == []
            assert result["names"] == names
            shot = browser.find_element(By.ID, "canvas").screenshot_as_png
            if folder := os.environ.get("SMPLPREP_PICTURES"):
                Path(folder, f"{model.family.name}-{len(turns)}.png").write_bytes(shot)
            pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))
            return np.reshape(result["vertices"], (-1, 3)), (pixels < 250).any(axis=2)

        yield posed
        server.shutdown()
        thread.join()


@pytest.fixture(params=["smplh", "smplx", "mano", "flame", "rig"])
def model(request, standin, family_dir, small_model) -> Model:
    """A model of each family without pose correctives, with four influences a vertex."""
    if request.param == "smplh":
        found = standin
    elif request.param == "rig":
        found = small_model()
    else:
        file = {"smplx": "SMPLX_NEUTRAL.npz", "mano": "MANO_LEFT.pkl"}
        path = family_dir / request.param / file.get(request.param, "FLAME_NEUTRAL.pkl")
        found = read_model(path)
    found, _ = clean(found, Options(max_influences=4, regressor="keep", posedirs="zero"))
    return found


def test_three_poses_shapes_and_draws_the_mesh_as_we_do(model, in_three) -> None:
    random = np.random.default_rng(5)
    pose = random.normal(0, 0.35, (model.n_joints, 3))
    none = np.zeros(2)
    (ours,) = posed_vertices(model, pose[None], none[None])
    middle = (ours.max(axis=0) + ours.min(axis=0)) / 2
    view = np.append(middle, 0.55 * np.ptp(ours, axis=0).max())
    theirs, drawn = in_three(model, pose, none, view)
    assert np.abs(theirs - ours).max() < 1e-4
    assert np.abs(ours - model.v_template).max() > 0.02  # or the pose would show nothing

    used = ours[np.unique(model.f.astype(int))]
    columns = SIZE / 2 * (1 + (used[:, 0] - middle[0]) / view[3])
    rows = SIZE / 2 * (1 - (used[:, 1] - middle[1]) / view[3])
    for places, along in ((columns, drawn.any(axis=0)), (rows, drawn.any(axis=1))):
        found = np.flatnonzero(along)[[0, -1]] + [0, 1]
        assert np.abs(found - [places.min(), places.max()]).max() < 3

    betas = np.array([1.5, -2.0])
    theirs, _ = in_three(model, np.zeros_like(pose), betas, view)
    shaped = model.v_template + model.shapedirs[:, :, :2] @ betas
    assert np.abs(theirs - shaped).max() < 1e-4
