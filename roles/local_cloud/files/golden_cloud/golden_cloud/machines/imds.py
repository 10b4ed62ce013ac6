# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance metadata service (IMDSv1 and v2) at 169.254.169.254 on the cloud's bridge.

It listens on the bridge's own address, to which a rule of the packet filter turns what machines send
to 169.254.169.254; so several clouds on one host answer their own machines only. Who asks is known by
its address; nobody else is answered.

What is sent to 169.254.170.2 comes here as well: the containers of builds ask there for credentials, each by a path
that nobody else knows.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from golden_cloud.machines import imds_tree
from golden_cloud.machines.network import mac
from golden_cloud.ports import InstanceMetadata

log = logging.getLogger(__name__)

MAX_TTL = 21600
"""Longest life of a token in seconds."""
Lookup = Callable[[str], InstanceMetadata | None]
CREDENTIALS = "/v2/credentials/"
Credentials = Callable[[str], bytes | None]
"""The answer to a path below CREDENTIALS, None when it leads nowhere."""


def no_credentials(_path: str) -> bytes | None:
    return None


class Tokens:
    """Session tokens: each is good for one instance and a limited time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}

    def new(self, instance_id: str, ttl: int) -> str:
        token = secrets.token_urlsafe(40) + "=="
        now = time.monotonic()
        with self._lock:
            self._tokens = {key: value for key, value in self._tokens.items() if value[1] > now}
            self._tokens[token] = (instance_id, now + ttl)
        return token

    def valid(self, token: str, instance_id: str) -> bool:
        with self._lock:
            owner, until = self._tokens.get(token, ("", 0.0))
        return owner == instance_id and until > time.monotonic()


def token_lifetime(header: str | None) -> int | None:
    """Seconds that the client asked for; None when it asked for nothing that is allowed."""
    if header is None or not header.strip().isdigit():
        return None
    ttl = int(header)
    return ttl if 1 <= ttl <= MAX_TTL else None


def refusal(about: InstanceMetadata, method: str, token: str | None, tokens: Tokens) -> int | None:
    """HTTP status with which a reading request is refused; None when it is allowed."""
    if not about.http_endpoint_enabled:
        return 403
    if method not in ("GET", "HEAD"):
        return 405
    if token is None:
        return 401 if about.http_tokens_required else None
    return None if tokens.valid(token, about.instance_id) else 401


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "EC2ws"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        if self.path.startswith(CREDENTIALS):
            self._send_credentials()
            return
        about = self._caller()
        if about is None:
            return
        status = refusal(about, self.command, self.headers.get("X-aws-ec2-metadata-token"), self.server.tokens)
        if status:
            self._send(status)
            return
        body = imds_tree.answer(about, self.path.split("?")[0])
        if body is None:
            self._send(404)
        else:
            self._send(200, body)

    do_HEAD = do_GET
    do_POST = do_GET
    do_DELETE = do_GET

    def do_PUT(self) -> None:
        about = self._caller()
        if about is None:
            return
        self._drop_body()
        ttl = token_lifetime(self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"))
        if self.path.rstrip("/") != "/latest/api/token":
            self._send(404)
        elif not about.http_endpoint_enabled or self.headers.get("X-Forwarded-For"):
            self._send(403)
        elif ttl is None:
            self._send(400)
        else:
            # The answer dies after so many hops: a container inside the machine is one further away.
            self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, max(1, about.hop_limit))
            token = self.server.tokens.new(about.instance_id, ttl)
            self._send(200, token.encode(), {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": str(ttl)})

    def _send_credentials(self) -> None:
        document = self.server.credentials(self.path) if self.command == "GET" else None
        if document is None:
            self._send(404)
        else:
            self._send(200, document, content_type="application/json")

    def _caller(self) -> InstanceMetadata | None:
        """Whose request this is; a stranger gets no answer."""
        address = self.client_address[0]
        about = self.server.lookup(address)
        if about is None:
            self.close_connection = True
            return None
        return replace(about, mac=mac(address))

    def _drop_body(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if length.isdigit():
            self.rfile.read(min(int(length), 65536))

    def _send(
        self,
        status: int,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        content_type: str = "text/plain",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        if not getattr(self, "path", "").startswith(CREDENTIALS):
            log.debug("%s %s", self.client_address[0], format % args)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, bridge: str, address: str, lookup: Lookup, credentials: Credentials) -> None:
        self.bridge = bridge
        self.lookup = lookup
        self.credentials = credentials
        self.tokens = Tokens()
        super().__init__((address, 80), _Handler)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.bridge.encode())
        super().server_bind()


class MetadataServer:
    """Serves the machines on *bridge*, whose own address is *address*; *lookup* tells what belongs to an address.

    *credentials* tells what the containers of builds get.
    """

    def __init__(self, bridge: str, address: str, lookup: Lookup, credentials: Credentials = no_credentials) -> None:
        self._listener = _Listener(bridge, address, lookup, credentials)
        self._thread = threading.Thread(target=self._listener.serve_forever, name="imds", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
