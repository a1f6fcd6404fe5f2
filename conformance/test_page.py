"""The chat page in headless Chromium: what people do with it."""

import json
import threading

import pytest
from selenium.webdriver.common.keys import Keys
from stage import Answer

QUESTION = "What is the capital of Peru?"


def test_send_streams_the_models_answer(page, stage):
    assert "Lima" in page.send(QUESTION)
    assert page.messages[0] == ("user", QUESTION)
    body = stage.requests[0]
    assert body["stream"] and body["stream_options"] == {"include_usage": True}
    assert body["messages"] == [{"role": "user", "content": QUESTION}]
    assert body["model"] == page.js("document.getElementById('model').value") != ""
    # Nothing is sent that the person did not choose: the server's own defaults hold.
    assert body.keys() == {"model", "messages", "stream", "stream_options"}
    assert "tokens" in page.text(".last .statistics") and "tokens/s" in page.text(".last .statistics")
    assert page.focus == "message"
    # The next question comes with the conversation, and with what of it was cached.
    page.send("And what is the capital of Japan?")
    assert [message["role"] for message in stage.requests[1]["messages"]] == ["user", "assistant", "user"]
    assert "cached" in page.text(".last .statistics")


def test_the_text_grows_while_it_is_written(page, stage):
    gate = threading.Event()
    stage.says(Answer("The first half is here. " * 4 + "The second half comes later. " * 4, gate=gate))
    page.begin("Tell me a story")
    page.wait("document.querySelector('.last .text').textContent.includes('first half')")
    assert "later" not in page.answer
    assert page.text(".last .note") and page.js("document.querySelector('[data-writing]') !== null")
    gate.set()
    page.finish()
    assert page.answer.count("later") == 4
    assert page.text(".last .statistics").endswith(" tokens · 12.5 tokens/s · prompt 50, 20 cached")


@pytest.mark.parametrize("by", ["button", "key"])
def test_stop(page, stage, by):
    stage.says(Answer("word " * 2000, delay=0.02))
    page.begin("Go on and on")
    page.wait("document.querySelector('.last .text').textContent.length > 40")
    if by == "button":
        page.click("#stop")
    else:
        page.keys(Keys.ESCAPE)
    page.finish()
    assert page.answer.startswith("word word") and page.note == "Stopped."
    assert page.focus == "message"
    # The request has ended, not only the picture of it.
    deadline = threading.Event()
    for _ in range(600):
        if stage.left:
            break
        deadline.wait(0.05)
    assert stage.left == 1
    length = len(page.answer)
    page.reload()
    assert len(page.answer) == length


def test_answer_again_keeps_both(page, stage):
    stage.says("One.", "Two.")
    page.send("Count")
    page.action("again", "last-child")
    page.wait("document.querySelector('.last .text')?.textContent.includes('Two.')")
    page.finish()
    assert stage.requests[1]["messages"] == [{"role": "user", "content": "Count"}]
    assert page.text(".last .pager") == "2 / 2"
    page.action("previous", "last-child")
    assert page.answer == "One." and page.text(".last .pager") == "1 / 2"
    page.reload()
    assert page.answer == "One."


def test_edit_begins_a_branch(page, stage):
    stage.says("Blue.", "It is.", "Green.")
    page.send("Which colour has the sky?")
    page.send("Is it nice?")
    page.js("document.querySelector('.message [data-action=edit]').click()")
    field = page.one(".editor")
    assert field.get_attribute("value") == "Which colour has the sky?"
    field.clear()
    page.type("Which colour has the grass?", ".editor")
    field.send_keys(Keys.ENTER)
    page.wait("document.querySelectorAll('.message').length === 2")
    page.finish()
    assert page.messages == [("user", "Which colour has the grass?"), ("assistant", "Green.")]
    assert stage.requests[2]["messages"] == [{"role": "user", "content": "Which colour has the grass?"}]
    page.action("previous", "first-child")
    assert [text for _, text in page.messages] == ["Which colour has the sky?", "Blue.", "Is it nice?", "It is."]


