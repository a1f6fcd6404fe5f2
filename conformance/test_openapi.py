"""The document of the API that the server hands out, and schemathesis over everything it says can be asked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from server import Server

DOCUMENT = ROOT / "Sources" / "CWeb" / "Web" / "openapi.json"
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "allow_header_conformance",
]


@pytest.fixture(scope="module")
def server(kite):
    with Server(kite.path) as server:
        yield server


def test_the_document_is_served(server):
    reply = server.get("/openapi.json")
    assert reply.status == 200 and reply.headers["content-type"].startswith("application/json")
    assert reply.json == json.loads(DOCUMENT.read_text())


def test_every_route_is_there(server):
    for path, methods in json.loads(DOCUMENT.read_text())["paths"].items():
        name = server.get("/v1/models").json["data"][0]["id"]
        for method in methods:
            reply = server.request(method.upper(), path.replace("{id}", name), b"{}" if method == "post" else None)
            assert reply.status in (200, 400), (method, path, reply.status)
            if path.startswith("/v1/"):
                assert server.request(method.upper(), path[3:].replace("{id}", name), b"{}" if method == "post" else None).status == reply.status


@pytest.mark.timeout(1600)
def test_schemathesis(server, tmp_path):
    """No request that the document allows, and none near those, makes the server fail or say what is not in the document."""
    command = [
        str(Path(sys.executable).parent / "st"), "run", server.url + "/openapi.json", "--checks", ",".join(CHECKS),
        "--phases", "examples,coverage,fuzzing", "--max-examples", os.environ.get("KITE_SCHEMATHESIS_EXAMPLES", "10"),
        "--seed", "5", "--workers", "2", "--request-timeout", "120", "--no-shrink", "--continue-on-failure", "--warnings", "off",
        "--suppress-health-check", "all", "--output-sanitize", "false", "--generation-database", "none", "--no-color",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
    assert server.is_running
    assert server.get("/health").status == 200
