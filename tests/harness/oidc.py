# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins of GitHub's OIDC, which a job asks for tokens, and of AWS's STS, which takes them."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BEARER = "bearer-of-the-job"


@dataclass
class Sts:
    """Which roles were entered, by the operation. ``lasts`` is for how long, ``trusts`` whether a role lets GitHub in."""

    address: str = ""
    lasts: timedelta = timedelta(hours=1)
    trusts: bool = True
    tokens: list[str] = field(default_factory=list)
    entered: list[tuple[str, str]] = field(default_factory=list)

    @property
    def oidc(self) -> dict[str, str]:
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.address}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
        }

    def token(self, query: dict[str, list[str]], bearer: str | None) -> tuple[int, str]:
        if bearer != f"Bearer {BEARER}":
            return 401, "{}"
        assert query["audience"] == ["sts.amazonaws.com"]
        self.tokens.append(f"word-{len(self.tokens) + 1}")
        return 200, json.dumps({"value": self.tokens[-1]})

    def operation(self, query: dict[str, list[str]], signed: str | None) -> tuple[int, str]:
        name = query["Action"][0]
        if name == "GetCallerIdentity":
            assert signed
            role = self.entered[-1][1].rpartition("/")[2]
            arn = f"arn:aws:sts::123456789012:assumed-role/{role}/github"
            inner = f"<Arn>{arn}</Arn><UserId>it</UserId><Account>123456789012</Account>"
            return 200, _xml(name, inner)
        if name == "AssumeRoleWithWebIdentity":
            # A token is good for once here, so that one that was kept is seen.
            assert (signed, query["WebIdentityToken"]) == (None, [self.tokens[-1]])
        else:
            assert name == "AssumeRole"
            assert signed
        if not self.trusts:
            error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized</Message></Error>"
            return 403, f"<ErrorResponse>{error}</ErrorResponse>"
        self.entered.append((name, query["RoleArn"][0]))
        end = (datetime.now(UTC) + self.lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = f"ASIA{len(self.entered):016}"
        parts = {"AccessKeyId": key, "SecretAccessKey": "hidden-key", "SessionToken": "hidden-token", "Expiration": end}
        inner = "".join(f"<{part}>{value}</{part}>" for part, value in parts.items())
        return 200, _xml(name, f"<Credentials>{inner}</Credentials>")


def _xml(name: str, inner: str) -> str:
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    return f'<{name}Response xmlns="{space}"><{name}Result>{inner}</{name}Result></{name}Response>'


@contextlib.contextmanager
def served_sts() -> c.Iterator[Sts]:
    sts = Sts()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(*sts.token(parse_qs(urlsplit(self.path).query), self.headers["Authorization"]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*sts.operation(parse_qs(body), self.headers["Authorization"]))

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    sts.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield sts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
