"""A headless Chromium on the annotation server's viewer, and what the viewer knows of itself."""

import os
import shutil
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

# Volumes want WebGL, which a machine without a graphics card has in software.
_WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
_PATIENCE_S = 600.0

_LOADED = """
const grid = window.services?.viewportGridService.getState().viewports;
const engine = window.services?.cornerstoneViewportService;
if (!grid?.size) return false;
return [...grid.keys()].every(id => {
  const volumes = engine.getCornerstoneViewport(id)?.getAllVolumeIds?.() ?? [];
  return volumes.length && volumes.every(volume => window.cornerstone.cache.getVolume(volume)?.loadStatus?.loaded);
});"""

_VOXELS = """
const found = {};
for (const one of window.cornerstoneTools.segmentation.state.getSegmentations()) {
  const labelmap = one.representationData.Labelmap ?? {};
  const volume = labelmap.volumeId && window.cornerstone.cache.getVolume(labelmap.volumeId);
  const arrays = volume ? [volume.voxelManager.getCompleteScalarDataArray()]
    : (labelmap.imageIds ?? []).map(id => window.cornerstone.cache.getImage(id)?.voxelManager.getScalarData() ?? []);
  for (const array of arrays) for (const value of array) if (value) {
    const name = one.segments[value]?.label ?? String(value);
    found[name] = (found[name] ?? 0) + 1;
  }
}
return found;"""


def require_chromium() -> tuple[str, str]:
    """Paths of Chromium and its driver; the test is skipped where they are not installed."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(found):
        pytest.skip("needs Chromium and its driver (Debian: chromium, chromium-driver)")
    return found


class Browser:
    """One browser with a profile of its own.

    Pictures go to ``$UPTAKE_SCREENSHOTS``, else below ``folder``.
    """

    def __init__(self, folder: Path, url: str):
        chromium, driver = require_chromium()
        self.url = url
        self.pictures = Path(os.environ.get("UPTAKE_SCREENSHOTS") or folder / "pictures")
        self.pictures.mkdir(parents=True, exist_ok=True)
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in ("--headless=new", "--no-sandbox", "--no-first-run", "--window-size=1500,860", *_WEBGL, *_QUIET):
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={folder / 'profile'}")
        self.driver = webdriver.Chrome(options=options, service=Service(driver))
        self.driver.set_script_timeout(_PATIENCE_S)
        self.driver.set_page_load_timeout(_PATIENCE_S)

    def close(self):
        self.driver.quit()

    def open(self, path):
        self.driver.get(self.url + path)

    def sign_in(self, user, token):
        self.open("/")
        self.find("#name").send_keys(user)
        self.find("#token").send_keys(token)
        self.find("button[type=submit]").click()

    def find(self, selector):
        """The first element that is shown, by CSS selector or, with ``//`` in front, by XPath; waits for it."""
        how = By.XPATH if selector.startswith("//") else By.CSS_SELECTOR

        def shown():
            return next((each for each in self.driver.find_elements(how, selector) if each.is_displayed()), None)

        return self.until(shown, selector)

    def click(self, selector):
        """Click when it can be clicked: notices lie over the panels for a few seconds."""

        def clicked():
            self.find(selector).click()
            return True

        self.until(clicked, f"a click on {selector}")

    def double_click(self, selector):
        ActionChains(self.driver).double_click(self.find(selector)).perform()

    def has(self, text):
        return text in self.driver.find_element(By.TAG_NAME, "body").text

    def until(self, what, name, seconds=_PATIENCE_S):
        """Ask until it is true; what the page is not ready for counts as not yet."""
        end = time.monotonic() + seconds
        while True:
            try:
                found = what()
            except WebDriverException:
                found = None
            if found:
                return found
            if time.monotonic() > end:
                self.picture("timeout")
                raise AssertionError(f"waited {seconds:.0f} s in vain for {name}")
            time.sleep(0.3)

    def until_loaded(self):
        """All volumes of all viewports are there, and drawn."""
        self.until(lambda: self.driver.execute_script(_LOADED), "all slices")
        time.sleep(2.0)

    def voxels(self):
        """How many voxels the viewer's segmentations have, by segment."""
        return self.driver.execute_script(_VOXELS)

    def missing(self):
        """What of DICOM the pages could not load, as the browser's log has it."""
        lines = [each["message"] for each in self.driver.get_log("browser")]
        return [line for line in lines if "Failed to load resource" in line and "/dicom-web/" in line]

    def picture(self, name):
        path = self.pictures / f"annotation-{name}.png"
        self.driver.save_screenshot(str(path))
        return path
