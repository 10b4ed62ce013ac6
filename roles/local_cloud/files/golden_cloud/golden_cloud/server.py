# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server in front of the API: threads, HTTP/1.1, on the addresses it is given and no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

POLL = 0.05
"""Seconds within which ``stop`` is noticed."""
LOG = logging.getLogger("golden_cloud.server")


class _Handler(WSGIRequestHandler):
    """Leaves the record of calls to the API. werkzeug closes each connection with its answer, and says so in it."""

    protocol_version = "HTTP/1.1"
    timeout = 120

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        LOG.log(logging.ERROR if type == "error" else logging.INFO, message, *args)

    def version_string(self) -> str:
        return "golden-cloud"


class Server:
    """Serves one WSGI application on several addresses; it is bound when the constructor returns.

    ``OSError`` (EADDRINUSE) when an address is taken.
    """

    def __init__(
        self, wsgi: WSGIApplication, addresses: list[tuple[str, int]], devices: Mapping[str, str] | None = None
    ) -> None:
        """*devices* names, for an address, the one network device through which it is reached."""
        self._servers: list[BaseWSGIServer] = []
        try:
            for host, port in addresses:
                self._servers.append(_bind(wsgi, host, port, (devices or {}).get(host)))
        except BaseException:
            self._close_sockets()
            raise
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(POLL,), name=f"server-{server.port}", daemon=True)
            for server in self._servers
        ]

    @property
    def ports(self) -> list[int]:
        return [server.port for server in self._servers]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more requests; those under way end."""
        for server in self._servers:
            server.shutdown()
        for thread in self._threads:
            thread.join()
        self._close_sockets()

    def _close_sockets(self) -> None:
        for server in self._servers:
            server.server_close()


def _bind(wsgi: WSGIApplication, host: str, port: int, device: str | None) -> BaseWSGIServer:
    """werkzeug ends the process when an address is taken; here the caller shall decide."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if device:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        listener.bind((host, port))
        listener.listen(128)
        # It takes a copy of the socket: with ours left open clients would still connect to a server that has ended.
        return make_server(host, port, wsgi, threaded=True, request_handler=_Handler, fd=listener.fileno())
