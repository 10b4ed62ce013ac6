# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a connection to a load balancer: it is handed on to a target, byte by byte.

Of HTTP each connection carries one request, so each request has its turn: the load balancer asks the target to close
the connection after it, and the client learns that from the target's answer.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Callable

Choose = Callable[[], tuple[str, int] | None]
"""Address and port of whose turn it is; None when there is nobody to hand on to."""

CONNECT_SECONDS = 10.0
LARGEST_HEAD = 64 * 1024
_CHUNK = 64 * 1024
_LINGER_SECONDS = 2.0
_REQUEST_LINE = re.compile(rb"[A-Z]{1,32} \S+ HTTP/1\.[01]")
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*")
_OWN = {b"x-forwarded-proto", b"x-forwarded-port", b"connection", b"keep-alive", b"proxy-connection"}
_PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def tcp(client: socket.socket, choose: Choose, idle: float) -> None:
    """Hand the connection on as it is; without a target it is closed."""
    chosen = choose()
    if chosen is None:
        return
    with socket.create_connection(chosen, CONNECT_SECONDS) as target:
        _relay(client, target, idle)


def http(client: socket.socket, choose: Choose, idle: float) -> None:
    """Hand a request on, or answer it where that cannot be done."""
    try:
        received = _received_head(client, idle)
    except TimeoutError:
        return _answer(client, 408)
    if not received:
        return None
    head, body = received
    rewritten = _rewritten(head, client)
    if rewritten is None:
        return _answer(client, 400)
    without_body = head.startswith(b"HEAD ")
    chosen = choose()
    if chosen is None:
        return _answer(client, 503, without_body=without_body)
    try:
        target = socket.create_connection(chosen, CONNECT_SECONDS)
    except TimeoutError:
        return _answer(client, 504, without_body=without_body)
    except OSError:
        return _answer(client, 502, without_body=without_body)
    with target:
        status = _exchange(client, target, rewritten + body, idle)
    return _answer(client, status, without_body=without_body) if status else None


def _exchange(client: socket.socket, target: socket.socket, request: bytes, idle: float) -> int | None:
    """The status to answer with when the target has answered nothing."""
    try:
        target.settimeout(idle)
        target.sendall(request)
        answered = _relay(client, target, idle)
    except TimeoutError:
        return 504
    except OSError:
        return 502
    return None if answered else 502


def _received_head(client: socket.socket, idle: float) -> tuple[bytes, bytes] | None:
    """The head of a request and what came after it; None from a client that leaves, or says too much."""
    client.settimeout(idle)
    received = b""
    while b"\r\n\r\n" not in received:
        part = client.recv(_CHUNK)
        if not part:
            return None
        received += part
        if len(received) > LARGEST_HEAD and b"\r\n\r\n" not in received:
            return received, b""
    head, _end, body = received.partition(b"\r\n\r\n")
    return head, body


def _rewritten(head: bytes, client: socket.socket) -> bytes | None:
    """The head as the target gets it; None when it is none of HTTP."""
    first, *headers = head.split(b"\r\n")
    if len(head) > LARGEST_HEAD or not _REQUEST_LINE.fullmatch(first):
        return None
    if not all(_HEADER.fullmatch(header) for header in headers):
        return None
    fields = [(header.partition(b":")[0].lower(), header) for header in headers]
    upgrades = any(name == b"upgrade" for name, _header in fields)
    through = [value.partition(b":")[2].strip() for name, value in fields if name == b"x-forwarded-for"]
    kept = [header for name, header in fields if name not in _OWN and name != b"x-forwarded-for"]
    via = b", ".join([*through, client.getpeername()[0].encode()])
    added = [
        b"X-Forwarded-For: " + via,
        b"X-Forwarded-Proto: http",
        b"X-Forwarded-Port: %d" % client.getsockname()[1],
        b"Connection: upgrade" if upgrades else b"Connection: close",
    ]
    return b"\r\n".join([first, *kept, *added, b"", b""])


def _relay(client: socket.socket, target: socket.socket, idle: float) -> bool:
    """Until the target has said all, the client has left, or neither says anything; whether the target said something.

    ``TimeoutError`` when the target never did.
    """
    said = False
    for one in (client, target):
        one.settimeout(idle)
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, target)
        selector.register(target, selectors.EVENT_READ, client)
        while True:
            ready = selector.select(idle)
            if not ready:
                if said:
                    return True
                raise TimeoutError
            for key, _events in ready:
                source, other = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                part = source.recv(_CHUNK)
                if part:
                    said = said or source is target
                    other.sendall(part)
                elif source is target:
                    return said
                else:
                    # It may still want to hear the answer.
                    selector.unregister(client)
                    target.shutdown(socket.SHUT_WR)


def _answer(client: socket.socket, status: int, *, without_body: bool = False) -> None:
    told = f"{status} {_PHRASES[status]}"
    body = f"<html>\r\n<head><title>{told}</title></head>\r\n<body><h1>{told}</h1></body>\r\n</html>\r\n"
    head = f"HTTP/1.1 {told}\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
    client.sendall(f"{head}Connection: close\r\n\r\n{'' if without_body else body}".encode())
    # Closed with something unread the connection would be reset, and the answer with it.
    client.shutdown(socket.SHUT_WR)
    client.settimeout(_LINGER_SECONDS)
    end = time.monotonic() + _LINGER_SECONDS
    while time.monotonic() < end and client.recv(_CHUNK):
        pass