def test_an_edited_answer_is_what_the_model_reads(page, stage):
    stage.says("Seven.", "Fine.")
    page.send("Pick a number")
    page.action("edit", "last-child")
    page.one(".editor").clear()
    page.type("Eight.", ".editor")
    page.one(".editor").send_keys(Keys.CONTROL, Keys.ENTER)
    page.wait("document.querySelector('.last .text').textContent === 'Eight.'")
    page.send("Thanks")
    assert stage.requests[1]["messages"][1] == {"role": "assistant", "content": "Eight."}


def test_reload_keeps_history(page, stage):
    stage.says("A **kite** flies.", "Another one.")
    page.send("Why does a kite fly at all?")
    first = page.js("location.hash")
    page.click("#new-chat")
    page.send("Something else")
    page.lists("Something else", "Why does a kite fly at all?")
    page.reload()
    assert page.answer == "Another one." and page.titles == ["Something else", "Why does a kite fly at all?"]
    page.click(f'#conversations [data-id="{first[1:]}"] .open')
    page.wait("document.querySelector('.message .text').textContent.startsWith('Why')")
    assert page.answer == "A kite flies." and page.text(".last strong") == "kite"
    assert page.js("document.title") == "Why does a kite fly at all? · Kite"
    page.browser.back()
    page.wait("document.querySelector('.message .text').textContent === 'Something else'")


def test_reload_in_the_middle_of_an_answer(page, stage):
    gate = threading.Event()
    stage.says(Answer("The beginning stays. " * 10, gate=gate))
    page.begin("Begin")
    page.wait("document.querySelector('.last .text').textContent.includes('stays')")
    page.reload()
    gate.set()
    assert page.answer.startswith("The beginning stays.") and page.note == "The answer broke off."
    stage.says(" And this is the end.")
    page.action("continue", "last-child")
    page.wait("document.querySelector('.last .text').textContent.includes('the end')")
    page.finish()
    body = stage.requests[-1]
    assert body["continue_final_message"] is True and body["add_generation_prompt"] is False
    assert body["messages"][-1]["role"] == "assistant"


def test_length_can_go_on(page):
    page.click("#open-settings")
    page.one("#set-max_tokens").send_keys("3", Keys.TAB)
    page.click("#close-settings")
    first = page.send("Tell me about the sea.")
    assert page.note == "The answer is as long as it was allowed to be."
    page.action("continue", "last-child")
    page.wait(f"document.querySelector('.last .text').textContent.length > {len(first)}")
    page.finish()
    assert page.answer.startswith(first) and len(page.messages) == 2


def test_a_withheld_answer_is_told(page, stage):
    stage.says(Answer("I cannot help with that.", finish="content_filter"))
    page.send("Something bad")
    assert page.note == "The answer was withheld by this server’s rules."
    page.reload()
    assert page.note == "The answer was withheld by this server’s rules."


def test_settings_are_sent_and_reset(page, stage):
    stage.says("One.", "Two.")
    page.click("#open-settings")
    for name, value in [("temperature", "0.3"), ("top_p", "0.9"), ("min_p", "0.1"), ("top_k", "20"),
                        ("repeat_penalty", "1.1"), ("max_tokens", "64"), ("seed", "7")]:
        page.one(f"#set-{name}").send_keys(Keys.CONTROL, "a", Keys.NULL, value, Keys.TAB)
    page.type("You are a pirate.", "#system")
    page.send("Hello")
    body = stage.requests[0]
    sampling = {"temperature": 0.3, "top_p": 0.9, "min_p": 0.1, "top_k": 20, "repeat_penalty": 1.1, "max_tokens": 64, "seed": 7}
    assert {name: body[name] for name in sampling} == sampling
    assert body["messages"][0] == {"role": "system", "content": "You are a pirate."}
    page.reload()
    assert page.js("document.getElementById('set-temperature').value") == "0.3"
    page.click("#reset-sampling")
    page.click("#new-chat")
    page.send("Hello")
    assert stage.requests[1].keys() == {"model", "messages", "stream", "stream_options"}
    # The system prompt was that conversation's.
    assert stage.requests[1]["messages"] == [{"role": "user", "content": "Hello"}]


