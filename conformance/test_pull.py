"""Downloads: one cache with huggingface_hub, and whatever a network, a server and a disk can do wrong."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import NANO
from hub import COMMIT, File, Hub, Repository

REPOSITORY = "kites/nano-GGUF"
TYPE = "Q8_0"
NAME = f"nano-chat.{TYPE}.gguf"


@pytest.fixture
def hub():
    hub = Hub()
    noise = random.Random(1).randbytes
    hub.repositories = {
        REPOSITORY: Repository({
            NAME: File(NANO.read_bytes()), "nano-chat.Q2_K.gguf": File(noise(3_000_000)),
            "split/big-Q6_K-00001-of-00002.gguf": File(noise(2_000_000)),
            "split/big-Q6_K-00002-of-00002.gguf": File(noise(1_000_000)),
            "README.md": File(b"# Nano\n", lfs=False), "config.json": File(b'{"a": 1}\n', lfs=False),
        }),
        "kites/large-GGUF": Repository({"large.Q4_0.gguf": File(noise(64 << 20))}),
        "kites/gated-GGUF": Repository({"m.Q4_0.gguf": File(b"x" * 1000)}, gated=True, token="hf_good"),
        "kites/private-GGUF": Repository({"m.Q4_0.gguf": File(b"x" * 1000)}, token="hf_good"),
        "kites/pickles": Repository({"pytorch_model.bin": File(b"x"), "config.json": File(b"{}", lfs=False)}),
        "kites/evil-GGUF": Repository({"../../../evil.Q4_0.gguf": File(b"x" * 1000)}),
    }
    yield hub
    hub.close()


@pytest.fixture
def environment(hub, tmp_path):
    names = ("HF_", "HUGGING", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    clean = {name: "" for name in os.environ if name.upper().startswith(names)}
    return clean | {"HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": hub.url, "NO_PROXY": "*", "no_proxy": "*"}


@pytest.fixture
def run(kite, environment):
    """Runs the program with the store and the server of this test."""

    def run(*arguments, fails=False, stdin="", **variables):
        result = kite(*arguments, env=environment | variables, stdin=stdin)
        assert (result.code != 0) == fails, f"exit {result.code}: {result.err}"
        if fails:
            assert result.code == 1 and len(result.error_lines) == 1 and "Fatal" not in result.err, result.err
        return result

    return run


def listed(run):
    return {model["name"]: model for model in json.loads(run("list", "--json").out)}


def python(environment, code):
    """Runs code with huggingface_hub in a fresh process, which reads the environment at import."""
    environment = os.environ | environment | {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    environment = {name: value for name, value in environment.items() if value}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_what_kite_pulled_is_found_by_huggingface_hub(run, environment):
    path = run("pull", f"{REPOSITORY}:q8_0").out.strip()
    assert Path(path).read_bytes() == NANO.read_bytes()
    found = python(environment, f"""
from huggingface_hub import hf_hub_download, try_to_load_from_cache, snapshot_download, scan_cache_dir
path = hf_hub_download("{REPOSITORY}", "{NAME}", local_files_only=True)
assert path == try_to_load_from_cache("{REPOSITORY}", "{NAME}")
assert hf_hub_download("{REPOSITORY}", "{NAME}", revision="{COMMIT}", local_files_only=True) == path
assert path.startswith(snapshot_download("{REPOSITORY}", local_files_only=True))
info = scan_cache_dir()
assert not info.warnings, info.warnings
(repo,) = info.repos
assert repo.repo_id == "{REPOSITORY}" and repo.nb_files == 1, repo
assert [set(r.refs) for r in repo.revisions] == [{{"main"}}]
print(path)
""")
    assert found == path


def test_what_huggingface_hub_fetched_is_found_by_kite(run, environment, hub):
    path = python(environment, f"""
from huggingface_hub import hf_hub_download
print(hf_hub_download("{REPOSITORY}", "{NAME}"))
""")
    assert listed(run)[f"{REPOSITORY}:{TYPE}"]["path"] == path
    hub.requests.clear()
    answer = run("generate", "-m", f"{REPOSITORY}:{TYPE}", "-p", "Hi", "-n", "2", "--temp", "0", HF_HUB_OFFLINE="1")
    assert answer.out
    # Without being told it is there, pull asks the server for the list only.
    assert run("pull", f"{REPOSITORY}:{TYPE}").out.strip() == path
    assert not hub.contents_requests()


def test_huggingface_hub_takes_no_second_copy(run, environment, hub):
    run("pull", f"{REPOSITORY}:{TYPE}")
    hub.requests.clear()
    python(environment, f"""
