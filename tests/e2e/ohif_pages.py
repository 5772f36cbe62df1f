"""OHIF's pages as an annotator uses them: the study list, PET/CT, and the MONAI Label page with its panels."""

import time

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

_ANSWERED = "Running Segmentation - Successful"
_SEGMENTATION_MENU = (
    "//div[contains(@class,'bg-primary-dark') and contains(@class,'rounded-t')]//button[@aria-haspopup='menu']"
)
_LAYERS = """
const service = window.services.cornerstoneViewportService;
return [...window.services.viewportGridService.getState().viewports.keys()].map(id =>
  service.getCornerstoneViewport(id).getAllVolumeIds()
    .map(volume => window.cornerstone.cache.getVolume(volume).metadata.Modality));"""


def open_study_list(browser, studies):
    """The list that follows the sign-in."""
    browser.until(lambda: browser.has(f"{studies}\nStudies"), f"a list of {studies} studies")
    browser.picture("list")


def show_fused(browser, study):
    """OHIF's own PET/CT page: some of its views have both."""
    browser.open(f"/ohif/tmtv?StudyInstanceUIDs={study}")
    browser.until_loaded()
    layers = browser.driver.execute_script(_LAYERS)
    assert sum(sorted(one) == ["CT", "PT"] for one in layers) == 3
    browser.picture("tmtv")


class LabelPage:
    """The MONAI Label page of a study, with PET over CT in three planes."""

    def __init__(self, browser, study):
        self.browser = browser
        browser.open(f"/ohif/monai-label?StudyInstanceUIDs={study}")

    def connect(self, picture=None):
        """Wait for the images, and press the panel's button, which fetches models, strategies and trainers."""
        browser = self.browser
        browser.until_loaded()
        assert browser.driver.execute_script(_LAYERS) == [["CT", "PT"]] * 3
        if picture:
            browser.picture(picture)
        browser.click(".settingsTable .actionButton")
        browser.find("//label[text()='Auto-Segmentation']")

    def run(self, model, picture=None):
        """Run a model from the panel; voxels by segment, as the viewer then has them."""
        browser = self.browser
        self._show("Auto-Segmentation")
        Select(browser.find("//div[@class='modelSelector']//select")).select_by_value(model)
        browser.until(lambda: not browser.has(_ANSWERED), "an older notice to go")
        browser.click("//button[@title='Run Segmentation']")
        browser.until(lambda: browser.has(_ANSWERED), f"the answer of {model}")
        found = browser.voxels()  # drawn in the same moment as the notice
        if picture:
            self._go_to(max(found, key=found.get))
            browser.picture(picture)
        return found

    def submit(self):
        """Export DICOM SEG, which stores it at the server."""
        browser = self.browser
        self._tab("panelSegmentation")
        browser.click(_SEGMENTATION_MENU)
        browser.click("//*[@role='menuitem'][contains(.,'Export & Download')]")
        browser.click("//*[@role='menuitem'][contains(.,'Export DICOM SEG')]")
        browser.click("//button[contains(.,'Save')]")
        browser.until(lambda: browser.has("Submitted as a label"), "the submission")
        browser.picture("submitted")

    def next_exam(self):
        """Ask for the next exam and go there; its study."""
        browser = self.browser
        before = browser.driver.current_url
        self._show("Active Learning")
        browser.click("//button[text()='Next Sample']")
        browser.find("//div[contains(@class,'nextSampleForm')]//button[text()='OK']")
        browser.picture("next")
        browser.click("//div[contains(@class,'nextSampleForm')]//button[text()='OK']")
        browser.until(lambda: browser.driver.switch_to.alert.accept() is None, "the question whether to leave")
        browser.until(lambda: browser.driver.current_url != before, "another study")
        return browser.driver.current_url.rpartition("=")[2]

    def train(self, model, **options):
        """Set a model's options of training in their dialogue, and start it."""
        browser = self.browser
        self._tab("monailabel")
        browser.click("//a[text()='Options / Configurations']")
        Select(browser.find("select[name=selectSection]")).select_by_value("train")
        Select(browser.find("select[name=selectName]")).select_by_value(model)
        for name, value in options.items():
            field = browser.find(f"[id='train{model}{name}']")
            field.clear()
            field.send_keys(str(value))
        browser.click("//button[contains(.,'Confirm')]")
        self._show("Active Learning")
        browser.click("//button[text()='Update Model']")
        browser.find("//button[text()='Stop Training']")

    def _tab(self, name):
        self.browser.click(f"[data-cy='{name}-btn']")

    def _show(self, section):
        """Open a section of the panel where it is closed."""
        self._tab("monailabel")
        label = self.browser.find(f"//label[text()='{section}']")
        switch = self.browser.driver.find_element(By.ID, label.get_attribute("for"))
        if not switch.is_selected():
            label.click()

    def _go_to(self, segment):
        """Click a segment in its panel, which brings its middle into the views."""
        self._tab("panelSegmentation")
        self.browser.click(f"//*[@data-cy='data-row'][contains(.,'{segment}')]")
        time.sleep(2.0)  # the views move there
