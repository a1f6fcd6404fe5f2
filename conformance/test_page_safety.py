"""The chat page: texts that would like to be markup, the policy, keys, failures, full storage."""

import json

import pytest
from selenium.webdriver.common.keys import Keys
from stage import Answer

POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
}
HOSTILE = [
    '<img src=x onerror="window.pwned=1">',
    "<script>window.pwned=2</script>",
    "<svg onload=window.pwned=3><a xlink:href=javascript:window.pwned=4>x</a></svg>",
    "<iframe src=javascript:parent.pwned=5></iframe><style>body{display:none}</style><base href=//evil.example>",
    "[click](javascript:window.pwned=6) [data](data:text/html,<script>parent.pwned=7</script>) [v](vbscript:x)",
    "[tab](java\tscript:window.pwned=8) [case](JaVaScRiPt:window.pwned=9) <javascript:window.pwned=10>",
    "![image](javascript:window.pwned=11) [rel](//evil.example/x) [file](file:///etc/passwd)",
    '[quote](https://example.com/"onmouseover="window.pwned=12") **<b onclick=window.pwned=13>bold</b>**',
    "`<script>window.pwned=14</script>`",
    "| <img src=x onerror=window.pwned=15> | b |\n|---|---|\n| <script>window.pwned=16</script> | c |",
    "# <img src=x onerror=window.pwned=17>\n> <script>window.pwned=18</script>\n\n- <img src=x onerror=window.pwned=19>",
    '```"><img/src=x/onerror=window.pwned=20>\n</code></pre><script>window.pwned=21</script>\n```',
    "&lt;script&gt;window.pwned=22&lt;/script&gt; &#60;img src=x onerror=window.pwned=23&#62;",
    "__proto__ constructor {{7*7}} ${window.pwned=24} \u2028\u202e\x00",
]


def check_harmless(page):
    """Nothing ran, nothing was made that only markup makes, and every link leads to the web."""
    page.js("new Promise((done) => setTimeout(done, 50))")
    assert page.js("window.pwned") is None
    found = page.js("""[...document.querySelectorAll("#app *")].filter((node) =>
        [...node.attributes].some(({ name }) => name.startsWith("on") || name === "srcdoc")
        || (/^(script|iframe|object|embed|base|style|link|meta|form|math)$/i.test(node.localName))
        || (node.localName === "img" && node.getAttribute("src") !== "icon.svg")
        || (node.localName === "svg" && !node.classList.contains("icon"))).map((node) => node.outerHTML)""")
    assert found == []
    for link in page.js("""[...document.querySelectorAll("#thread a")].map((node) =>
            ({ protocol: node.protocol, target: node.target, rel: node.rel, host: node.host, text: node.textContent }))"""):
        assert link["protocol"] in {"http:", "https:"} and link["target"] == "_blank" and "noopener" in link["rel"]
        assert link["host"] in link["text"]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_texts_stay_texts(page, stage, number):
    text = HOSTILE[number]
    stage.says(Answer(text, size=3))
    page.send("Say it")
    check_harmless(page)
    if number < 4:
        assert page.answer == text


def test_a_persons_message_stays_text(page, stage):
    text = " ".join(HOSTILE[:4])
    stage.says(text)
    page.js("(document.getElementById('message').value = arguments[0],"
            " document.getElementById('message').dispatchEvent(new Event('input')), true)", text)
    page.one("#message").send_keys(Keys.ENTER)
    page.wait("document.querySelectorAll('.message').length === 2")
    page.finish()
    assert page.messages == [("user", text), ("assistant", text)]
    assert page.text("#title").startswith("<img")
    check_harmless(page)
    page.reload()
    check_harmless(page)


def test_an_imported_conversation_stays_text(page, tmp_path):
    bad = HOSTILE[0] + HOSTILE[1]
    value = {"conversations": [{
        "id": "__proto__", "title": bad, "model": bad, "system": bad, "leaf": "constructor", "created": "x", "evil": bad,
        "messages": [
            {"id": "__proto__", "parent": None, "role": "user", "text": bad, "time": 1e300},
            {"id": "constructor", "parent": "__proto__", "role": "assistant", "text": "\n\n".join(HOSTILE), "model": bad,
             "finish": bad, "problem": bad, "usage": {"prompt": bad, "completion": 3, "rate": None}},
        ],
    }]}
    path = tmp_path / "evil.json"
    path.write_text(json.dumps(value))
    page.import_file(path)
    page.wait("document.querySelectorAll('.message').length === 2")
    assert page.messages[0] == ("user", bad)
    page.lists(bad)
    check_harmless(page)
    assert page.js("({}).text === undefined && ({}).role === undefined")
    page.click("#open-settings")
    assert page.js("document.getElementById('system').value") == bad
    page.reload()
    check_harmless(page)
    stored = page.stored()[0]
    assert "evil" not in stored and "__proto__" not in [message["id"] for message in stored["messages"]]


@pytest.mark.parametrize("content", [
    "[]", "null", "3", '{"messages": 3}', '{"messages": [null]}', '{"messages": [{"role": "user"}]}',
    '{"messages": [{"role": "tool", "content": "x"}]}', '{"conversations": [{}]}', '{"messages": [{"role": "user", "text": "a", "id": "a", "parent": "b"}, {"role": "user", "text": "b", "id": "b", "parent": "a"}]}',
    "[" * 100_000,
])
def test_a_damaged_import_is_refused(page, tmp_path, content):
    path = tmp_path / "damaged.json"
    path.write_text(content)
    page.import_file(path)
    page.wait("document.querySelector('.toast')?.textContent.includes('cannot be imported')")
    assert page.messages == [] and page.stored() == []


