# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the host reaches package indexes, for the one step of the build that needs them; pure but for looking at files."""

from __future__ import annotations

import os
import shlex
import typing as t

SECRET = "/run/secrets/certificates"
_SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_INDEXES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT",
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
)  # fmt: skip
_BUNDLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def certificates(host: t.Mapping[str, str]) -> str:
    """The file of certificates that the host trusts; empty when it has none."""
    named = [host[name] for name in _BUNDLES if host.get(name)]
    return next((path for path in [*named, _SYSTEM_BUNDLE] if os.path.isfile(path)), "")


def exports(host: t.Mapping[str, str]) -> str:
    """Lines of shell that set what the host's environment says."""
    found = {name: host[name] for name in _INDEXES if host.get(name)}
    if certificates(host):
        found |= dict.fromkeys(_BUNDLES, SECRET)
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())
