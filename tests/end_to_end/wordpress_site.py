# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser's part in WordPress: the install form, the login form, a post, a read."""

from __future__ import annotations

import http.cookiejar
import json
import time
import urllib.error
import urllib.parse
import urllib.request


class WordPress:
    def __init__(self, address: str) -> None:
        self.root = f"http://{address}"
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        with self.opener.open(self.root + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, form: dict[str, str]) -> str:
        data = urllib.parse.urlencode(form).encode()
        with self.opener.open(self.root + path, data=data, timeout=60) as answer:
            return str(answer.read().decode())

    def wait(self, seconds: float = 120) -> None:
        """Until the health endpoint says yes."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.get("/healthz")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                if time.monotonic() > end:
                    raise AssertionError(f"{self.root}/healthz does not answer: {error}") from error
                time.sleep(0.5)

    def install(self, password: str) -> str:
        return self.post(
            "/wp-admin/install.php?step=2",
            {
                "weblog_title": "Golden",
                "user_name": "editor",
                "admin_password": password,
                "admin_password2": password,
                "pw_weak": "1",
                "admin_email": "editor@example.org",
                "blog_public": "0",
                "Submit": "Install WordPress",
                "language": "",
            },
        )

    def publish(self, password: str, title: str, text: str) -> int:
        """Log in by the form, publish by the API that the editor uses; returns the post's number."""
        self.get("/wp-login.php")
        self.post("/wp-login.php", {"log": "editor", "pwd": password, "wp-submit": "Log In", "testcookie": "1"})
        nonce = self.get("/wp-admin/admin-ajax.php?action=rest-nonce")
        request = urllib.request.Request(
            self.root + "/?rest_route=/wp/v2/posts",
            data=json.dumps({"title": title, "content": text, "status": "publish"}).encode(),
            headers={"Content-Type": "application/json", "X-WP-Nonce": nonce},
        )
        with self.opener.open(request, timeout=60) as answer:
            return int(json.load(answer)["id"])
