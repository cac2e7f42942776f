"""Nothing that a report says runs in the page, whatever it is and wherever it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from small_files import arrays, as_npz

from smplprep.jobs.clean_file import clean_file
from smplprep.report.html import render
from smplprep.report.read import check_report

pytestmark = pytest.mark.slow

RUN = "window.owned=1"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</ScRiPt ><svg/onload={RUN}>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"'><img src=x onerror='{RUN}'>",
    f'" onmouseover="{RUN}" x="',
    f'" autofocus onfocus="{RUN}" tabindex=0 x="',
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<iframe srcdoc='<script>parent.{RUN[7:]}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RUN[7:]}></iframe>",
    f"<a href=javascript:{RUN}>click</a>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<input autofocus onfocus={RUN}>",
    f"<style onload={RUN}>*{{}}</style>",
    f"<style>@import 'x'</style><link rel=stylesheet href=x onerror={RUN}>",
    f"<math><mtext><img src=x onerror={RUN}></mtext></math>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<base href=javascript:{RUN}//>",
    f"<form action=javascript:{RUN}><button>x</button></form>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<object data='data:text/html,<script>{RUN}</script>'></object>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}`+{RUN}+`",
    f"\\u003cscript>{RUN}\\u003c/script>",
    f"<!--<script>{RUN}</script>-->]]><script>{RUN}</script>",
    f"\u2028{RUN}\u2028//",
    "length",
    "__proto__",
    "constructor",
]
INJECTED = (
    "svg[onload], iframe, object, math, base, form, [onerror], [onload], [onfocus], [ontoggle]"
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a small model with a landmark for each payload that it has vertices for."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "points.json").write_text(json.dumps({f"p{v}": v for v in range(10)}))
    (folder / "raw.npz").write_bytes(as_npz(arrays()))
    points = str(folder / "points.json")
    done = clean_file(folder / "raw.npz", folder / "out.npz", landmarks=points, html=False)
    return json.loads(done.report_target.read_text())


def poisoned(value: Any, first: int) -> Any:
    """The report with a payload in place of each text, and behind each free key."""
    turn = iter(range(first, 10**9))
    fixed = re.compile(
        r"[0-9a-f]{64}|npz|pkl|rest|mm per radian|local|exact|same|keep|threshold|m|mixamo|smplx"
    )
    fixed = re.compile(f"{fixed.pattern}|renormalize|i2|u2|f4|m|mixamo|smplx")

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            free = {PAYLOADS[next(turn) % len(PAYLOADS)]: 1} if key == "dropped_per_rule" else {}
            return {k: walk(v, k) for k, v in value.items()} | free
        if isinstance(value, list):
            return [walk(each, key) for each in value]
        if isinstance(value, str) and key != "data" and not fixed.fullmatch(value):
            return PAYLOADS[next(turn) % len(PAYLOADS)]
        return value

    return walk(value)


@pytest.mark.parametrize("first", [0, 7, 14, 21, 28])
def test_no_payload_runs(browser, plain: dict[str, Any], tmp_path: Path, first: int) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    report = poisoned(plain, first)
    joints = report["gradients"]["joints"]
    for landmark in report["landmarks"]:
        for when in ("before", "after"):
            landmark[when] = dict.fromkeys(landmark[when], joints)
    check_report(report)
    page = tmp_path / "page.html"
    render.write_page(report, page, name=PAYLOADS[first])
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(page.as_uri())
    complete = "return document.documentElement.dataset.complete"
    WebDriverWait(browser, 60).until(lambda driver: driver.execute_script(complete))
    browser.execute_async_script(
        """
        const done = arguments[0];
        (async () => {
          for (const vertex of [0, 3, 9]) await bodies.choose(vertex);
          for (const mode of ["influences", "joint"]) {
            $("mode").value = mode; $("mode").dispatchEvent(new Event("change"));
          }
          for (const heading of document.querySelectorAll("th button")) heading.click();
          for (const input of document.querySelectorAll("input[type=search]")) {
            input.value = "<img"; input.dispatchEvent(new Event("input"));
          }
          const chart = $("chart-gradients-before");
          Plotly.Fx.hover(chart, [{ curveNumber: 0, pointNumber: [0, 0] }]);
          setTimeout(done, 300);
        })();
        """
    )
    assert browser.execute_script("return window.owned") is None
    assert (
        browser.execute_script("return document.querySelectorAll(arguments[0]).length", INJECTED)
        == 0
    )
    said = [entry["message"] for entry in browser.get_log("browser")]
    assert [line for line in said if "Content Security Policy" in line] == []
    texts = browser.execute_script("return document.body.innerText")
    assert sum(payload in texts for payload in PAYLOADS) > 3  # shown as the text that they are


def test_the_policy_stops_what_would_get_into_the_page(browser, plain, tmp_path, monkeypatch):
    """Escaping is one lock, the page's Content-Security-Policy the other."""
    monkeypatch.setattr("smplprep.report.html.markup.escape", str)
    report = plain | {"remarks": [payload for payload in PAYLOADS if "meta" not in payload]}
    page = tmp_path / "page.html"
    page.write_bytes(render.render_page(report, name="x"))
    browser.get(page.as_uri())
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert browser.execute_script("return document.querySelectorAll('[onerror]').length") > 0
    assert browser.execute_script("return window.owned") is None


def test_the_page_puts_no_data_into_html(plain) -> None:
    scripts = "".join(render.asset(script) for script in render.SCRIPTS)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts)
    page = render.render_page(plain, name="x").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    (allowed,) = re.findall(r"script-src ([^;]*)", policy)
    assert re.fullmatch(r"'sha256-[\w+/]{43}=' 'sha256-[\w+/]{43}='", allowed)
