"""Fixtures: the built program, models to run it on, and a way to run it that never waits."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from server import Server

# A suite that was started in the background hands on that Ctrl-C and hang-ups are ignored; Kite respects that, and tests send both.
for number, action in [(signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)]:
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, action)

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "Tests" / "Golden" / "models"
SHARED = Path(os.environ.get("KITE_SHARED") or ROOT.parent / "shared")
NANO = ROOT / "Sources" / "CNano" / "nano-chat.gguf"
NANO_CHECKPOINT = SHARED / "models" / "nano-chat"


@dataclass
class Result:
    code: int
    out: str
    err: str
    peak_bytes: int

    @property
    def error_lines(self):
        return [line for line in self.err.splitlines() if line.lower().removeprefix("kite: ").startswith("error")]


class Kite:
    def __init__(self, path: Path):
        self.path = str(path)

    def __call__(self, *arguments, stdin: str | bytes = "", timeout=120, env=None) -> Result:
        """Runs to the end with all of `stdin` piped in; a run that hangs fails the test."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = [self.path, *map(str, arguments)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {"NO_COLOR": "1"} | (env or {}),
        ) as process:
            try:
                out, err = process.communicate(data, timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                pytest.fail(f"no end after {timeout} s: {' '.join(command)}")
        return Result(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), 0)

    def ok(self, *arguments, **options) -> Result:
        result = self(*arguments, **options)
        assert result.code == 0, f"exit {result.code}: {' '.join(map(str, arguments))}\n{result.err}"
        return result

    def peak(self, *arguments) -> Result:
        """Runs and measures the most memory that was resident."""
        process = subprocess.Popen(
            [self.path, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        peak = 0
        while process.poll() is None:
            # Not ru_maxrss: that counts what this process had when it started the other.
            status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            peak = max([peak, *(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))])
            time.sleep(0.005)
        return Result(process.returncode, "", "", peak)


@pytest.fixture(scope="session")
def kite() -> Kite:
    path = Path(os.environ.get("KITE") or ROOT / ".build" / "release" / "kite")
    if not path.is_file():
        pytest.exit(f"{path} is not there: swift build -c release --product kite, or set KITE", returncode=2)
    return Kite(path.resolve())


@pytest.fixture
def serve(kite):
    """Starts servers that end with the test: serve(MODEL…, flags…, env={…})."""
    with ExitStack() as servers:
        yield lambda *arguments, **options: servers.enter_context(Server(kite.path, *arguments, **options))


@pytest.fixture(scope="session")
def server(kite):
    """One server of the built-in model for all tests that only ask."""
    with Server(kite.path) as server:
        yield server


@pytest.fixture(scope="session")
def quotes(server):
    """A logit bias for what ends strings and objects: the built-in model, made to write JSON, would ramble in its first string."""
    return {str(id): 12 for c in '"}' for id in server.ok("/tokenize", {"prompt": c, "add_special_tokens": False})["tokens"]}


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """The 1.6B's shape with random weights: 1 GB, so that a second copy of anything shows, and every pass over it."""
    path = tmp_path_factory.mktemp("large") / "stablelm-2-1_6b.Q4_K_M.gguf"
    script = ROOT / "Benchmarks" / "peers" / "random_gguf.py"
    subprocess.run([sys.executable, script, "stablelm-2-1_6b", "Q4_K_M", path], check=True, capture_output=True)
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def nano_checkpoint() -> Path:
    if not (NANO_CHECKPOINT / "config.json").exists():
        pytest.skip(f"no nano-chat checkpoint in {SHARED} (set KITE_SHARED)")
    return NANO_CHECKPOINT


@pytest.fixture(scope="session")
def vocab():
    """Finds a file of the shared vocabularies, or skips."""

    def find(name: str) -> Path:
        path = SHARED / "vocab" / name
        if not path.exists():
            pytest.skip(f"no {name} in {SHARED / 'vocab'} (set KITE_SHARED)")
        return path

    return find


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium; tests that want it skip where it is not installed."""
    import browser

    if not browser.programs():
        pytest.skip("no Chromium (Debian: chromium and chromium-driver)")
    chromium = browser.start(tmp_path_factory.mktemp("downloads"))
    yield chromium
    chromium.quit()


@pytest.fixture
def stage(server):
    """A server between the browser and Kite that says what the test wants said."""
    from stage import Stage

    stage = Stage(server.host, server.port)
    yield stage
    stage.close()


@pytest.fixture
def browse(browser, tmp_path):
    """Opens the page at an address. The test fails if the browser refused or failed anything meanwhile."""
    from browser import Page

    pages = []

    def open(url):
        (tmp_path / "downloads").mkdir(exist_ok=True)
        pages.append(Page(browser, url, tmp_path / "downloads"))
        return pages[-1]

    yield open
    for page in pages:
        troubles = page.troubles()
        page.close()
        assert troubles == []


@pytest.fixture
def page(browse, stage):
    """The chat page, with nothing stored."""
    return browse(stage.url)
