# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URL is asked directly: redirects are not followed, and what goes wrong is an answer. The checks are in test_ami_deploy.py."""

from __future__ import annotations

import http.server
import threading
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._deploy.asking import fetch
from ansible_collections.golden.ami.plugins.module_utils._deploy.health import Url


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, text = {"/": (200, "Hello"), "/error": (500, "Oops"), "/away": (302, "")}.get(self.path, (404, "none"))
        if self.path == "/headers":
            status, text = 200, str(self.headers.get("Host"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_given: object) -> None:
        return


@pytest.fixture(scope="module")
def base() -> t.Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_status_and_text_are_told_also_of_errors(base: str) -> None:
    assert fetch(f"{base}/", Url("")) == fetch(f"{base}/", Url(""))
    assert (fetch(f"{base}/", Url("")).status, fetch(f"{base}/", Url("")).text) == (200, "Hello")
    reply = fetch(f"{base}/error", Url(""))
    assert (reply.status, reply.text) == (500, "Oops")


def test_a_redirect_is_an_answer_and_not_followed(base: str) -> None:
    reply = fetch(f"{base}/away", Url(""))
    assert (reply.status, reply.location) == (302, "/")


def test_headers_are_sent_and_proxies_are_not_asked(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(f"{base}/headers", Url("", headers={"Host": "www.example.com"})).text == "www.example.com"


def test_that_nobody_answers_is_told() -> None:
    reply = fetch("http://127.0.0.1:1/", Url(""))
    assert reply.status is None
    assert "refused" in reply.error.lower()
