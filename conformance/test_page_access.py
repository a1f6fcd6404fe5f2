"""The chat page by keyboard, by screen reader, on phones, light and dark."""

import threading

import pytest
from selenium.webdriver.common.keys import Keys
from stage import Answer

WIDE = """A paragraph with averyveryverylongwordthatgoesonandonandonandonandonandonandonandonandonandonandonandon.

| Column one | Column two | Column three | Column four | Column five | Column six |
|---|---|---|---|---|---|
| some content | some content | some content | some content | some content | some content |

```text
a line of code that is much too long for the screen of a telephone, whatever one does, and it has to scroll by itself
```
# A heading with https://example.com/a/very/long/address/that/does/not/break/anywhere/at/all/is/here
"""

# Texts whose colour is too near to what they stand on: [text, ratio].
CONTRAST = """(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const colour = (text) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = text;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
        return { rgb: [red, green, blue], alpha: alpha / 255 };
    };
    const luminance = (rgb) => rgb.map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (node) => {
        for (; node; node = node.parentElement) {
            const found = colour(getComputedStyle(node).backgroundColor);
            if (found.alpha > 0.99) return found.rgb;
        }
        return [255, 255, 255];
    };
    const low = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const node = text.parentElement;
        if (!text.data.trim() || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        if (node.closest("script, noscript, .hidden, :disabled, symbol")) continue;
        const [a, b] = [luminance(colour(getComputedStyle(node).color).rgb), luminance(ground(node))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) low.push([text.data.trim().slice(0, 40), ratio]);
    }
    return low;
})()"""

UNNAMED = """[...document.querySelectorAll("button, input, textarea, select, a, [role=img]")].filter((node) =>
    node.checkVisibility() && !node.ariaLabel && !node.textContent.trim() && !node.labels?.length).map((node) => node.outerHTML)"""


def test_keyboard_alone(page, stage):
    stage.says("One.", "Two.", "Three.", "Four.")
    assert page.focus == "message"
    page.keys("First")
    page.keys(Keys.ENTER, holding=Keys.SHIFT)
    page.keys("second line", Keys.ENTER)
    page.wait("document.querySelectorAll('.message').length === 2")
    page.finish()
    assert page.messages[0] == ("user", "First\nsecond line")
    # Arrow up edits the last message, Escape leaves it alone.
    page.keys(Keys.ARROW_UP)
    assert "editor" in page.focus
    page.keys(" changed", Keys.ESCAPE)
    assert page.messages[0] == ("user", "First\nsecond line")
    page.one("#message").click()
    page.keys(Keys.ARROW_UP)
    page.keys(" changed", Keys.ENTER)
    page.wait("document.querySelector('.message .text').textContent.endsWith('changed')")
    page.finish()
    assert page.answer == "Two." and page.focus == "message"
    # Control K, Enter: a new chat. Control K, words, Enter: an old one.
    page.keys("k", holding=Keys.CONTROL)
    assert page.focus == "search"
    page.keys(Keys.ENTER)
    assert page.messages == [] and page.focus == "message"
    page.keys("Another", Keys.ENTER)
    page.wait("document.querySelectorAll('.message').length === 2")
    page.finish()
    page.lists("Another", "First second line changed")
    page.keys("k", holding=Keys.CONTROL)
    page.keys("second line")
    page.wait("document.querySelectorAll('#conversations .open').length === 1")
    page.keys(Keys.ENTER)
    page.wait("document.querySelector('.message .text').textContent.startsWith('First')")
    # Settings and back.
    page.one("#open-settings").send_keys(Keys.ENTER)
    assert page.focus == "close-settings"
    page.keys(Keys.ESCAPE)
    assert page.js("document.getElementById('settings').hidden")
    # Every control is reached with Tab.
    seen = set()
    page.js("document.activeElement.blur()")
    for _ in range(60):
        page.keys(Keys.TAB)
        seen.add(page.js("document.activeElement.id || document.activeElement.dataset.action || document.activeElement.className"))
    assert {"new-chat", "search", "model", "theme", "open-settings", "message", "copy", "again", "edit", "previous", "open"} <= seen


