# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of GitHub's API: issues and releases of the repository acme/images, by GitHub's rules as far as they matter here."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/images"


class GitHub:
    """The repository, and the tokens that its jobs have, with their permissions."""

    def __init__(self) -> None:
        self.issues: list[dict[str, t.Any]] = []
        self.comments: list[tuple[int, str]] = []
        self.releases: dict[str, dict[str, t.Any]] = {}
        self.tokens: dict[str, dict[str, str]] = {}

    def issue_token(self, rights: dict[str, str]) -> str:
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = dict(rights)
        return token

    def add(self, **fields: t.Any) -> dict[str, t.Any]:
        number = len(self.issues) + 1
        issue = {"number": number, "state": "open", "html_url": f"https://github.invalid/{number}", **fields}
        self.issues.append(issue)
        return issue

    def answer(self, method: str, path: str, token: str, body: dict[str, t.Any]) -> tuple[int, t.Any]:
        split = urlsplit(path)
        parts = split.path.removeprefix(f"/repos/{REPOSITORY}/").split("/")
        rights = self.tokens.get(token.removeprefix("Bearer "))
        if rights is None:
            return 401, {"message": "Bad credentials"}
        right = rights.get("issues" if parts[0] == "issues" else "contents")
        if right != "write" and (method != "GET" or right != "read"):
            return 403, {"message": "Resource not accessible by integration"}
        match method, parts:
            case "GET", ["issues"]:
                query = {key: value[0] for key, value in parse_qs(split.query).items()}
                found = [issue for issue in self.issues if issue["state"] == query["state"]]
                start = (int(query["page"]) - 1) * int(query["per_page"])
                return 200, found[start : start + int(query["per_page"])]
            case "POST", ["issues"]:
                return 201, self.add(**body)
            case "POST", ["issues", number, "comments"]:
                self.comments.append((int(number), body["body"]))
                return 201, {}
            case "PATCH", ["issues", number]:
                self.issues[int(number) - 1].update(body)
                return 200, self.issues[int(number) - 1]
            case "GET" | "PATCH", ["releases", number] if number in self.releases:
                self.releases[number].update(body)
                return 200, self.releases[number]
        return 404, {"message": "Not Found"}


@contextlib.contextmanager
def served(answer: c.Callable[[str, str, c.Mapping[str, str], dict[str, t.Any]], tuple[int, t.Any]]) -> c.Iterator[str]:
    """The address at which answers of JSON are given, by method, path, headers and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            status, data = answer(self.command, self.path, t.cast(c.Mapping[str, str], self.headers), body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(data).encode())

        do_POST = do_PATCH = do_GET  # noqa: N815

        def log_message(self, *arguments: t.Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def served_github(github: GitHub) -> c.Iterator[str]:
    def answer(method: str, path: str, headers: c.Mapping[str, str], body: dict[str, t.Any]) -> tuple[int, t.Any]:
        return github.answer(method, path, headers["Authorization"], body)

    with served(answer) as url:
        yield url
