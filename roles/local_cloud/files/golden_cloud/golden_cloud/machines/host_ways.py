# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the host reaches the world, for containers of builds that shall reach it so too; pure but for looking at files.

A host behind a proxy, or with package indexes of its own, says so in its environment; indexes of its own often have
certificates of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's, on the host and in the container."""
_CERTIFICATES = "/codebuild/certificates"

_INDEXES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT",
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
    "GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOFLAGS",
    "NPM_CONFIG_REGISTRY", "npm_config_registry",
)  # fmt: skip
_BUNDLES = (
    "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
    "AWS_CA_BUNDLE",
)  # fmt: skip
_PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
_DIRECT = ("127.0.0.1", "localhost", "169.254.169.254", "169.254.170.2")


def variables(host: Mapping[str, str], gateway: str) -> dict[str, str]:
    """What a container is given of the host's environment; an empty value: the host's own, which can hold a password.

    Podman hands proxies on by itself. The cloud, at *gateway*, is not behind one.
    """
    found = {name: "" for name in _INDEXES if host.get(name)}
    found |= {name: _inside(host[name]) for name in _BUNDLES if _is_file(host.get(name))}
    if any(host.get(name) for name in _PROXIES):
        known = (host.get("no_proxy") or host.get("NO_PROXY") or "").split(",")
        around = ",".join([*filter(None, known), *_DIRECT, gateway])
        found |= {"no_proxy": around, "NO_PROXY": around}
    return found


def certificates(host: Mapping[str, str]) -> dict[str, str]:
    """Files of certificates: the host's path and the container's."""
    named = {host[name] for name in _BUNDLES if _is_file(host.get(name))}
    return {path: _inside(path) for path in sorted({SYSTEM_BUNDLE, *named}) if _is_file(path)}


def _inside(path: str) -> str:
    return path if path == SYSTEM_BUNDLE else f"{_CERTIFICATES}/{path.strip('/').replace('/', '-')}"


def _is_file(path: str | None) -> bool:
    return bool(path) and os.path.isfile(str(path))
