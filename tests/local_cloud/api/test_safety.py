# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only who signs with the cloud's own keys, from no web page, is answered."""

from __future__ import annotations

import datetime
import http.client
import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def _post(cloud: Any, headers: dict[str, str], body: str = "", path: str = "/", method: str = "POST") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def _signed(cloud: Any, body: str, service: str = "ec2", **changes: str) -> dict[str, str]:
    request = AWSRequest(
        "POST",
        cloud.endpoint + "/",
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    keys = Credentials(cloud.config.access_key, changes.pop("secret", cloud.config.secret_key))
    SigV4Auth(keys, service, "us-east-1").add_auth(request)
    return {"Host": f"127.0.0.1:{cloud.port}", **dict(request.headers), **changes}


BODY = "Action=DescribeInstances&Version=2016-11-15"


def test_a_signed_request_is_answered(cloud: Any) -> None:
    status, text = _post(cloud, _signed(cloud, BODY), BODY)
    assert (status, "DescribeInstancesResponse" in text) == (200, True)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1"])
def test_a_web_page_is_refused(cloud: Any, origin: str) -> None:
    status, text = _post(cloud, _signed(cloud, BODY, Origin=origin), BODY)
    assert (status, "web pages" in text) == (403, True)


@pytest.mark.parametrize("host", ["evil.example", "ec2.us-east-1.amazonaws.com", "127.0.0.1", "127.0.0.1:1"])
def test_a_foreign_host_is_refused(cloud: Any, host: str) -> None:
    assert _post(cloud, _signed(cloud, BODY, Host=host), BODY)[0] == 403


def test_without_a_signature(cloud: Any) -> None:
    headers = {"Host": f"localhost:{cloud.port}", "Content-Type": "application/x-www-form-urlencoded"}
    status, text = _post(cloud, headers, BODY)
    assert (status, "MissingAuthenticationToken" in text) == (403, True)
    for path in ("/moto-api/reset", "/moto-api/", "/latest/meta-data/", "/static/x"):
        assert _post(cloud, headers, path=path)[0] == 403


def test_with_a_wrong_secret(cloud: Any) -> None:
    status, text = _post(cloud, _signed(cloud, BODY, secret="guessed"), BODY)
    assert (status, "<Code>AuthFailure</Code>" in text) == (401, True)


def test_with_another_body_than_was_signed(cloud: Any) -> None:
    status, _text = _post(cloud, _signed(cloud, BODY), BODY.replace("Instances", "Snapshots"))
    assert status == 401


def test_an_old_request_is_not_taken_again(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: long_ago, raising=False)
    status, text = _post(cloud, _signed(cloud, BODY), BODY)
    assert (status, "expired" in text) == (401, True)


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("ec2", "describe_instances", "AuthFailure"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("ssm", "describe_parameters", "UnrecognizedClientException"),
        ("codebuild", "list_projects", "UnrecognizedClientException"),
    ],
)
def test_an_unknown_key(cloud: Any, refused: Any, service: str, call: str, code: str) -> None:
    keys = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": cloud.config.secret_key}
    with refused(code):
        getattr(cloud.client(service, keys=keys), call)()


def test_health_says_the_name_and_no_more(cloud: Any) -> None:
    status, text = _post(cloud, {"Host": f"127.0.0.1:{cloud.port}"}, path="/_golden/health", method="GET")
    assert (status, json.loads(text)) == (200, {"name": "test"})


def test_the_record_of_calls_has_no_secret(cloud: Any, ssm: Any) -> None:
    ssm.put_parameter(Name="/a", Value="hush hush", Type="SecureString")
    text = (cloud.directory / "calls.jsonl").read_text()
    call = json.loads(text.splitlines()[-1])
    assert (call["service"], call["operation"], call["status"], call["error"]) == ("ssm", "PutParameter", 200, None)
    assert "hush" not in text
    assert cloud.config.secret_key not in text
    assert (cloud.directory / "calls.jsonl").stat().st_mode & 0o077 == 0


def test_keys_made_by_iam_and_sts(cloud: Any, refused: Any) -> None:
    iam, sts = cloud.client("iam"), cloud.client("sts")
    iam.create_user(UserName="ann")
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    assert cloud.client("sts", keys=keys).get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/ann"
    iam.update_access_key(UserName="ann", AccessKeyId=keys["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId"):
        cloud.client("sts", keys=keys).get_caller_identity()
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    role = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="me")["Credentials"]
    assert cloud.client("sts", keys=role).get_caller_identity()["Arn"].endswith(":assumed-role/r/me")
    with refused("InvalidClientTokenId"):
        cloud.client("sts", keys=role | {"SessionToken": "forged"}).get_caller_identity()
    with refused("AccessDenied"):
        sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/nobody", RoleSessionName="me")
