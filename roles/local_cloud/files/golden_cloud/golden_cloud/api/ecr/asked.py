# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request of podman or docker asks the registry for, in the words of ECR; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

PREFIX = "/v2/"
_PATH = re.compile(
    r"/v2/(?P<name>[a-z0-9][a-z0-9._/-]*?)/"
    r"(?:(?P<tags>tags/list)|manifests/(?P<reference>[^/]+)|blobs/uploads/(?P<upload>[^/]*)|blobs/(?P<blob>[^/]+))"
)
# By what is asked for and how.
_ACTIONS = {
    ("tags", "GET"): "ListImages",
    ("reference", "GET"): "BatchGetImage",
    ("reference", "HEAD"): "BatchGetImage",
    ("reference", "PUT"): "PutImage",
    ("blob", "GET"): "GetDownloadUrlForLayer",
    ("blob", "HEAD"): "BatchCheckLayerAvailability",
    ("upload", "POST"): "InitiateLayerUpload",
    ("upload", "GET"): "UploadLayerPart",
    ("upload", "PATCH"): "UploadLayerPart",
    ("upload", "PUT"): "CompleteLayerUpload",
    ("upload", "DELETE"): "UploadLayerPart",
}


@dataclass(frozen=True)
class Asked:
    """A request for something in a repository. An action that ECR has none for is empty."""

    name: str
    action: str
    reference: str
    rest: str
    """The path behind the repository's name."""

    @property
    def told(self) -> bool:
        """Whether it is a call in the record: a push or a pull is, and not each of the requests that it takes."""
        return self.action in ("PutImage", "BatchGetImage", "ListImages")


def takes(path: str, headers: dict[str, str]) -> bool:
    """Whether it is the registry that is asked, and not a service of AWS with such a path."""
    signed = headers.get("authorization", "").startswith("AWS4")
    return not signed and (path == PREFIX.rstrip("/") or path.startswith(PREFIX))


def read(method: str, path: str) -> Asked | None:
    """What is asked; None for what is in no repository."""
    found = _PATH.fullmatch(path)
    if found is None or ".." in path:
        return None
    kind = next(name for name in ("tags", "reference", "upload", "blob") if found[name] is not None)
    return Asked(
        found["name"], _ACTIONS.get((kind, method), ""), found["reference"] or "", path[5 + len(found["name"]) :]
    )


def query(text: str) -> str:
    """The query as the registry gets it: layers of other repositories are not mounted, but sent."""
    return urlencode(
        [(key, value) for key, value in parse_qsl(text, keep_blank_values=True) if key not in ("mount", "from")]
    )
