"""The real page in headless Chromium, opened from disk with the network cut."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("selenium", reason="selenium is not installed")
pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
WHEN, PARTS = ("before", "after"), ("stage", "legend")
AXE = ROOT / "build" / "npm" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def report(done):
    return json.loads(done.report_target.read_text())


def picture(element) -> np.ndarray:
    """(height, width, 3) what the element looks like."""
    element.parent.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    image = Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB")
    return np.asarray(image).astype(int)


def stage(browser, when: str = "before"):
    return browser.find_element(By.ID, f"stage-{when}")


def colored_share(pixels: np.ndarray) -> float:
    """Share of pixels that are clearly warm, as the ramp is and the plain body is not."""
    return float((pixels[..., 0] - pixels[..., 2] > 60).mean())


def choose(browser, name: str, label: str) -> None:
    Select(browser.find_element(By.ID, name)).select_by_visible_text(label)
    # Two frames on, everything that the change asked for is on the screen.
    browser.execute_async_script(
        "const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => done()), 700)"
    )


def requests(browser) -> list[str]:
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def column(browser, table: str, index: int) -> list[str]:
    script = """
        const rows = document.getElementById(arguments[0]).tBodies[0].rows;
        return [...rows].filter((row) => !row.hidden).map((row) => {
          const cell = row.cells[arguments[1]], data = cell.querySelector("data");
          return data ? data.value : cell.textContent.trim();
        });"""
    return browser.execute_script(script, table, index)


def test_no_console_error_no_request_and_soon_interactive(opened):
    browser = opened()
    said = browser.get_log("browser")
    assert [entry for entry in said if entry["level"] == "SEVERE"] == []
    urls = [url for url in requests(browser) if not url.startswith(("data:", "blob:"))]
    assert len(urls) == 1
    assert urls[0].startswith("file:")
    # A page that was never opened before also pays for compiling shaders in software.
    opened()
    ready = int(browser.execute_script("return document.documentElement.dataset.ready"))
    assert ready < 3000


def test_the_first_screen_has_the_gain_the_cost_both_bodies_and_their_legends(opened):
    browser = opened(width=1400, height=1000)
    ends = "return [...arguments].map((id) => $(id).getBoundingClientRect().bottom)"
    shown = ("verdict", "cost", *(f"{part}-{when}" for part in PARTS for when in WHEN))
    assert max(browser.execute_script(ends, *shown)) < 1000
    for when, title in zip(WHEN, ("weight removed from the vertex", "mm"), strict=True):
        pixels = picture(stage(browser, when))
        assert (np.abs(pixels - pixels[5, 5]).sum(axis=2) > 30).mean() > 0.05
        assert colored_share(pixels) > 0.002
        assert title in browser.find_element(By.ID, f"legend-{when}").text
    gap = "return $('counts').offsetTop - $('readout').offsetTop - $('readout').offsetHeight"
    assert browser.execute_script(gap) < 60
    choose(browser, "mode", "removed weights")
    assert colored_share(picture(stage(browser))) > 0.002
    assert colored_share(picture(stage(browser, "after"))) == 0


def test_the_verdict_leads_to_the_vertex_that_moved_most(opened, report):
    browser = opened()
    browser.find_element(By.CSS_SELECTOR, "#cost a").click()
    readout = browser.find_element(By.ID, "readout")
    most = report["displacement"]["max_vertex"]
    WebDriverWait(browser, 10).until(lambda _: f"vertex {most} " in readout.text)
    for row in report["removed"]["at_max_displacement"]:
        assert row["joint"] in readout.text
        assert f"{row['weight']:.4g}" in readout.text
    shown = """const { layout: { scene }, data } = $("stage-after"), ring = data[2];
      const ranges = ["xaxis", "yaxis", "zaxis"].map((axis) => scene[axis].range);
      return [[ring.x[0], ring.y[0], ring.z[0]], ranges, Object.values(scene.camera.center)]"""
    vertex, ranges, center = browser.execute_script(shown)
    longest = np.ptp(ranges, axis=1).max()
    assert center == pytest.approx((vertex - np.mean(ranges, axis=1)) / longest, abs=0.02)


def test_what_scrolls_says_so(opened):
    """At 400 pixels sideways, too; at 1400 nothing does, and a filter counts its rows."""
    said = """return Object.fromEntries([...document.querySelectorAll(".scroll")].map((part) =>
      [part.querySelector("[id]").id, part.previousElementSibling.textContent]))"""
    narrow = opened(width=400).execute_script(said)
    for chart in ("chart-gradients-before", "chart-gradients-after", "chart-joints"):
        assert narrow[chart] == "scroll sideways for the rest"
    assert re.fullmatch(
        r"\d+ of 21 rows, scroll; scroll sideways for the rest", narrow["landmarks"]
    )
    browser = opened(width=1400)
    wide = browser.execute_script(said)
    assert wide["chart-joints"] == ""
    assert re.fullmatch(r"\d+ of 52 rows, scroll", wide["joints"])
    browser.find_element(By.ID, "filter-joints").send_keys("rthumb")
    assert browser.execute_script(said)["joints"] == "3 of 52 rows"


def test_every_color_mode_and_the_joint_picker_change_the_colors(opened):
    browser = opened()
    seen = [picture(stage(browser))]
    for mode in ("displacement", "number of influences", "weight of one joint"):
        choose(browser, "mode", mode)
        seen.append(picture(stage(browser)))
        assert np.abs(seen[-1] - seen[-2]).max() > 60, mode
    for joint in ("leftLeg", "head"):
        choose(browser, "joint", joint)
        seen.append(picture(stage(browser)))
        assert np.abs(seen[-1] - seen[-2]).max() > 60, joint
    # Spurious weights of the head lie all over the body, and none is left.
    assert colored_share(picture(stage(browser))) > colored_share(picture(stage(browser, "after")))


def test_pose_switch_shows_both_bodies_in_the_worst_pose(opened):
    browser = opened()
    rest = {when: picture(stage(browser, when)) for when in ("before", "after")}
    label = Select(browser.find_element(By.ID, "pose")).options[1].text
    choose(browser, "pose", label)
    for when, was in rest.items():
        assert np.abs(picture(stage(browser, when)) - was).max() > 60


def test_hover_names_the_vertex_and_its_weights(opened, report):
    browser = opened()
    element = stage(browser)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    readout = browser.find_element(By.ID, "readout")
    for step in range(20):  # a first move may fall into a frame that is still being drawn
        offset = (step % 3, -100 - step)
        ActionChains(browser).move_to_element_with_offset(element, *offset).pause(0.2).perform()
        if readout.get_attribute("data-vertex"):
            break
    assert f"vertex {readout.get_attribute('data-vertex')}" in readout.text
    label = element.find_element(By.CSS_SELECTOR, "g.hovertext").text
    assert f"vertex {readout.get_attribute('data-vertex')}" in label
    assert "→" in label


def test_a_vertex_can_be_typed_and_its_landmark_is_named(opened, standin):
    browser = opened()
    field = browser.find_element(By.ID, "vertex")
    field.send_keys("332\t")
    readout = browser.find_element(By.ID, "readout")
    WebDriverWait(browser, 10).until(lambda _: "nose" in readout.text)
    head = standin.family.joint_names(52).index("head")
    assert f"{standin.weights[332, head]:.4g}" in readout.text


def test_an_empty_box_chooses_no_vertex_and_a_number_too_large_is_said(opened):
    browser = opened()
    field, readout = (browser.find_element(By.ID, name) for name in ("vertex", "readout"))
    chosen = "return [...$('stage-after').data[2].customdata]"
    invitation = readout.text
    for typed, said, ring in (
        ("332", "nose", [332]),
        ("99999", "no vertex 99999 of 6890", []),
        ("7", "vertex 7", [7]),
        ("", invitation, []),
        ("-1", "no vertex -1 of 6890", []),
        ("0", "vertex 0", [0]),
    ):
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(f"{typed or Keys.DELETE}\t")
        WebDriverWait(browser, 10).until(
            lambda driver, said=said, ring=ring: (
                said in readout.text and driver.execute_script(chosen) == ring
            )
        )


def test_turning_one_body_turns_the_other(opened):
    browser = opened()
    element = stage(browser)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    ActionChains(browser).move_to_element(element).click_and_hold().move_by_offset(
        90, 5
    ).release().pause(0.5).perform()
    eyes = browser.execute_script(
        "return ['before', 'after'].map((when) =>"
        " document.getElementById(`stage-${when}`).layout.scene.camera.eye)"
    )
    assert eyes[0] == pytest.approx(eyes[1])
    assert abs(eyes[0]["y"]) > 0.1


def test_sort_and_filter(opened, report):
    browser = opened()
    shifts = [row["vertices_before"] for row in report["regressor"]]
    button = browser.find_element(By.CSS_SELECTOR, "#joints thead th:nth-child(3) button")
    for expected in (sorted(shifts, reverse=True), sorted(shifts)):
        browser.execute_script("arguments[0].click()", button)
        assert [int(value) for value in column(browser, "joints", 2)] == expected
    browser.find_element(By.ID, "filter-joints").send_keys("thumb")
    expected = {row["joint"] for row in report["regressor"] if "thumb" in row["joint"]}
    assert set(column(browser, "joints", 0)) == expected


def test_the_numbers_on_the_page_are_those_of_the_json(opened, report):
    browser = opened()
    moved = report["moved_most"]
    assert [float(v) for v in column(browser, "moved-most", 1)] == [row["max_mm"] for row in moved]
    drawn = browser.execute_script(
        "return Object.fromEntries(Object.keys(charts).map((id) => [id,"
        " document.getElementById(id).data.map((trace) => Array.from(trace.y))]))"
    )
    histogram = report["weights_histogram"]
    assert drawn["chart-histogram"] == [histogram["before"], histogram["after"]]
    vertices = [[row[f"vertices_{m}"] for row in report["regressor"]] for m in ("before", "after")]
    assert drawn["chart-joints"][0] == report["changes"][0]["mass_dropped_per_joint"]
    assert drawn["chart-joints"][1:3] == vertices
    energy = report["changes"][2]["energy_kept_per_joint"]
    assert drawn["chart-joints"][3:] == [[None, *energy]]  # no joint moves, so none is drawn
    for when in ("before", "after"):
        sizes = browser.execute_script(
            "return document.getElementById(arguments[0]).data[0].customdata",
            f"chart-gradients-{when}",
        )
        assert sizes == report["gradients"][when]


@pytest.mark.parametrize("width", [1000, 1280, 1400, 2000])
def test_the_matrices_show_all_joints(opened, width):
    browser = opened(width=width)
    matrices = "[...document.querySelectorAll('.matrices .scroll')]"
    cut = f"return {matrices}.map((each) => each.scrollWidth - each.clientWidth)"
    assert browser.execute_script(cut) == [0, 0]


@pytest.mark.parametrize("width", [400, 768, 1280, 2000])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out_at_any_width(opened, width, dark):
    browser = opened(width=width, dark=dark)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(19, 20, 22)") == dark


def test_print_has_the_bodies_and_is_light(opened):
    browser = opened(dark=True)
    WebDriverWait(browser, 30).until(
        lambda driver: driver.execute_script("return $('still-after').src.length") > 5000
    )
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(base64.b64decode(pdf["data"])) > 100_000


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_serious_fault(opened, dark):
    if not AXE.exists():
        pytest.skip("npm's axe-core is not there (scripts/install_browser.py)")
    browser = opened(dark=dark)
    browser.execute_script(AXE.read_text())
    faults = browser.execute_async_script(
        "const done = arguments[0]; axe.run().then((found) => done("
        "found.violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.html)])))"
    )
    assert [fault for fault in faults if fault[0] in ("serious", "critical")] == []