def test_rename_delete_undo_search(page, stage):
    for title, answer in [("Cooking rice", "Use a lid."), ("Repairing bikes", "Patch the tube."), ("Growing beans", "Water them.")]:
        stage.says(answer)
        page.click("#new-chat")
        page.send(title)
    page.lists("Growing beans", "Repairing bikes", "Cooking rice")
    page.type("tube", "#search")
    page.wait("document.querySelectorAll('#conversations .open').length === 1")
    assert page.titles == ["Repairing bikes"]
    page.keys(Keys.ENTER)
    page.wait("document.querySelector('.message .text').textContent === 'Repairing bikes'")
    page.wait("document.querySelector('#conversations [aria-current]')?.textContent === 'Repairing bikes'")
    page.js("document.querySelector('#conversations [aria-current]').nextElementSibling.click()")
    page.keys(Keys.ENTER)
    page.one("#conversations .rename").send_keys("My bike", Keys.ENTER)
    page.wait("document.getElementById('title').textContent === 'My bike'")
    page.wait("document.querySelector('#conversations [aria-current]')?.textContent === 'My bike'")
    page.reload()
    assert "My bike" in page.titles
    page.js("document.querySelector('#conversations [aria-current]').nextElementSibling.click()")
    page.js("[...document.querySelectorAll('#menu button')].find((node) => node.textContent === 'Delete').click()")
    page.wait("document.querySelectorAll('#conversations .open').length === 2")
    assert page.messages == []
    page.click(".toast .link")
    page.wait("document.querySelectorAll('#conversations .open').length === 3")
    assert page.answer == "Patch the tube."


def test_theme_and_text_size_are_chosen_and_kept(page):
    page.click("#open-settings")
    assert page.texts(".segments label") == ["System", "Light", "Dark", "Normal", "Large", "Larger"]
    assert "[object" not in page.text("body")
    page.click("label[for=theme-dark]")
    page.click("label[for=textSize-larger]")
    chosen = "JSON.stringify([document.documentElement.dataset.theme, document.documentElement.dataset.textSize])"
    page.wait(f"{chosen} === '[\"dark\",\"larger\"]'")
    page.reload()
    assert page.js(chosen) == '["dark","larger"]'
    assert page.js("document.getElementById('theme-dark').checked && document.getElementById('textSize-larger').checked")


def test_a_conversation_answered_in_the_background_is_renamed(page, stage):
    gate = threading.Event()
    stage.says(Answer("The beginning. " * 8 + "The end.", gate=gate))
    page.begin("A long question")
    page.wait("document.querySelector('.last .text').textContent.includes('beginning')")
    item = f'#conversations [data-id="{page.js("location.hash")[1:]}"]'
    page.click("#new-chat")
    page.wait(f"document.querySelector('{item} .running') && !document.querySelector('#conversations [aria-current]')")
    page.js(f"document.querySelector('{item} .more').click()")
    page.keys(Keys.ENTER)
    page.one("#conversations .rename").send_keys("My own title", Keys.ENTER)
    page.lists("My own title")
    gate.set()
    # The end of the answer stores the conversation once more, under the title it has now.
    page.wait(f"document.querySelector('{item}') && !document.querySelector('{item} .running')")
    page.lists("My own title")
    page.reload()
    page.lists("My own title")
    page.click(f"{item} .open")
    page.wait("document.querySelectorAll('.message').length === 2")
    assert page.answer.endswith("The end.") and page.text("#title") == "My own title"


def test_export_and_import(page, stage):
    stage.says("Lima.", "La Paz.")
    page.send("Peru?")
    page.action("again", "last-child")
    page.wait("document.querySelector('.last .pager')")
    page.finish()
    page.click("#open-settings")
    page.click("#export")
    text = page.downloaded()
    exported = json.loads(text)
    assert exported["format"] == "kite-conversations" and len(exported["conversations"][0]["messages"]) == 3
    page.command("Storage.clearDataForOrigin", origin=page.url.rstrip("/"), storageTypes="all")
    page.open()
    assert page.titles == []
    path = page.downloads / "saved.txt"
    path.write_text(text)
    page.import_file(path)
    page.wait("document.querySelectorAll('.message').length === 2")
    assert page.answer == "La Paz." and page.text(".last .pager") == "2 / 2"
    path.write_text("{ not json")
    page.import_file(path)
    page.wait("document.querySelector('.toast:last-child')?.textContent.includes('is not JSON')")
    assert page.answer == "La Paz."


