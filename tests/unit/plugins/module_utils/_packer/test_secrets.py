# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.secrets import (
    MASK,
    Scrubber,
    environment_secrets,
    looks_secret,
    sensitive_values,
)

SECRET = 'pä"ss\nsecond line'


@pytest.mark.parametrize(
    "shown",
    [
        'pä"ss',
        "second line",
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps(SECRET)),
        base64.b64encode(SECRET.encode()).decode(),
        quote(SECRET),
        repr(SECRET),
    ],
)
def test_every_form_is_taken_out(shown: str) -> None:
    text = Scrubber({"a": [SECRET]}).text(f"before {shown} after")
    assert MASK in text
    for part in ("second", 'pä"ss', "p\\u00e4", base64.b64encode(SECRET.encode()).decode()[:12]):
        assert part not in text


def test_what_go_escapes_in_json() -> None:
    assert Scrubber(["a<b>&c"]).text(r'{"password":"a\u003cb\u003e\u0026c"}') == f'{{"password":"{MASK}"}}'


def test_numbers_inside_of_structures() -> None:
    assert Scrubber({"a": {"pin": 123456}}).text("pin=123456") == f"pin={MASK}"


def test_short_values_and_switches_would_blank_out_everything() -> None:
    assert Scrubber({"a": "yes", "b": True, "c": None}).text("yes, True, None") == "yes, True, None"


def test_secrets_of_an_environment() -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "secret-key",
        "AWS_SESSION_TOKEN": "session",
        "GITHUB_TOKEN": "github",
        "DB_PASSWORD": "database",
        "db_password_file": "/run/password",
        "HIDE_SECRETS": "true",
        "PKR_VAR_users": '["first user", "second user"]',
        "PKR_VAR_size": "large",
        "HOME": "/home/me",
    }
    secrets = environment_secrets(environment, {"users"})
    for value in ("secret-key", "session", "github", "database", '["first user", "second user"]'):
        assert value in secrets
    text = Scrubber(secrets).text("first user, large, true, AKIA, /run/password, /home/me, github")
    assert text == f"{MASK}, large, true, AKIA, /run/password, /home/me, {MASK}"


@pytest.mark.parametrize("name", ["AWS_SECRET_KEY", "VAULT_TOKEN", "PGPASSWORD", "my_api_key", "PKR_VAR_db_password"])
def test_names_that_look_secret(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name", ["AWS_WEB_IDENTITY_TOKEN_FILE", "ANSIBLE_VAULT_PASSWORD_FILE", "PATH", "TOKENS_PER_RUN"]
)
def test_names_that_do_not(name: str) -> None:
    assert not looks_secret(name)


def test_what_sensitive_variables_read_and_are_given() -> None:
    assert environment_secrets({"LICENSE_CODE": "abcd", "RELEASE": "one"}, {"lic"}, {"LICENSE_CODE"}) == ["abcd"]
    assert sensitive_values({"lic": ["abcd"], "switch": True, "size": 12345}, {"lic", "switch"}) == [["abcd"]]
