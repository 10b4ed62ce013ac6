# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The open ports of load balancers: a socket for each listener, and a thread for each connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from golden_cloud.api import runtime

Handle = Callable[[socket.socket], None]


class Door:
    """A port that is open; ``OSError`` when it cannot be."""

    def __init__(self, address: str, port: int, handle: Handle) -> None:
        self.address, self.port = address, port
        self._handle = handle
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((address, port))
            self._socket.listen(128)
        except BaseException:
            self._socket.close()
            raise
        self._thread = threading.Thread(target=self._accept, name=f"door-{address}-{port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections; those that there are end by themselves."""
        # Closed alone it would go on in the thread that waits.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name=f"from-{self.port}", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                self._handle(client)
            except OSError as error:
                runtime.LOG.info("a connection to %s:%d ended: %s", self.address, self.port, error)
            except Exception:
                runtime.LOG.exception("a connection to %s:%d failed", self.address, self.port)


class Doors:
    """Those of this process, by the ARN of their listener. Only for who holds the lock."""

    def __init__(self) -> None:
        self._open: dict[str, Door] = {}
        self.troubles: dict[str, str] = {}
        """Why a listener's port is not open."""

    def open(self, arn: str, address: str, port: int, handle: Handle) -> None:
        """Have it open there and nowhere else; ``OSError`` when it cannot be, and what was open stays so."""
        known = self._open.get(arn)
        if known is not None and (known.address, known.port) == (address, port):
            return
        made = Door(address, port, handle)
        self.close(arn)
        self._open[arn] = made

    def is_open(self, arn: str) -> bool:
        return arn in self._open

    def close(self, arn: str) -> None:
        self.troubles.pop(arn, None)
        known = self._open.pop(arn, None)
        if known is not None:
            known.close()

    def close_all(self) -> None:
        for arn in list(self._open):
            self.close(arn)


DOORS = Doors()
