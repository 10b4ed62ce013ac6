# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For testinfra, on instances of the image: what only a machine that has booted can show.

The fixture golden_variables has the build's variables.
"""

from __future__ import annotations

import json
import typing as t

import pytest

SECRETS = "/var/lib/golden-wordpress/secrets.php"
Variables = dict[str, t.Any]


def site(variables: Variables) -> str:
    return f"http://localhost:{variables.get('wordpress_http_port', 80)}"


def test_the_first_boot_has_made_what_the_site_needs(host: t.Any) -> None:
    assert host.service("golden-wordpress").is_running


def test_php_and_the_database_answer(host: t.Any, golden_variables: Variables) -> None:
    path = golden_variables.get("wordpress_healthz_path", "/healthz")
    answer = host.run(f"curl --silent --show-error {site(golden_variables)}{path}")
    assert json.loads(answer.stdout) == {"status": "ok", "php": "ok", "database": "ok"}, answer.stderr


def test_nobody_has_installed_the_site_yet(host: t.Any, golden_variables: Variables) -> None:
    answer = host.run(f"curl --silent --output /dev/null --write-out %{{redirect_url}} {site(golden_variables)}/")
    assert answer.stdout.endswith("/wp-admin/install.php")


@pytest.mark.parametrize(
    ("path", "group", "mode"),
    [(SECRETS, "www-data", 0o640), ("/var/lib/golden-wordpress/state.json", "root", 0o600)],
)
def test_its_secrets_are_for_those_who_need_them(host: t.Any, path: str, group: str, mode: int) -> None:
    file = host.file(path)
    assert (file.user, file.group, file.mode) == ("root", group, mode)


def test_they_are_not_guessable(host: t.Any) -> None:
    lines = host.file(SECRETS).content_string.splitlines()
    values = [
        line.split("'")[3] for line in lines if line.startswith("define(") and ("_KEY'" in line or "_SALT'" in line)
    ]
    assert len(set(values)) == 8
    assert all(len(value) >= 32 for value in values)
