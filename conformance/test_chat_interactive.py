"""`kite chat` in a terminal, driven through a pseudo-terminal."""

import re

import pexpect
import pytest
from conftest import NANO

# An empty line to type on: the mark, then the cursor two columns from the left.
PROMPT = re.compile(r"> (?:\x1b\[[0-9;]*m)*\r\x1b\[2C")
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    def __init__(self, kite, *arguments):
        self.child = pexpect.spawn(
            kite.path, ["chat", str(NANO), "--temp", "0", *arguments], encoding="utf-8", timeout=60, dimensions=(40, 120),
            env={"TERM": "xterm-256color", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
        )
        self.wait()

    def wait(self) -> str:
        """What was printed up to the next prompt."""
        self.child.expect(PROMPT)
        return CONTROLS.sub("", self.child.before)

    def say(self, line: str) -> str:
        self.child.send(line + "\r")
        return self.wait()

    def leave(self) -> int:
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else 128 + self.child.signalstatus


@pytest.fixture
def terminal(kite):
    opened = []

    def make(*arguments):
        opened.append(Terminal(kite, *arguments))
        return opened[-1]

    yield make
    for one in opened:
        one.child.close(force=True)


def test_answers(terminal):
    assert "Lima" in terminal().say("What is the capital of Peru?")


def test_help_names_every_command(terminal):
    help = terminal().say("/help")
    for command in ("/help", "/clear", "/system", "/regen", "/save", "/load", "/stats", "/exit"):
        assert command in help


def test_exit(terminal):
    one = terminal()
    one.child.send("/exit\r")
    assert one.leave() == 0


def test_end_of_input_leaves(terminal):
    one = terminal()
    one.child.send("\x04")
    assert one.leave() == 0


def test_unknown_command_is_not_sent_to_the_model(terminal):
    assert "/help" in terminal().say("/nonsense")


def test_memory_and_clear(terminal):
    one = terminal()
    one.say("My name is Anna.")
    assert "Anna" in one.say("What is my name?").replace("What is my name?", "")
    one.say("/clear")
    assert "Anna" not in one.say("What is my name?").replace("What is my name?", "")


def test_regen(terminal):
    one = terminal()
    one.say("What is the capital of Peru?")
    assert "Lima" in one.say("/regen")


def test_regen_with_nothing_said(terminal):
    one = terminal()
    one.say("/regen")
    assert "Lima" in one.say("What is the capital of Peru?")


def test_system(terminal):
    one = terminal()
    one.say("/system You are brief.")
    assert "Lima" in one.say("What is the capital of Peru?")


def test_stats(terminal):
    one = terminal()
    one.say("What is the capital of Peru?")
    assert re.search(r"\d", one.say("/stats").replace("/stats", ""))


def test_save_and_load(terminal, tmp_path):
    one = terminal()
    one.say("My name is Anna.")
    file = tmp_path / "chat.json"
    one.say(f"/save {file}")
    assert file.exists() and "Anna" in file.read_text()
    two = terminal()
    two.say(f"/load {file}")
    assert "Anna" in two.say("What is my name?").replace("What is my name?", "")


def test_load_of_a_missing_file_says_so(terminal, tmp_path):
    one = terminal()
    assert "missing.json" in one.say(f"/load {tmp_path / 'missing.json'}")
    assert "Lima" in one.say("What is the capital of Peru?")


def test_interrupt_stops_the_answer_and_a_second_leaves(terminal):
    """The small model has said what it has to say in no time, so it is kept from ending."""
    one = terminal("--ignore-eos", "-n", "900", "-t", "1")
    one.child.send("Count from 1 to 9.\r")
    one.child.expect("1, 2")
    one.child.sendintr()
    one.wait()
    assert "/stats" in one.say("/stats")
    one.child.sendintr()
    if one.child.expect([pexpect.EOF, PROMPT], timeout=20) == 1:
        one.child.sendintr()
    assert one.leave() in (0, 130)


def test_line_editing(terminal):
    """Left arrow, Home, backspace and history, in any terminal that knows VT100."""
    one = terminal()
    one.child.send("hat is the capital of Peruu?\x1b[D\x7f\x1b[HW\r")
    assert "Lima" in one.wait()
    one.child.send("\x1b[A\r")
    assert "Lima" in one.wait()


