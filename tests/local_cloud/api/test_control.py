# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: for who has the cloud's own keys; what is wrong with a request is told, with what there is."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

GOOD = {"operation": "RunInstances", "action": "throttle"}
ERROR = {"operation": "RunInstances", "action": "error", "code": "X"}


def test_a_fault_is_added_listed_and_removed(cloud: Any) -> None:
    status, added = cloud.control("POST", "faults", {**ERROR, "times": None, "parameters": {"InstanceType": "t3.*"}})
    assert status == 201
    assert (added["operation"], added["hits"], added["times"]) == ("ec2:RunInstances", 0, None)
    assert cloud.control("GET", "faults") == (200, {"faults": [added]})
    assert cloud.control("DELETE", f"faults/{added['id']}") == (200, {"removed": 1})
    assert cloud.control("GET", "faults") == (200, {"faults": []})
    for _unused in range(3):
        cloud.fault("*", "throttle")
    assert len({fault["id"] for fault in cloud.faults()}) == 3
    assert cloud.control("DELETE", "faults") == (200, {"removed": 3})


@pytest.mark.parametrize(
    ("document", "field", "text"),
    [
        (b"{", "", "no JSON"),
        ([], "", "a JSON object"),
        ({}, "action", "use one of error, throttle, delay"),
        ({"action": "error"}, "operation", "needs the field operation"),
        ({**GOOD, "action": "explode"}, "action", "'explode' is no action: use one of error"),
        ({**GOOD, "action": ["error"]}, "action", "is no action"),
        ({**GOOD, "operation": "RunInstance"}, "operation", "no operation 'RunInstance': did you mean RunInstances"),
        ({**GOOD, "operation": "runinstances"}, "operation", "did you mean RunInstances"),
        (
            {**GOOD, "operation": "glacier:DeleteVault"},
            "operation",
            "'glacier' is no service of this cloud: use one of ec2, ssm",
        ),
        ({**GOOD, "operation": "ec2:GetParameter"}, "operation", "no operation 'ec2:GetParameter'"),
        ({**GOOD, "operation": 3}, "operation", "a string that is not empty"),
        ({**GOOD, "code": "X"}, "code", "throttle has no field 'code'; it has operation"),
        ({**GOOD, "timse": 3}, "timse", "no field 'timse'"),
        ({**GOOD, "action": "error"}, "code", "needs the field code"),
        ({**ERROR, "code": "a b"}, "code", "an error code such as"),
        ({**ERROR, "code": "<Code>"}, "code", "an error code such as"),
        ({**ERROR, "status": 200}, "status", "from 400 to 599"),
        ({**ERROR, "status": "500"}, "status", "from 400 to 599"),
        ({**ERROR, "message": ""}, "message", "not empty"),
        ({**GOOD, "times": 0}, "times", "from 1, or null for ever"),
        ({**GOOD, "times": True}, "times", "from 1, or null for ever"),
        ({**GOOD, "skip": -1}, "skip", "from 0"),
        ({**GOOD, "action": "delay"}, "seconds", "needs the field seconds"),
        ({**GOOD, "action": "delay", "seconds": 0}, "seconds", "above 0 and up to 3600"),
        ({**GOOD, "action": "delay", "seconds": "1"}, "seconds", "above 0 and up to 3600"),
        ({**GOOD, "action": "expire_credentials", "after": "yes"}, "after", "true or false"),
        ({**GOOD, "account": 123456789012}, "account", "12 digits of an account as a string"),
        ({**GOOD, "access_key": ""}, "access_key", "not empty"),
        ({**GOOD, "parameters": ["InstanceType"]}, "parameters", "a JSON object"),
        ({**GOOD, "parameters": {"Instancetype": "x"}}, "parameters", "no parameter 'Instancetype': did you mean Inst"),
        ({**GOOD, "action": "image_pending"}, "operation", "CreateImage, CopyImage, RegisterImage"),
        ({"operation": "CreateImage", "action": "image_pending", "seconds": 3}, "seconds", "no field 'seconds'"),
    ],
)
def test_a_wrong_fault_is_refused_by_field(cloud: Any, document: Any, field: str, text: str) -> None:
    status, told = cloud.control("POST", "faults", document)
    assert (status, told.get("field", "")) == (400, field), told
    assert text in told["error"]
    assert cloud.faults() == []


def test_close_names_are_told_as_data_too(cloud: Any) -> None:
    _status, told = cloud.control("POST", "faults", {**GOOD, "operation": "CreatImage"})
    assert "CreateImage" in told["allowed"]


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "nothing", 404, "use /_golden/faults"),
        ("PUT", "faults", 405, "DELETE, GET, POST"),
        ("GET", "faults/error-1", 405, "DELETE"),
        ("POST", "calls", 405, "GET"),
        ("DELETE", "faults/error-1", 404, "no fault 'error-1'; there are throttle-1"),
        ("DELETE", "faults/", 404, "an ID is missing"),
        ("DELETE", "faults//", 404, "no fault '/'"),
        ("DELETE", "faults/x/throttle-1", 404, "no fault 'x/throttle-1'"),
        ("DELETE", "faults?id=throttle-1", 400, "for one of them use /_golden/faults/ID"),
        ("GET", "calls/", 404, "use /_golden/faults"),
        ("GET", "calls?after=x", 400, "a whole number"),
        ("GET", "calls?operation=RunInstance", 400, "did you mean RunInstances"),
        ("GET", "calls?before=3", 400, "not by 'before'"),
    ],
)
def test_a_wrong_request_is_refused(cloud: Any, method: str, path: str, status: int, text: str) -> None:
    cloud.fault("*", "throttle")
    seen, told = cloud.control(method, path)
    assert (seen, text in told["error"]) == (status, True), told
    assert len(cloud.faults()) == 1


def test_an_id_in_the_body_does_not_take_all_faults_away(cloud: Any) -> None:
    fault = cloud.fault("*", "throttle")
    assert cloud.control("DELETE", "faults", {"id": fault})[0] == 400
    assert len(cloud.faults()) == 1


def test_a_record_that_cannot_be_read_is_told_as_json(cloud: Any) -> None:
    cloud.client("ec2").describe_regions()
    (cloud.directory / "calls.jsonl").unlink()
    status, told = cloud.control("GET", "calls")
    assert (status, "FileNotFoundError" in told["error"]) == (500, True)


@pytest.mark.parametrize("path", ["faults", "calls", "faults/x", "nothing"])
@pytest.mark.parametrize(
    "user", ["", "AKIATESTTESTTESTTEST:guessed", "AKIAIOSFODNN7EXAMPLE:secret", "AKIATESTTESTTESTTEST"]
)
def test_without_the_clouds_own_keys(cloud: Any, path: str, user: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        status, told = cloud.control(method, path, GOOD, user=user)
        assert (status, "verb env" in told["error"]) == (401, True)
    assert cloud.faults() == []


def test_keys_of_users_and_roles_do_not_steer(cloud: Any) -> None:
    iam, sts = cloud.client("iam"), cloud.client("sts")
    iam.create_user(UserName="ann")
    user = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    role = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="me")["Credentials"]
    for keys in (user, role):
        pair = f"{keys['AccessKeyId']}:{keys['SecretAccessKey']}"
        assert cloud.control("GET", "faults", user=pair)[0] == 401


@pytest.mark.parametrize("foreign", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_no_web_page_and_no_foreign_host_reaches_it(cloud: Any, foreign: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    connection.request("DELETE", "/_golden/faults", headers=foreign)
    assert connection.getresponse().status == 403
