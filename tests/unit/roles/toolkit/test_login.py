# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker-login: the token reaches podman and docker on standard input, and nobody else."""

from __future__ import annotations

import base64
import sys
import typing as t
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(CHECKOUT / "roles" / one / "files") for one in ("toolkit", "packer")]

from golden_toolkit import __main__ as door
from golden_toolkit import login
from golden_toolkit.login import Login, log_in, login_argv, read_token
from golden_toolkit.parts import ToolkitError

LOCAL = Login("AWS", "p4ss", "http://127.0.0.1:4580", "tonight")
AWS = Login("AWS", "p4ss", "https://123456789012.dkr.ecr.us-east-1.amazonaws.com", "tonight")
ENGINE = """\
#!/bin/sh
printf '%s\n' "$*" >"$FAKE/argv"
cat >"$FAKE/stdin"
env >"$FAKE/environment"
test ! -e "$FAKE/refuses" || { echo "Error: 401 Unauthorized for p4ss" >&2; exit 125; }
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A podman that writes down what it was given."""
    (tmp_path / "podman").write_text(ENGINE)
    (tmp_path / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE", str(tmp_path))
    return tmp_path


def test_the_token_is_the_password() -> None:
    pair = base64.b64encode(b"AWS:a:b").decode()
    found = read_token({"authorizationToken": pair, "proxyEndpoint": AWS.endpoint, "expiresAt": "then"})
    assert (found.user, found.password, found.until) == ("AWS", "a:b", "then")
    assert found.registry == "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert "a:b" not in repr(found)


@pytest.mark.parametrize(
    "data",
    [{}, {"authorizationToken": "!", "proxyEndpoint": "x"}, {"authorizationToken": "QVdT", "proxyEndpoint": "x"}],
)
def test_what_is_no_token_is_told(data: dict[str, t.Any]) -> None:
    with pytest.raises(ToolkitError, match="no token that can be read"):
        read_token(data)


def test_tls_is_left_out_on_loopback_alone() -> None:
    assert login_argv(["podman"], "podman", LOCAL) == [
        "podman", "login", "--tls-verify=false", "--username", "AWS", "--password-stdin", "127.0.0.1:4580",
    ]  # fmt: skip
    assert "--tls-verify=false" not in login_argv(["docker"], "docker", LOCAL), "docker knows no such option"
    assert "--tls-verify=false" not in login_argv(["podman"], "podman", AWS)
    with pytest.raises(ToolkitError, match="speaks no TLS"):
        login_argv(["podman"], "podman", Login("AWS", "p4ss", "http://registry.example.com", ""))


def test_the_password_is_on_standard_input_only(fake: Path) -> None:
    said = log_in(["podman"], "podman", LOCAL)
    assert said == "podman is logged in to 127.0.0.1:4580 as AWS until tonight."
    assert (fake / "stdin").read_text() == "p4ss"
    assert "p4ss" not in (fake / "argv").read_text() + (fake / "environment").read_text() + said


def test_a_registry_that_refuses_is_told_without_the_password(fake: Path) -> None:
    (fake / "refuses").touch()
    with pytest.raises(
        ToolkitError, match=r"127.0.0.1:4580 did not let podman log in \(status 125\): Error: 401"
    ) as told:
        log_in(["podman"], "podman", LOCAL)
    assert "p4ss" not in str(told.value)


def test_an_engine_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolkitError, match="docker is not on this machine"):
        log_in(["docker"], "docker", LOCAL)


def test_a_cloud_that_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from botocore.exceptions import ClientError

    class Client:
        def get_authorization_token(self) -> t.NoReturn:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetAuthorizationToken")

    monkeypatch.setattr(boto3, "client", lambda *_words, **_more: Client())
    with pytest.raises(ToolkitError, match="ECR gave no token: .*AccessDenied"):
        login.ask()


def test_the_chore_asks_the_local_cloud_and_nobody_else(
    fake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, str] = {}

    def ask() -> Login:
        import os

        seen.update({name: value for name, value in os.environ.items() if name.startswith("AWS_")})
        return LOCAL

    monkeypatch.setattr(door, "_local", lambda _engine: {"AWS_ENDPOINT_URL": LOCAL.endpoint})
    monkeypatch.setattr(login, "ask", ask)
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.delenv("GOLDEN_TOOLKIT", raising=False)
    assert door.main(["--engine=podman", "login"]) == 0
    assert seen == {"AWS_ENDPOINT_URL": LOCAL.endpoint}
    assert "logged in" in capsys.readouterr().out


def test_aws_is_not_asked_by_an_endpoint_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GOLDEN_TOOLKIT", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:1")
    assert door.main(["--engine=podman", "login", "--cloud-of=aws"]) == 1
    assert "AWS_ENDPOINT_URL_ECR, which is not AWS" in capsys.readouterr().err
