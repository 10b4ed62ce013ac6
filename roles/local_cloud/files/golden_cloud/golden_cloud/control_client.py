# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the control API of a running cloud. Needs nothing but the standard library."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

from golden_cloud import settings
from golden_cloud.place import Place

SECONDS = 30
"""How long an answer may take."""

OF_A_SERVICE = "x-amzn-RequestId"
"""Header of answers of AWS's services: an older server takes each request for a call of one, without a signature."""


class ControlError(Exception):
    """What the control API refused, or why it can't be asked."""


class ControlClient:
    """Asks the control API of one cloud."""

    def __init__(self, place: Place) -> None:
        known = settings.load(place)
        if known is None:
            raise ControlError(f"the local cloud {place.name!r} was never up: use the verb up first")
        self._name = place.name
        self._endpoint = known.endpoint
        pair = base64.b64encode(f"{known.access_key}:{known.secret_key}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}"}
        # A proxy that the environment names is for the world outside.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, path: str, document: Any = None) -> dict[str, Any]:
        """The answer's JSON; ``ControlError`` with the API's own words when it refuses."""
        body = None if document is None else json.dumps(document).encode()
        url = f"{self._endpoint}/_golden/{path}"
        request = urllib.request.Request(url, body, self._headers, method=method)
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except urllib.error.HTTPError as error:
            raise ControlError(_refusal(error, self._name)) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            text = f"{self._endpoint} does not answer ({reason}): is the local cloud {self._name!r} up?"
            raise ControlError(text) from None


def _refusal(error: urllib.error.HTTPError, name: str) -> str:
    if error.headers.get(OF_A_SERVICE):
        return (
            f"the local cloud {name!r} was started by an older version, without faults and this record of calls: "
            "use the verbs down and up (./taskw cloud:down, ./taskw cloud:up), and start again"
        )
    text = error.read().decode(errors="replace").strip()
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error.code}: {text}"