def test_links_show_where_they_lead(page, stage):
    stage.says("See [my bank](https://evil.example/login) and [bank.com](http://bank.com@evil.example/) and https://kite.example/a_(b).")
    page.send("Links")
    assert page.texts(".last a") == ["my bank (evil.example)", "bank.com (evil.example)", "https://kite.example/a_(b)"]


def test_policy(page, server):
    headers = server.get("/").headers
    assert {part.strip() for part in headers["content-security-policy"].split(";") if part.strip()} == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    html = server.get("/").text
    assert "<style" not in html and "style=" not in html and "onclick" not in html and "javascript:" not in html
    assert "http://" not in html and "https://" not in html
    # The policy is in force: the page itself could not run what a text smuggles in.
    page.js("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))")
    page.wait("trouble.length === 1 && window.ran === undefined")
    page.js("(window.trouble = [], true)")
    page.browser.get_log("browser")


def test_every_file_is_served_and_known_by_type(page, server):
    names = page.js("performance.getEntriesByType('resource').map((entry) => new URL(entry.name)).filter("
                    "(url) => /\\.(js|css|svg)$/.test(url.pathname)).map((url) => url.pathname)")
    assert "/app.js" in names and "/base.css" in names and "/icon.svg" in names
    for name in set(names):
        assert server.get(name).status == 200, name


def test_key(serve, browse):
    server = serve("--api-key", "open-sesame")
    page = browse(server.url + "/")
    page.wait("document.getElementById('key-dialog').open")
    page.keys("wrong", Keys.ENTER)
    page.wait("document.getElementById('key-reason').textContent.includes('did not accept')")
    field = page.one("#key")
    field.clear()
    field.send_keys("open-sesame", Keys.ENTER)
    page.wait("document.getElementById('model').value")
    assert "Lima" in page.send("What is the capital of Peru?")
    # In this tab only: not where other tabs, or the next days, find it.
    assert page.js("sessionStorage.getItem('kite.key')") == "open-sesame"
    assert "open-sesame" not in page.js("JSON.stringify(localStorage)") + json.dumps(page.stored())
    page.reload()
    assert not page.js("document.getElementById('key-dialog').open")


def test_a_refused_request_says_why(page, stage):
    stage.says(Answer(status=400, error="the prompt has 5000 tokens, the context 4096"))
    page.send("A long story")
    assert "5000 tokens" in page.note and page.answer == ""
    stage.says("Now it works.")
    page.action("retry", "last-child")
    page.wait("document.querySelector('.last .text').textContent.includes('works')")
    page.finish()
    assert len(page.messages) == 2


def test_a_question_without_an_answer_is_part_of_the_next(page, stage):
    stage.says(Answer(status=500, error="out of memory"), "Both.")
    page.send("First question")
    page.send("Second question")
    assert stage.requests[1]["messages"] == [{"role": "user", "content": "First question\n\nSecond question"}]


def test_a_busy_server_is_asked_again(page, stage):
    stage.says(Answer(status=429, error="queue full", headers={"Retry-After": "5"}), "At last.")
    page.begin("Hello")
    page.wait("document.querySelector('.last .note').textContent.includes('busy')")
    page.finish()
    assert page.answer == "At last." and len(stage.requests) == 2


def test_a_broken_connection_keeps_what_came(page, stage):
    stage.says(Answer("Half of the answer came", breaks=True))
    page.send("Hello")
    assert page.answer == "Half of the answer came" and "broke off" in page.note
    page.wait("document.querySelector('[data-action=continue]')")
    page.reload()
    assert page.answer == "Half of the answer came"


def test_an_absent_server_comes_back(page, stage):
    with stage.down():
        page.send("Hello")
        assert "cannot be reached" in page.note
        page.wait("document.querySelector('[data-notice=connection]')")
        assert "Hello" in json.dumps(page.stored())
    page.wait("!document.querySelector('[data-notice=connection]')", 40)
    stage.says("I am back.")
    page.action("retry", "last-child")
    page.wait("document.querySelector('.last .text').textContent.includes('back')")
    page.finish()


def test_full_storage_loses_nothing(page, stage):
    origin = page.url.rstrip("/")
    page.command("Storage.overrideQuotaForOrigin", origin=origin, quotaSize=1)
    try:
        stage.says("x" * 200_000)
        page.send("Fill it")
        page.wait("document.querySelector('[data-notice=storage]')")
        assert "no room" in page.text("[data-notice=storage]")
        assert len(page.answer) == 200_000
        # Another conversation and back: it is still there.
        page.click("#new-chat")
        page.wait("document.querySelectorAll('.message').length === 0")
        page.click("#conversations .open")
        page.wait("document.querySelectorAll('.message').length === 2")
        page.click("[data-notice=storage] .link")
        exported = json.loads(page.downloaded())["conversations"]
        assert [len(message["text"]) for message in exported[0]["messages"]] == [7, 200_000]
    finally:
        page.command("Storage.overrideQuotaForOrigin", origin=origin)
    page.js("[...document.querySelectorAll('[data-notice=storage] .link')].at(-1).click()")
    page.wait("!document.querySelector('[data-notice=storage]')")
    page.reload()
    assert len(page.answer) == 200_000
