"""People decide approvals in a real browser: with a keyboard, without JavaScript, with a form."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys as Key
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from skyloom.flows.values import json_schema


class Place(BaseModel):
    street: str


class Correction(BaseModel):
    text: str = Field(min_length=3, title="New text", description="What is sent to the customer.")
    amount: float
    refund: bool
    speed: Literal["slow", "fast"] = "slow"
    when: date | None = None
    place: Place | None = None


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """A browser that runs no JavaScript."""
    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    assert chromium and driver, "this test answers on the approvals page: install chromium and chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1000,1400"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(driver))
    yield made
    made.quit()


class Page:
    """What a person sees and does."""

    def __init__(self, browser: webdriver.Chrome, link: str) -> None:
        self.browser = browser
        browser.get_log("browser")  # type: ignore[no-untyped-call]
        browser.get(link)

    def says(self, text: str) -> None:
        # The page may be exchanged for the next one while it is read: Chrome says so in several ways.
        wait = WebDriverWait(self.browser, 20, ignored_exceptions=[WebDriverException])
        wait.until(lambda _: text in self.text)

    @property
    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "body").text

    def input(self, label: str) -> WebElement:
        """The input that a screen reader calls so."""
        inputs = self.browser.find_elements(By.CSS_SELECTOR, "input, select, textarea")
        return next(found for found in inputs if found.accessible_name.split(" (")[0] == label)

    def press(self, text: str) -> None:
        buttons = self.browser.find_elements(By.TAG_NAME, "button")
        next(found for found in buttons if found.text == text).click()

    @property
    def complaints(self) -> list[str]:
        """What the browser itself has to say, such as of forbidden styles."""
        found = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [line["message"] for line in found if "favicon" not in line["message"]]


def test_somebody_approves(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    run = account.waiting_run()
    page = Page(browser, approvals.ask(run, show={"to": "Ada", "text": "Dear Ada"}, to="leads"))
    assert page.browser.title == "Send it?"
    page.says("Dear Ada")
    page.input("Your name").send_keys("Grace")
    page.input("Comment").send_keys("looks fine")
    page.press("Approve")
    page.says("You have approved this")
    assert run.output() == {"approved": True, "comment": "looks fine", "by": "Grace", "answer": None}
    assert page.complaints == []
    browser.refresh()


def test_a_link_that_was_used_tells_so(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    run = account.waiting_run()
    link = approvals.ask(run)
    page = Page(browser, link)
    page.input("Your name").send_keys("Grace")
    page.press("Reject")
    page.says("You have rejected this")
    Page(browser, link).says("This was rejected before")
    assert run.output()["approved"] is False


def test_somebody_fills_in_a_form(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    run = account.waiting_run()
    page = Page(browser, approvals.ask(run, form=json_schema(Correction)))
    page.press("Approve")
    assert "You have approved" not in page.text, "the browser itself asks for what is required"
    page.input("New text").send_keys("Hello Ada")
    page.input("Amount").send_keys("many")
    page.input("Yes").click()
    Select(page.input("Speed")).select_by_visible_text("fast")
    page.input("Place").send_keys('{"street": 1}')
    page.input("Your name").send_keys("Grace")
    page.press("Approve")
    page.says("Nothing is decided yet")
    page.says("Amount must be a number")
    page.says("Place street must be text")
    assert page.input("New text").get_attribute("value") == "Hello Ada"
    assert page.input("Amount").get_attribute("aria-invalid") == "true"
    browser.find_element(By.LINK_TEXT, "Amount must be a number").click()
    assert browser.switch_to.active_element == page.input("Amount")
    page.input("Amount").clear()
    page.input("Amount").send_keys("12.5")
    page.input("Place").clear()
    page.input("Place").send_keys('{"street": "Elm"}')
    page.press("Approve")
    page.says("You have approved this")
    assert run.output()["answer"] == {
        "text": "Hello Ada",
        "amount": 12.5,
        "refund": True,
        "speed": "fast",
        "when": None,
        "place": {"street": "Elm"},
    }
    assert page.complaints == ["422"] or all("422" in line for line in page.complaints)


def test_who_rejects_leaves_the_form_alone(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    run = account.waiting_run()
    page = Page(browser, approvals.ask(run, form=json_schema(Correction)))
    page.press("Reject")
    page.says("Your name is missing")
    page.input("Your name").send_keys("Grace")
    page.press("Reject")
    page.says("You have rejected this")
    assert run.output()["answer"] is None


def test_enter_decides_nothing(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    link = approvals.ask(account.waiting_run())
    page = Page(browser, link)
    page.input("Your name").send_keys("Grace" + Key.ENTER)
    assert "Approve" in page.text
    assert approvals.http.get(link).status_code == 200


def test_everything_has_a_name_and_its_notes(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    page = Page(browser, approvals.ask(account.waiting_run(), form=json_schema(Correction)))
    inputs = browser.find_elements(By.CSS_SELECTOR, "input, select, textarea")
    names = [found.accessible_name for found in inputs]
    optional = ["Speed (optional)", "When (optional)", "Place (optional)"]
    assert names == ["New text", "Amount", "Yes", "No", *optional, "Your name", "Comment (optional)"]
    described = page.input("New text").get_attribute("aria-describedby")
    assert browser.find_element(By.ID, str(described)).text == "What is sent to the customer. At least 3 characters."
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    assert [heading.text for heading in browser.find_elements(By.TAG_NAME, "h1")] == ["Send it?"]
    radios = browser.find_element(By.TAG_NAME, "fieldset")
    assert radios.accessible_name == "Refund" and radios.aria_role == "group"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read(approvals: Any, account: Any, browser: webdriver.Chrome, scheme: str) -> None:
    """Contrast of at least 4.5:1, which WCAG 2.2 asks for (1.4.3), in both colour schemes."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    link = approvals.ask(account.waiting_run(), show={"a": ["b"]}, form=json_schema(Correction))
    page = Page(browser, link)
    page.press("Reject")
    page.says("Your name is missing")
    background = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    for selector in ("h1", "th", "pre", "label", "legend", ".hint", ".problem", ".summary a", ".yes", ".no", ".quiet"):
        element = browser.find_element(By.CSS_SELECTOR, selector)
        own = element.value_of_css_property("background-color")
        behind = background if _channels(own)[3:] == [0.0] else own
        ratio = _contrast(element.value_of_css_property("color"), behind)
        assert ratio >= 4.5, (selector, ratio)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_small_screen_needs_no_scrolling_sideways(approvals: Any, account: Any, browser: webdriver.Chrome) -> None:
    form = json_schema(Correction)
    link = approvals.ask(account.waiting_run(), message="long" * 100, show={"k" * 80: "v" * 500}, form=form)
    metrics = {"width": 320, "height": 600, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    Page(browser, link)
    for selector in ("h1", "table", "input[type=text]", "textarea", ".buttons"):
        box = browser.find_element(By.CSS_SELECTOR, selector).rect
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320, selector
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _channels(colour: str) -> list[float]:
    """`rgba(22, 24, 29, 1)` as numbers."""
    return [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")]


def _contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
