"""A headless Chromium without a network, and the real page of the full-size stand-in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smplprep.jobs.clean_file import CleanedFile, clean_file

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the network is cut
)

Open = Callable[..., "webdriver.Chrome"]


@pytest.fixture(scope="session")
def done(standin_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanedFile:
    """The stand-in, cleaned, with its page beside it."""
    target = tmp_path_factory.mktemp("page") / "SMPLH_NEUTRAL_clean.npz"
    return clean_file(standin_dir / "SMPLH_NEUTRAL.npz", target)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium with a fresh profile; skipped with a reason where there is none."""
    if not CHROMIUM or not DRIVER:
        pytest.skip("no Chromium with its driver (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    os.environ.setdefault("SE_OFFLINE", "true")  # selenium looks for no driver on the network
    service = webdriver.ChromeService(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: webdriver.Chrome, done: CleanedFile) -> Open:
    """Opens the page at a width and in a theme, and waits until everything is drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    def open_page(*, width: int = 1280, height: int = 900, dark: bool = False) -> webdriver.Chrome:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})
        for kind in ("browser", "performance"):
            browser.get_log(kind)  # what earlier pages said is not this page's
        browser.get(done.html_target.as_uri())
        complete = "return document.documentElement.dataset.complete"
        WebDriverWait(browser, 60).until(lambda driver: driver.execute_script(complete))
        return browser

    return open_page