from huggingface_hub import hf_hub_download
hf_hub_download("{REPOSITORY}", "{NAME}")
""")
    assert not [request for request in hub.contents_requests() if request.method == "GET"]


def test_local_folders_are_shared_too(run, environment, hub, tmp_path):
    folder = tmp_path / "here"
    run("pull", REPOSITORY, "--include", "*.json", "--include", "*.md", "--local-dir", str(folder))
    assert (folder / "config.json").read_bytes() == b'{"a": 1}\n'
    before = (folder / "config.json").stat()
    python(environment, f"""
from huggingface_hub import hf_hub_download
hf_hub_download("{REPOSITORY}", "config.json", local_dir="{folder}")
""")
    assert (folder / "config.json").stat().st_mtime_ns == before.st_mtime_ns
    python(environment, f"""
from huggingface_hub import hf_hub_download
hf_hub_download("{REPOSITORY}", "nano-chat.Q2_K.gguf", local_dir="{folder}")
""")
    result = run("pull", REPOSITORY, "nano-chat.Q2_K.gguf", "--local-dir", str(folder), "--json")
    assert json.loads(result.out)["fetched_bytes"] == 0


def test_every_command_takes_a_repository(run, tmp_path):
    model = f"{REPOSITORY}:{TYPE}"
    first = run("tokenize", "-m", model, "--ids", "Hello")
    assert "not in the store yet" in first.err
    assert run("tokenize", "-m", model, "--ids", "Hello").err == ""
    assert run("generate", "-m", model, "-p", "Hi", "-n", "2").out
    assert run("generate", "-hf", model, "-p", "Hi", "-n", "2").out
    assert run("chat", model, "--temp", "0", stdin="What is the capital of Peru?").out.strip()
    assert '"architecture"' in run("show", model, "--json").out
    assert run("bench", model, "-p", "8", "-n", "2", "-r", "1", "--json").out


def test_a_path_that_exists_is_a_path(run, hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "kites"
    folder.mkdir()
    (folder / "nano").write_bytes(NANO.read_bytes())
    run("show", "kites/nano")
    assert not hub.requests
    result = run("show", "kites/nowhere.gguf", fails=True)
    assert "there is no file or folder" in result.err and not hub.requests
    result = run("show", "kites/nowhere", fails=True)
    assert "there is no file or folder" in result.err and "no repository" in result.err


def test_split_models_and_removal(run, tmp_path, environment):
    run("pull", f"{REPOSITORY}:Q6_K")
    run("pull", f"{REPOSITORY}:Q2_K")
    models = listed(run)
    assert set(models) == {f"{REPOSITORY}:Q6_K", f"{REPOSITORY}:Q2_K"}
    assert models[f"{REPOSITORY}:Q6_K"]["bytes"] == 3_000_000 and len(models[f"{REPOSITORY}:Q6_K"]["files"]) == 2
    store = Path(environment["HF_HOME"]) / "hub"
    assert "would remove" in run("rm", f"{REPOSITORY}:q6_k", "--dry-run").err
    assert len(listed(run)) == 2
    run("rm", f"{REPOSITORY}:q6_k")
    assert set(listed(run)) == {f"{REPOSITORY}:Q2_K"}
    assert sum(blob.stat().st_size for blob in store.rglob("blobs/*")) == 3_000_000
    run("rm", REPOSITORY)
    assert not listed(run) and not list(store.glob("models--*"))
    assert "is not in the store" in run("rm", REPOSITORY, fails=True).err


def start(kite, environment, *arguments, **options):
    return subprocess.Popen(
        [kite.path, *arguments], env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, **options)


def partial_bytes(environment):
    files = Path(environment["HF_HOME"]).rglob("*.kite-partial")
    return sum(file.stat().st_blocks * 512 for file in files)


def test_a_killed_download_goes_on_where_it_was(kite, run, hub, environment):
    model = "kites/large-GGUF:Q4_0"
    size = 64 << 20
    # Four ranges at a time: whoever is late with a kill by seconds still comes before the end.
    hub.trouble.bytes_per_second = 2 << 20
    arrived = 0
    for _ in range(3):
        process = start(kite, environment, "pull", model)
        until = time.monotonic() + 60
        while partial_bytes(environment) < arrived + (6 << 20) and time.monotonic() < until:
            time.sleep(0.02)
        process.kill()
        process.communicate()
        assert not listed(run)
        arrived = partial_bytes(environment)
    assert arrived > 12 << 20
    hub.trouble.bytes_per_second = None
    result = json.loads(run("pull", model, "--json").out)
    # Of what had arrived nothing comes twice: pages that are not full count whole above.
    assert result["fetched_bytes"] <= size - arrived + (1 << 20)
    assert Path(result["path"]).read_bytes() == hub.repositories["kites/large-GGUF"].files["large.Q4_0.gguf"].data
    assert not partial_bytes(environment)


def test_killed_at_any_moment_a_model_is_there_or_not(kite, run, hub, environment):
    files = hub.repositories[REPOSITORY].files
    hub.trouble.bytes_per_second = 40 << 20
    moments = random.Random(2)
    for _ in range(25):
        process = start(kite, environment, "pull", f"{REPOSITORY}:Q6_K")
        time.sleep(moments.uniform(0.005, 0.15))
        process.kill()
        process.communicate()
        for model in listed(run).values():
            folder = Path(model["path"]).parent
            assert len(model["files"]) == 2
            for name in model["files"]:
                assert (folder.parent / name).read_bytes() == files[name].data
            run("rm", REPOSITORY)
    run("pull", f"{REPOSITORY}:Q6_K")
    assert len(listed(run)) == 1


def test_ctrl_c_says_how_to_go_on(kite, run, hub, environment):
    hub.trouble.bytes_per_second = 1 << 20
    process = start(kite, environment, "pull", "kites/large-GGUF:Q4_0")
    while not partial_bytes(environment) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "the same command continues" in err


def test_memory_stays_flat(kite, hub, environment):
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc")
    hub.trouble.bytes_per_second = 32 << 20
    process = start(kite, environment, "pull", "kites/large-GGUF")
    peak = 0
    while process.poll() is None:
        # The high-water mark of this program alone; that of `wait4` holds what the parent had at the fork.
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.02)
    assert process.returncode == 0
    assert 0 < peak < 48 << 20


def test_ranges_come_in_parallel_and_once(run, hub):
    run("pull", "kites/large-GGUF:Q4_0")
    ranges = [request.headers["Range"] for request in hub.contents_requests() if request.method == "GET"]
    assert len(ranges) == len(set(ranges)) == 4


def test_two_processes_fetch_once(kite, hub, environment):
    hub.trouble.bytes_per_second = 16 << 20
    both = [start(kite, environment, "pull", "kites/large-GGUF:Q4_0", "--json") for _ in range(2)]
    results = [json.loads(process.communicate(timeout=120)[0]) for process in both]
    assert sorted(result["fetched_bytes"] for result in results) == [0, 64 << 20]
    assert results[0]["path"] == results[1]["path"]


def test_the_token_never_goes_to_another_host(run, hub):
    run("pull", f"{REPOSITORY}:{TYPE}", HF_TOKEN="hf_good")
    sent = {"/contents/" in request.path: request.headers.get("Authorization") for request in hub.requests}
    assert sent == {False: "Bearer hf_good", True: None}


def test_token_file(run, hub, environment):
    path = Path(environment["HF_HOME"]) / "token"
    path.parent.mkdir(parents=True)
    path.write_text("hf_good\n")
    run("pull", "kites/private-GGUF")
    assert listed(run)


@pytest.mark.parametrize("repository, token, words", [
    ("kites/gated-GGUF", None, ["gated", "accept its conditions", "HF_TOKEN"]),
    ("kites/gated-GGUF", "hf_other", ["gated", "account of your token"]),
    ("kites/private-GGUF", None, ["no repository", "private", "HF_TOKEN"]),
    ("kites/nowhere", "hf_other", ["no repository"]), (REPOSITORY, "expired", ["does not accept the token"]),
    ("kites/pickles", None, ["pickled", "safetensors"]), (f"{REPOSITORY}:Q5_K_M", None, ["has no Q5_K_M", "Q2_K, Q8_0"]),
    ("kites/pickles:Q4_0", None, ["no GGUF files", "kite quantize"]), ("kites/evil-GGUF", None, ["file name", "evil"]),
])
def test_refusals_say_what_to_do(run, repository, token, words, environment):
    result = run("pull", repository, fails=True, **({"HF_TOKEN": token} if token else {}))
    assert all(word in result.err for word in words), result.err
    assert not list(Path(environment["HF_HOME"]).rglob("*evil*"))


def test_gated_models_with_a_token(run):
    run("pull", "kites/gated-GGUF", HF_TOKEN="hf_good")


def test_unknown_files_and_revisions(run):
    assert "has no file 'readme.md'; it has README.md" in run("pull", REPOSITORY, "readme.md", fails=True).err
    assert "no branch, tag or commit 'v9'" in run("pull", REPOSITORY, "--revision", "v9", fails=True).err
    assert run("pull", REPOSITORY, "README.md", "--revision", COMMIT).out.strip().endswith("README.md")


def test_cut_connections_busy_servers_and_expired_addresses(run, hub):
    trouble = hub.trouble
    trouble.cut_after, trouble.cuts, trouble.expired = 1_000_000, 5, 2
    trouble.statuses, trouble.retry_after = [429, 503], "1"
    result = json.loads(run("pull", "kites/large-GGUF:Q4_0", "--json").out)
    assert result["fetched_bytes"] == 64 << 20


def test_a_server_without_ranges(run, hub):
    hub.trouble.no_ranges = True
    hub.trouble.cut_after, hub.trouble.cuts = 1_000_000, 1
    run("pull", "kites/large-GGUF:Q4_0")
    assert listed(run)


def test_damaged_contents_are_never_kept(run, hub, environment):
    hub.trouble.corrupt = 1
    run("pull", "kites/large-GGUF:Q4_0")
    run("rm", "kites/large-GGUF")
    hub.trouble.corrupt = 1 << 30
    assert "SHA-256" in run("pull", "kites/large-GGUF:Q4_0", fails=True).err
    assert not listed(run) and not list(Path(environment["HF_HOME"]).rglob("blobs/*"))


def test_a_dead_server_is_reported_soon(run, hub):
    hub.close()
    started = time.monotonic()
    assert "cannot get the list of files" in run("pull", REPOSITORY, fails=True).err
    assert time.monotonic() - started < 10


def test_offline(run, hub):
    assert "HF_HUB_OFFLINE" in run("show", REPOSITORY, fails=True, HF_HUB_OFFLINE="1").err
    assert not hub.requests


def test_proxies(run, hub, environment):
    proxy = {"http_proxy": hub.contents_url.replace("localhost", "127.0.0.1"), "no_proxy": "", "NO_PROXY": ""}
    run("pull", f"{REPOSITORY}:{TYPE}", HF_ENDPOINT="http://hub.invalid", **proxy)
    assert {target.split("/")[2] for target in hub.proxied} == {"hub.invalid", hub.contents_url.split("/")[2]}
    count = len(hub.proxied)
    run("pull", f"{REPOSITORY}:Q2_K", **(proxy | {"no_proxy": "127.0.0.1,localhost"}))
    assert len(hub.proxied) == count


@pytest.fixture
def encrypted(hub, tmp_path):
    """The Hub behind TLS, with a certificate that nobody knows."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"]
    command += ["2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key]
    try:
        subprocess.run([*command, "-out", certificate], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no openssl that makes certificates")
    hub.encrypt(certificate, key)
    return certificate


def test_certificates(run, hub, encrypted):
    refused = run("pull", f"{REPOSITORY}:{TYPE}", fails=True, HF_ENDPOINT=hub.url, HF_TOKEN="hf_good")
    assert "certificate" in refused.err and not hub.requests
    run("pull", f"{REPOSITORY}:{TYPE}", HF_ENDPOINT=hub.url, SSL_CERT_FILE=str(encrypted))
    assert listed(run)
    # From an encrypted connection nothing leads to an open one.
    hub.contents_url = hub.contents_url.replace("https", "http")
    assert "redirection" in run("pull", f"{REPOSITORY}:Q2_K", fails=True, HF_ENDPOINT=hub.url,
                                SSL_CERT_FILE=str(encrypted)).err


def test_only_downloads_load_a_network_library(kite):
    try:
        libraries = subprocess.run(["ldd", kite.path], capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no ldd")
    assert not [name for name in ("libcurl", "libssl", "FoundationNetworking", "ICU") if name in libraries]


def test_a_limit_on_file_sizes(kite, run, environment):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, 20 << 20))
    process = start(kite, environment, "pull", "kites/large-GGUF:Q4_0", preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "disk is full (or a limit on file sizes is reached)" in err, err
    assert not listed(run)
    run("pull", "kites/large-GGUF:Q4_0")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 40 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", folder]).returncode:
        pytest.skip("cannot mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", folder])


def test_a_full_disk(run, hub, small_disk):
    # Too small from the start: refused before anything is fetched.
    result = run("pull", "kites/large-GGUF:Q4_0", fails=True, HF_HOME=str(small_disk))
    assert "are needed" in result.err and not [r for r in hub.contents_requests() if r.method == "GET"]
    # Filled by others meanwhile.
    hub.repositories["kites/half-GGUF"] = Repository({"half.Q4_0.gguf": File(bytes(30 << 20))})
    hub.trouble.bytes_per_second = 4 << 20
    filling = (f"until find {small_disk} -name '*.kite-partial' | grep -q .; do sleep 0.05; done; sleep 0.3;"
               f" head -c 35m /dev/zero > {small_disk}/filler")
    process = subprocess.Popen(["timeout", "60", "sh", "-c", filling])
    result = run("pull", "kites/half-GGUF", fails=True, HF_HOME=str(small_disk))
    process.wait()
    assert "disk" in result.err and "same command" in result.err
    hub.trouble.bytes_per_second = None
    (small_disk / "filler").unlink()
    result = run("pull", "kites/half-GGUF", "--json", HF_HOME=str(small_disk))
    assert 0 < json.loads(result.out)["fetched_bytes"] < 30 << 20
