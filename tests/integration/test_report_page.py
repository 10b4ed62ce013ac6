# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report in headless Chromium: it asks for nothing, complains of nothing, and looks like something."""

from __future__ import annotations

import collections.abc as c
import http.server
import struct
import threading
from pathlib import Path

import pytest
import report_screenshot
from ansible_collections.golden.ami.plugins.module_utils._report.page import page
from harness import browser
from harness.planted_report import HOSTILE, hostile, report

EXECUTABLE = browser.program() or ""
pytestmark = pytest.mark.skipif(
    not EXECUTABLE, reason="Chromium is not installed: apt-get install --no-install-recommends chromium"
)
INK = "getComputedStyle(document.body).color"


@pytest.fixture(scope="module")
def opened() -> c.Iterator[browser.Browser]:
    with browser.chromium(EXECUTABLE) as made:
        yield made


def shown(opened: browser.Browser, directory: Path, text: str, width: int = 1280) -> browser.Page:
    file = directory / "report.html"
    file.write_text(text, encoding="utf-8")
    return opened.open(browser.url_of(file), width)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def test_the_browser_here_sees_requests_and_errors(opened: browser.Browser, tmp_path: Path) -> None:
    """Without this, that none is seen would say nothing."""
    seen = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            seen.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/picture.png"
        text = f"<!DOCTYPE html><title>x</title><img src='{url}'><script>console.error('said'); undefined.x</script>"
        found = shown(opened, tmp_path, text)
        server.shutdown()
    assert seen == ["/picture.png"]
    assert found.requests == [url]
    assert "said" in found.errors
    assert any("Uncaught" in error for error in found.errors)


@pytest.mark.parametrize("given", [report, hostile])
def test_it_asks_for_nothing_and_complains_of_nothing(
    opened: browser.Browser, tmp_path: Path, given: c.Callable[[], dict[str, object]]
) -> None:
    found = shown(opened, tmp_path, page(given()))
    assert (found.requests, found.errors) == ([], [])
    assert found.value("document.scripts.length") == 0
    assert found.value("document.querySelectorAll('svg.lineage rect').length") >= 8
    if given is hostile:
        assert HOSTILE in found.value("document.body.innerText")


def test_what_gets_into_it_all_the_same_is_not_run(opened: browser.Browser, tmp_path: Path) -> None:
    harmed = page(report()).replace(
        "</main>", "<script>document.title = 'run'</script><img src='http://127.0.0.1:9/x'></main>"
    )
    found = shown(opened, tmp_path, harmed)
    assert found.value("document.title") == "Images: base, web, wordpress"
    assert any("Content Security Policy" in error for error in found.errors)


@pytest.mark.parametrize("width", [1280, 500])
def test_it_fits_the_screen_by_day_and_at_night(opened: browser.Browser, tmp_path: Path, width: int) -> None:
    """Only tables and the drawing are scrolled, in their frames."""
    found = shown(opened, tmp_path, page(report()), width)
    assert found.value("document.documentElement.scrollWidth") == width
    inks = []
    for scheme in ("light", "dark"):
        found.scheme(scheme)
        inks.append(found.value(INK))
        assert size(found.screenshot())[0] == width
    assert inks[0] != inks[1]


def test_links_lead_to_rows(opened: browser.Browser, tmp_path: Path) -> None:
    found = shown(opened, tmp_path, page(report()))
    found.value("document.querySelector('svg.lineage a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    target = "document.querySelector(':target')"
    assert found.value(f"{target}.tagName") == "TR"
    assert "20261115060000" in found.value(f"{target}.innerText")


def test_it_prints(opened: browser.Browser, tmp_path: Path) -> None:
    found = shown(opened, tmp_path, page(report()))
    found.scheme("dark")
    printed = found.printed()
    assert printed.startswith(b"%PDF")
    # An image begins on a page of its own.
    assert printed.count(b"/Type /Page\n") >= 4
    found.call(
        "Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    assert found.value(INK) == "rgb(0, 0, 0)"


def test_the_picture_in_the_documentation_is_one_of_it(tmp_path: Path) -> None:
    """Fonts differ from machine to machine, so not to the last dot."""
    fresh, kept = report_screenshot.take(EXECUTABLE, tmp_path), report_screenshot.PICTURE.read_bytes()
    assert size(fresh) == size(kept) == (report_screenshot.WIDTH, report_screenshot.HEIGHT)
    assert 30_000 < len(kept) < 300_000
    # An empty page is a tenth of it.
    assert len(fresh) > len(kept) / 2
