# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add what was deployed to the notes of a release of GitHub, below what people wrote there; again, and it is replaced.

The environment says GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, RELEASE_ID and NOTES. Needs the permission "contents: write".
"""

from __future__ import annotations

import json
import os
import sys
import typing as t
import urllib.error
import urllib.request

MARK = "<!-- what was deployed -->"


def body(before: str, notes: str) -> str:
    """The notes of the release with those of this deployment."""
    return f"{before.partition(MARK)[0].rstrip()}\n\n{MARK}\n{notes.strip()}\n".lstrip()


def call(method: str, given: dict[str, t.Any] | None) -> t.Any:
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    request = urllib.request.Request(
        f"{base}/repos/{os.environ['GITHUB_REPOSITORY']}/releases/{os.environ['RELEASE_ID']}",
        method=method,
        data=None if given is None else json.dumps(given).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def main() -> None:
    try:
        release = call("GET", None)
        call("PATCH", {"body": body(release.get("body") or "", os.environ["NOTES"])})
    except urllib.error.HTTPError as error:
        hint = ' Has the job "permissions: {contents: write}"?' if error.code in (403, 404) else ""
        sys.exit(f"GitHub answered {error.code} {error.reason} to {error.url}.{hint}")
    except urllib.error.URLError as error:
        sys.exit(f"GitHub cannot be reached: {error.reason}")


if __name__ == "__main__":
    main()
