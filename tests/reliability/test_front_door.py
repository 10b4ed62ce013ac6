# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud's door: web pages, other names for this machine, and keys that it did not make change nothing and learn nothing."""

from __future__ import annotations

import configparser
import http.client

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError
from harness.cloud import Cloud
from reliability.ground import REGION, Row

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RUN = "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1&ImageId=ami-0123456789abcdef0"
FOREIGN = {
    "a page's origin": {"Origin": "https://evil.example"},
    "the origin of a file": {"Origin": "null"},
    "the cloud's own origin": {"Origin": "http://127.0.0.1:{port}"},
    "a rebound name": {"Host": "evil.example:{port}"},
    "a rebound name without port": {"Host": "evil.example"},
    "no port": {"Host": "127.0.0.1"},
    "another port": {"Host": "127.0.0.1:1"},
    "the metadata service": {"Host": "169.254.169.254"},
    "the real EC2": {"Host": "ec2.us-east-1.amazonaws.com"},
    "an empty host": {"Host": ""},
    "a name that ends like the right one": {"Host": "x127.0.0.1:{port}"},
    "two names": {"Host": "127.0.0.1:{port}, evil.example"},
}
PATHS = [
    ("GET", "/_golden/health", ""),
    ("GET", "/_golden/calls", ""),
    ("GET", "/_golden/faults", ""),
    ("POST", "/_golden/faults", '{"operation": "*", "action": "throttle"}'),
    ("DELETE", "/_golden/faults", ""),
    ("POST", "/", RUN),
    ("GET", f"/?{RUN}", ""),
    ("OPTIONS", "/", ""),
]


def ask(cloud: Cloud, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of the answer; ``{port}`` in headers is the cloud's."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    given = {**FORM, **{name: value.format(port=cloud.port) for name, value in headers.items()}}
    connection.putrequest(method, path, skip_host="Host" in given)
    for name, value in given.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}


def keys(cloud: Cloud) -> tuple[str, str]:
    file = cloud.home / "golden.ami" / "local_cloud" / cloud.name / "credentials"
    credentials = configparser.ConfigParser()
    credentials.read(file)
    section = credentials[credentials.sections()[0]]
    return section["aws_access_key_id"], section["aws_secret_access_key"]


@pytest.mark.row("front door", representative=True)
@pytest.mark.parametrize("who", FOREIGN)
def test_web_pages_and_other_names_are_refused(row: Row, who: str) -> None:
    for method, path, body in PATHS:
        status, text, headers = ask(row.cloud, method, path, body, FOREIGN[who])
        # An empty host is no HTTP, and may be refused before anybody looks at it.
        assert status == 403 or (who == "an empty host" and status == 400), (method, path, status, text)
        assert not any(name.startswith("access-control-") for name in headers), (
            "a page must not read the refusal either"
        )
        assert row.cloud.name not in text
        assert not any(key in text for key in keys(row.cloud))
    assert not [call for call in row.calls() if call["status"] < 400], "nothing was let in"


def client(cloud: Cloud, key: str, secret: str, service: str = "ec2", token: str | None = None) -> BaseClient:
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{cloud.port}",
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 1}),
    )


@pytest.mark.row("front door")
@pytest.mark.parametrize(
    "who", ["an unknown key", "a wrong secret", "AWS's example", "a made-up session", "moto's key"]
)
def test_keys_that_it_did_not_make_are_refused(row: Row, who: str) -> None:
    key, secret = keys(row.cloud)
    given = {
        "an unknown key": ("AKIA" + "Z" * 16, secret, None),
        "a wrong secret": (key, secret[:-1] + ("x" if secret[-1] != "x" else "y"), None),
        "AWS's example": ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None),
        "a made-up session": ("ASIA" + "Z" * 16, secret, "a token"),
        "moto's key": ("testing", "testing", None),
    }[who]
    access, hidden, token = given
    with pytest.raises(ClientError) as refused:
        client(row.cloud, access, hidden, "ec2", token).run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403)
    with pytest.raises(ClientError) as refused:
        client(row.cloud, access, hidden, "ssm", token).get_parameter(Name="/golden/web/locks/build")
    # Services of JSON answer so to a bad signature.
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    assert refused.value.response["Error"]["Code"] != "ParameterNotFound"
    assert secret not in str(refused.value)
    assert not [call for call in row.calls() if call["status"] < 400]


@pytest.mark.row("front door")
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic dGVzdGluZzp0ZXN0aW5n"}, {"Authorization": "Bearer x"}]
)
def test_the_control_interface_wants_a_key(row: Row, headers: dict[str, str]) -> None:
    for method, path, body in PATHS:
        if path.endswith("/health") or method == "OPTIONS":
            continue
        status, text, _headers = ask(row.cloud, method, path, body, headers)
        assert status in (400, 401, 403, 404), (method, path, status, text)
        assert row.cloud.name not in text
    assert not [call for call in row.calls() if call["status"] < 400]


@pytest.mark.row("front door")
def test_a_build_with_a_foreign_key_changes_nothing(row: Row) -> None:
    """And it says what was refused."""
    row.bench.image("web")
    keyless = {"access_key": "AKIA" + "Z" * 16, "secret_key": "x" * 40, "profile": None}
    result = row.bench.build("web", **keyless)
    assert result.rc != 0
    # SSM's word or EC2's for it.
    assert any(word in result.msg for word in ("UnrecognizedClientException", "AuthFailure", "InvalidClientTokenId")), (
        result
    )
    assert not [call for call in row.calls() if call["status"] < 400]
