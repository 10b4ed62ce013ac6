# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What git is told for CodeCommit, against the signature that botocore makes."""

from __future__ import annotations

import datetime
import importlib.util
import io
import sys
import types
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

FILE = Path(__file__).resolve().parents[4] / "roles" / "pipeline" / "files" / "git_credentials.py"
NOW = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
HOST, PATH = "git-codecommit.eu-west-1.amazonaws.com", "v1/repos/images"


@pytest.fixture(scope="module")
def helper() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("git_credentials", FILE)
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_signature_is_that_of_version_4(helper: types.ModuleType) -> None:
    request = AWSRequest(method="GIT", url=f"https://{HOST}/{PATH}")
    request.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%S")
    signer = SigV4Auth(Credentials("AKID", "secret"), "codecommit", "eu-west-1")
    text = signer.string_to_sign(request, f"GIT\n/{PATH}\n\nhost:{HOST}\n\nhost\n")
    expected = f"20261121T093000Z{signer.signature(text, request)}"
    assert helper.password("secret", HOST, PATH, "eu-west-1", NOW) == expected


@pytest.mark.parametrize(("token", "user"), [("", "AKID"), ("session", "AKID%session")])
def test_git_is_told_whose_it_is(
    helper: types.ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    user: str,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"protocol=https\nhost={HOST}\npath={PATH}\n\n"))
    assert helper.main(["eu-west-1", "get"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"username={user}"
    assert lines[1].startswith("password=20")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"protocol=http\nhost={HOST}:4580\npath={PATH}\n\n"))
    monkeypatch.setattr(helper, "password", lambda _secret, host, *_more: host)
    assert helper.main(["eu-west-1", "get"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"password={HOST}"
    assert helper.main(["eu-west-1", "store"]) == 0
    assert capsys.readouterr().out == ""
