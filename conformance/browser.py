"""The chat page as a person uses it: headless Chromium, driven with selenium."""

import json
import os
import shutil
import time

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# Runs before the page's own scripts, outside of its policy: what the browser refuses, and what fails.
WATCH = """
window.trouble = [];
addEventListener("securitypolicyviolation", (event) => trouble.push(`policy ${event.violatedDirective} ${event.blockedURI}`));
addEventListener("error", (event) => trouble.push(`error ${event.message}`));
addEventListener("unhandledrejection", (event) => trouble.push(`rejection ${event.reason?.stack ?? event.reason}`));
"""

# The page is ready, and its list of conversations is drawn: with a line that says so when there are none.
READY = "document.body?.dataset.ready && document.getElementById('conversations').childElementCount"


def programs():
    """Chromium and its driver, as Debian installs them; None where one is missing."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    driver = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver")
    return (chromium, driver) if chromium and driver else None


def start(downloads):
    chromium, driver = programs()
    options = Options()
    options.binary_location = chromium
    for flag in ["--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--window-size=1280,900"]:
        options.add_argument(flag)
    if os.geteuid() == 0:
        # Its sandbox does not work for root; it loads nothing but the page under test.
        options.add_argument("--no-sandbox")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    browser.set_script_timeout(30)
    return browser


class Page:
    """One tab of the page at `url`, with nothing stored."""

    def __init__(self, browser, url, downloads):
        self.browser = browser
        self.url = url
        self.downloads = downloads
        for path in downloads.iterdir():
            path.unlink()
        self.screen(1280, 900)
        self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        self.command("Storage.clearDataForOrigin", origin=url.rstrip("/"), storageTypes="all")
        self.watch = self.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)["identifier"]
        browser.get_log("browser")
        self.open()

    def command(self, name, **parameters):
        return self.browser.execute_cdp_cmd(name, parameters)

    def open(self, at=""):
        self.browser.get("about:blank")
        self.browser.get(self.url + at)
        self.wait(READY)

    def reload(self):
        self.settle()
        self.browser.refresh()
        self.wait(READY)

    def settle(self):
        """Waits for what the page has begun to store: writers of the same stores take turns."""
        self.browser.execute_async_script("""
            const done = arguments[0];
            const request = indexedDB.open("kite", 1);
            request.onerror = () => done();
            // Nothing is stored yet; making the stores is up to the page.
            request.onupgradeneeded = () => request.transaction.abort();
            request.onsuccess = ({ target: { result } }) => {
                const turn = result.transaction(["conversations", "summaries"], "readwrite");
                turn.objectStore("summaries").count();
                turn.oncomplete = turn.onabort = () => { result.close(); done(); };
            };""")

    def screen(self, width, height, phone=False, dark=False):
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.command("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ])

    # Looking

    def js(self, expression, *arguments):
        return self.browser.execute_script(f"return {expression}", *arguments)

    def wait(self, expression, seconds=60):
        """
        The value of a JavaScript expression as soon as it is true; fails the test when it never is. One that fails
        because an element is not there yet is not true yet.
        """
        deadline = time.monotonic() + seconds
        while True:
            failure = ""
            try:
                if value := self.js(expression):
                    return value
            except JavascriptException as error:
                failure = f": {error.msg}"
            assert time.monotonic() < deadline, f"never: {expression}{failure}\n{self.text('body')[-1500:]}"
            time.sleep(0.03)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.js("document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def texts(self, selector):
        return self.js("[...document.querySelectorAll(arguments[0])].map((node) => node.textContent)", selector)

    @property
    def messages(self):
        """[(role, text)] of what is shown."""
        return [tuple(pair) for pair in self.js(
            "[...document.querySelectorAll('.message')]"
            ".map((node) => [node.dataset.role, node.querySelector('.text').textContent])")]

    @property
    def answer(self):
        return self.messages[-1][1]

    @property
    def note(self):
        return self.text(".message.last .note:not([hidden])")

    @property
    def focus(self):
        return self.js("document.activeElement.id || document.activeElement.className || document.activeElement.tagName")

    @property
    def titles(self):
        return self.texts("#conversations .open")

    def lists(self, *titles):
        """Waits until these are the conversations in the list, which is drawn after they are stored."""
        found = "[...document.querySelectorAll('#conversations .open')].map((node) => node.textContent)"
        self.wait(f"JSON.stringify({found}) === JSON.stringify({json.dumps(titles)})")

    def stored(self):
        """All conversations in the browser's storage."""
        return self.browser.execute_async_script("""
            const done = arguments[0];
            indexedDB.open("kite", 1).onsuccess = ({ target: { result } }) => {
                result.transaction("conversations").objectStore("conversations").getAll().onsuccess = (event) => {
                    result.close();
                    done(event.target.result);
                };
            };""")

    # Doing

    def click(self, selector):
        """Clicks what is there as soon as it can be clicked."""
        for attempt in range(5):
            self.wait(f"document.querySelector({selector!r})?.checkVisibility()")
            try:
                self.one(selector).click()
                return
            except (NoSuchElementException, StaleElementReferenceException):
                # Drawn anew between the look and the click.
                if attempt == 4:
                    raise

    def action(self, name, message="last-of-type"):
        """One of the buttons below a message."""
        self.js(f"document.querySelector('.message:{message} [data-action=\"{name}\"]').click()")

    def type(self, text, selector="#message"):
        field = self.one(selector)
        lines = text.split("\n")
        for index, line in enumerate(lines):
            if index:
                ActionChains(self.browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
            field.send_keys(line)

    def keys(self, *keys, holding=None):
        """Keys for whatever has the focus."""
        chain = ActionChains(self.browser)
        if holding:
            chain.key_down(holding)
        chain.send_keys(*keys)
        if holding:
            chain.key_up(holding)
        chain.perform()

    def begin(self, text):
        """Sends a message and waits for the first of the answer."""
        count = len(self.messages)
        self.type(text)
        self.one("#message").send_keys(Keys.ENTER)
        self.wait(f"document.querySelectorAll('.message').length >= {count + 2}")

    def send(self, text):
        """Sends a message and waits for the answer."""
        self.begin(text)
        self.finish()
        return self.answer

    def finish(self):
        self.wait("document.getElementById('stop').hidden && !document.querySelector('[data-writing]')", 120)

    def import_file(self, path):
        self.one("#import-file").send_keys(str(path))

    def downloaded(self, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            files = [path for path in self.downloads.iterdir() if path.suffix == ".json"]
            if files:
                return files[0].read_text()
            time.sleep(0.05)
        raise AssertionError("nothing was downloaded")

    def troubles(self):
        """What the browser refused or what failed, besides requests that a test made fail."""
        logged = [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        logged = [line for line in logged if "Failed to load resource" not in line or ".js" in line or ".css" in line]
        return (self.js("window.trouble") or []) + logged

    def close(self):
        self.command("Page.removeScriptToEvaluateOnNewDocument", identifier=self.watch)
        self.browser.get("about:blank")
