# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a screen, driven through a pipe: what a page asks for, what its console says, and how it looks."""

from __future__ import annotations

import base64
import collections.abc as c
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless=new",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium reads from 3 and writes to 4.
_AS_3_AND_4 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
Message = dict[str, t.Any]


def program() -> str | None:
    """Chromium, if it is installed."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@dataclass
class Page:
    """A page that was opened: the URLs that it asked for besides its own, and the errors on its console."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def call(self, method: str, **given: t.Any) -> Message:
        return self.browser.call(method, self.session, **given)

    def value(self, expression: str) -> t.Any:
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, whole: bool = True) -> bytes:
        """As PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def printed(self) -> bytes:
        """As PDF, in the style and size for paper that the page has."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])

    def scheme(self, name: str) -> None:
        """Have the page by daylight (light) or at night (dark)."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])


class Browser:
    def __init__(self, to: int, from_: int) -> None:
        self._to, self._from = to, from_
        self._number = 0
        self._read = b""
        self._loaded = False
        self._pages: dict[str, Page] = {}

    def call(self, method: str, session: str | None = None, **given: t.Any) -> Message:
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": given}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                if "error" in told:
                    raise AssertionError(f"{method}: {told['error']}")
                return dict(told["result"])
            self._note(told)

    def _next(self, seconds: float = 60) -> Message:
        until = time.monotonic() + seconds
        while b"\0" not in self._read:
            if not select.select([self._from], [], [], max(until - time.monotonic(), 0))[0]:
                raise AssertionError(f"Chromium says nothing for {seconds:g} s")
            some = os.read(self._from, 1 << 20)
            if not some:
                raise AssertionError("Chromium has ended")
            self._read += some
        text, _end, self._read = self._read.partition(b"\0")
        return dict(json.loads(text))

    def _note(self, told: Message) -> None:
        page = self._pages.get(told.get("sessionId", ""))
        if page is None:
            return
        method, given = told.get("method"), told.get("params", {})
        if method == "Network.requestWillBeSent":
            page.requests.append(given["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            page.errors.append(str(given["exceptionDetails"].get("text")))
        elif method == "Runtime.consoleAPICalled" and given["type"] in {"error", "assert"}:
            page.errors.append(" ".join(str(one.get("value")) for one in given["args"]))
        elif method == "Log.entryAdded" and given["entry"]["level"] == "error":
            page.errors.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
        elif method == "Page.loadEventFired":
            self._loaded = True

    def open(self, url: str, width: int = 1280, height: int = 900) -> Page:
        """Open a page, and wait until all of it is there."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._loaded = False
        page.call("Page.navigate", url=url)
        until = time.monotonic() + 60
        while not self._loaded and time.monotonic() < until:
            self._note(self._next())
        # What it asks for after that.
        quiet = time.monotonic() + 0.5
        while (left := quiet - time.monotonic()) > 0:
            with contextlib.suppress(AssertionError):
                self._note(self._next(left))
        page.requests = [one for one in page.requests if one != url and not one.startswith("data:")]
        return page


def _pipe() -> tuple[int, int]:
    """One whose ends have other numbers than 3 and 4."""
    low = os.pipe()
    read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return read, write


@contextlib.contextmanager
def chromium(executable: str) -> c.Iterator[Browser]:
    """Runs while the block does, with a profile of its own."""
    to_read, to_write = _pipe()
    from_read, from_write = _pipe()
    with tempfile.TemporaryDirectory(prefix="golden-chromium-", ignore_cleanup_errors=True) as profile:
        # As root there is no sandbox to be had, and the page is a file of our own.
        argv = [executable, *_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={profile}"]
        command = [sys.executable, "-c", _AS_3_AND_4, str(to_read), str(from_write), *argv]
        process = subprocess.Popen(
            command, pass_fds=(to_read, from_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_read)
        os.close(from_write)
        browser = Browser(to_write, from_read)
        try:
            yield browser
            with contextlib.suppress(AssertionError, OSError):
                browser.call("Browser.close")
            process.wait(20)
        finally:
            process.kill()
            process.wait()
            os.close(to_write)
            os.close(from_read)


def url_of(file: Path) -> str:
    return file.resolve().as_uri()