def test_two_tabs_lose_nothing(page, stage):
    stage.says("One.", "Two.", "Three.")
    page.send("First")
    first = page.browser.current_window_handle
    address = page.browser.current_url
    page.browser.switch_to.new_window("tab")
    try:
        page.browser.get(address)
        page.wait("document.body?.dataset.ready && document.querySelectorAll('.message').length === 2")
        page.send("Second")
        page.browser.switch_to.window(first)
        # The other tab stores an answer when it begins and when it ends.
        page.wait("document.querySelectorAll('.message').length === 4 && document.querySelector('.last .text').textContent === 'Two.'")
        page.send("Third")
        assert [text for _, text in page.messages] == ["First", "One.", "Second", "Two.", "Third", "Three."]
        assert len(page.stored()[0]["messages"]) == 6
    finally:
        for handle in page.browser.window_handles:
            if handle != first:
                page.browser.switch_to.window(handle)
                page.browser.close()
        page.browser.switch_to.window(first)


def test_code_can_be_copied(page, stage):
    code = 'let kite = "up"\nprint(kite)'
    stage.says(f"Here:\n\n```swift\n{code}\n```\n\nDone.")
    page.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.send("Code, please")
    assert page.text(".code figcaption span") == "swift"
    assert page.text(".code code") == code
    # The mark goes away by itself, maybe before anybody looks.
    page.js("""(window.checked = false, new MutationObserver(([{ target }]) => {
        checked ||= target.getAttribute('href') === '#i-check';
    }).observe(document.querySelector('.code use'), { attributes: true }), true)""")
    page.click(".code button")
    page.wait("window.checked")
    copied = page.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))")
    assert copied == code


def test_code_is_a_block_before_it_is_complete(page, stage):
    gate = threading.Event()
    stage.says(Answer("```python\nprint(1)\nprint(2)\n```\nAnd **bold text** at the end of it all.", gate=gate))
    page.begin("Code, please")
    page.wait("document.querySelector('.code code')?.textContent.includes('print(1)')")
    # The same element grows: what was selected in it stays so.
    page.js("(window.block = document.querySelector('.code')) !== null")
    gate.set()
    page.finish()
    assert page.js("window.block === document.querySelector('.code')")
    assert page.text(".code code") == "print(1)\nprint(2)" and page.text(".last strong") == "bold text"


def test_reading_is_not_disturbed(page, stage):
    gate = threading.Event()
    stage.says(Answer("A line of text that is long enough.\n\n" * 60 + "THE END", size=40, gate=gate))
    page.begin("A long text")
    page.wait("document.querySelectorAll('.last p').length > 25")
    distance = "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.getElementById('scroller'))"
    page.wait(f"{distance} < 40")
    page.js("document.getElementById('scroller').scrollBy(0, -300)")
    page.wait("!document.getElementById('latest').hidden")
    top = page.js("document.getElementById('scroller').scrollTop")
    gate.set()
    page.finish()
    assert page.js("document.getElementById('scroller').scrollTop") == top
    page.click("#latest")
    page.wait(f"{distance} < 2")


def test_only_the_answer_being_written_changes(page, stage, tmp_path):
    messages = [{"role": role, "content": f"{role} {index}: **some** text\n\n- with\n- a list"} for index in range(200) for role in ("user", "assistant")]
    path = tmp_path / "long.json"
    path.write_text(json.dumps({"title": "Long", "messages": messages}))
    page.import_file(path)
    page.wait("document.querySelectorAll('.message').length === 400")
    gate = threading.Event()
    stage.says(Answer("New words come in. " * 30, gate=gate))
    page.begin("Go on")
    page.wait("document.querySelector('.last .text').textContent.includes('New words')")
    page.js("""(window.touched = new Set(), new MutationObserver((changes) => {
        for (const { target } of changes) touched.add((target.closest ?? target.parentElement.closest).call(target.closest ? target : target.parentElement, '.message'));
    }).observe(document.getElementById('thread'), { childList: true, subtree: true, characterData: true }), true)""")
    gate.set()
    page.wait("document.querySelector('.last .text').textContent.split('New words').length > 25")
    assert page.js("touched.size") == 1
    page.finish()
