# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service calls another one, and for what: ``codepipeline/PIPELINE``, ``events/ARN-OF-A-RULE``.

On AWS a service knows this by means that no client has. Here it is a header that goes with the signed call, beside
the User-Agent that all calls between services have; a client that sends it deceives itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADER = "x-golden-caller"
REVISION = "x-golden-source-revision"
"""Of StartBuild: the revision of the source that the input artifact was made of (a commit's id)."""

CODEPIPELINE, EVENTS = "codepipeline/", "events/"


def tell(client: Any, who: str, revision: str | None = None) -> Any:
    """The same client, which says from now on for whom it calls."""

    def _add(params: dict[str, Any], **_about: Any) -> None:
        params["headers"][HEADER] = who
        if revision:
            params["headers"][REVISION] = revision

    client.meta.events.register("before-call", _add)
    return client


def of(headers: Mapping[str, str]) -> str | None:
    """For whom the request was sent; None when a client sent it on its own."""
    return headers.get(HEADER)