def test_the_stream_is_spoken_by_paragraph(page, stage):
    gate = threading.Event()
    stage.says(Answer("The first paragraph.\n\nThe second paragraph has a half\n\nThird.", gate=gate))
    page.begin("Speak")
    page.wait("document.getElementById('announcements').textContent.includes('The first paragraph.')")
    assert "Third" not in page.text("#announcements")
    gate.set()
    page.finish()
    spoken = page.texts("#announcements p")
    assert sum("The first paragraph." in text for text in spoken) == 1
    assert sum("Third." in text for text in spoken) == 1
    assert page.js("document.getElementById('announcements').ariaLive") == "polite"


def test_everything_has_a_name(page, stage):
    stage.says("```js\nlet a\n```\n\n- [x] done\n\n[link](https://example.com)")
    page.send("Things")
    page.click("#open-settings")
    assert page.js(UNNAMED) == []
    assert page.js("document.documentElement.lang") == "en"


@pytest.mark.parametrize("width, height", [(390, 844), (320, 568), (768, 1024), (844, 390)])
def test_phones(page, stage, width, height):
    page.screen(width, height, phone=True)
    page.open()
    stage.says(WIDE)
    page.type("Something wide")
    page.click("#send")
    page.wait("document.querySelectorAll('.message').length === 2")
    page.finish()
    fits = "document.documentElement.scrollWidth <= innerWidth && (({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.getElementById('scroller'))"
    assert page.js(fits)
    box = page.js("document.getElementById('composer').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0 and box["right"] <= width and box["bottom"] <= height
    # A phone zooms into fields with smaller type.
    small = "[...document.querySelectorAll('textarea, input:not([type=range], [type=radio]), select')].filter((node) => parseFloat(getComputedStyle(node).fontSize) < 16).map((node) => node.id)"
    assert page.js(small) == []
    # Fingers: 36 pixels or more.
    tiny = """[...document.querySelectorAll("#main button, #main select")].filter((node) => node.checkVisibility())
        .filter((node) => Math.min(node.offsetWidth, node.offsetHeight) < 36).map((node) => node.outerHTML.slice(0, 80))"""
    assert page.js(tiny) == []
    # The list is a drawer: it takes the focus, and what lies below is out of reach until it closes.
    if width < 900:
        page.click("#open-sidebar")
        page.wait("document.getElementById('sidebar').getBoundingClientRect().left === 0")
        assert page.js("document.getElementById('main').inert") and page.focus == "close-sidebar"
        page.keys(Keys.ESCAPE)
        assert not page.js("document.getElementById('main').inert")
    page.click("#open-settings")
    box = page.js("document.getElementById('settings').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0 and box["right"] <= width
    page.click("#close-settings")
    assert page.js(fits)


def test_enter_is_a_new_line_on_a_phone(page, stage):
    page.screen(390, 844, phone=True)
    page.open()
    if not page.js("matchMedia('(hover: none) and (pointer: coarse)').matches"):
        pytest.skip("this Chromium does not emulate a coarse pointer")
    page.type("one")
    page.one("#message").send_keys(Keys.ENTER)
    assert page.messages == [] and page.js("document.getElementById('message').value") == "one\n"


@pytest.mark.parametrize("dark", [False, True])
def test_contrast(page, stage, dark):
    page.screen(1280, 900, dark=dark)
    stage.says("# Head\n\nText `code` [link](https://example.com) > q\n\n> quote\n\n```swift\n// comment\nlet a = \"s\" + 12\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert page.js(CONTRAST) == []
    page.send("Show everything")
    stage.says(Answer(status=400, error="no"))
    page.send("An error")
    page.click("#open-settings")
    assert page.js(CONTRAST) == []


def test_dark_and_light(page):
    ground = "getComputedStyle(document.getElementById('main')).backgroundColor"
    light = page.js(ground)
    page.screen(1280, 900, dark=True)
    dark = page.js(ground)
    assert light != dark and sum(map(int, dark[4:-1].split(","))) < 150 < sum(map(int, light[4:-1].split(",")))
    # The person's choice is stronger than the system's, and stays.
    page.click("#theme")
    assert page.js(ground) == light
    page.reload()
    assert page.js(ground) == light
    page.click("#theme")
    assert page.js(ground) == dark
    page.click("#theme")
    page.screen(1280, 900)
    assert page.js(ground) == light
