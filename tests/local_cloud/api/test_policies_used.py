# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles are granted against what they used."""

from __future__ import annotations

import json
from typing import Any

import pytest
from golden_cloud.api.policies import report
from golden_cloud.api.policies.asked import Ask
from golden_cloud.api.policies.document import statements
from golden_cloud.api.policies.uses import MOST, UseBook

ROLE = "arn:aws:iam::123456789012:role/build"
HERE = "arn:aws:ssm:us-east-1:123456789012:parameter"


def compare(parts: list[dict[str, Any]], *asks: Ask, denied: tuple[Ask, ...] = ()) -> Any:
    book = UseBook()
    book.allowed(ROLE, asks)
    for one in denied:
        book.denied(ROLE, one, "no")
    own = statements(json.dumps({"Version": "2012-10-17", "Statement": parts}), "p")
    return report.compare(ROLE, own, book.all())


def test_equal_when_all_that_is_granted_was_used() -> None:
    allow = {"Effect": "Allow", "Action": ["ssm:GetParameter", "ssm:PutParameter"], "Resource": f"{HERE}/a/*"}
    told = compare([allow], Ask("ssm:GetParameter", f"{HERE}/a/x"), Ask("ssm:PutParameter", f"{HERE}/a/y"))
    assert (told["unused"], told["unused_resources"], told["denied"], told["to_add"]) == ([], [], [], [])
    assert told["used"] == ["ssm:GetParameter", "ssm:PutParameter"]


def test_what_is_granted_in_vain_and_what_is_missing() -> None:
    parts = [
        {"Sid": "Read", "Effect": "Allow", "Action": ["ssm:Get*", "ssm:DeleteParameter"],
         "Resource": [f"{HERE}/a/*", f"{HERE}/b"]},
        {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"},
    ]  # fmt: skip
    told = compare(
        parts,
        Ask("ssm:GetParameter", f"{HERE}/a/x"),
        Ask("ssm:PutParameter", f"{HERE}/a/x"),
        denied=(Ask("ssm:DeleteParameter", f"{HERE}/c"), Ask("ssm:PutParameter", f"{HERE}/c")),
    )
    assert [(g["action"], g["statement"], g["wildcard"]) for g in told["granted"]] == [
        ("ssm:Get*", "Read", True),
        ("ssm:DeleteParameter", "Read", False),
    ]
    assert [g["action"] for g in told["unused"]] == ["ssm:DeleteParameter"]
    assert told["unused_resources"] == [{"policy": "p", "statement": "Read", "resource": f"{HERE}/b"}]
    assert [(d["action"], d["resource"], d["enforced"]) for d in told["denied"]] == [
        ("ssm:DeleteParameter", f"{HERE}/c", True),
        ("ssm:PutParameter", f"{HERE}/a/x", False),
        ("ssm:PutParameter", f"{HERE}/c", True),
    ]
    assert told["to_add"] == [
        {"Effect": "Allow", "Action": "ssm:DeleteParameter", "Resource": f"{HERE}/c"},
        {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": [f"{HERE}/a/x", f"{HERE}/c"]},
    ]


def test_passing_a_role_to_another_service_is_another_use() -> None:
    def passing(service: str) -> dict[str, Any]:
        condition = {"StringEquals": {"iam:PassedToService": service}}
        return {
            "Sid": service[:3],
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": "*",
            "Condition": condition,
        }

    used = Ask("iam:PassRole", "arn:r", {"iam:passedtoservice": "ec2.amazonaws.com"})
    told = compare([passing("ec2.amazonaws.com"), passing("events.amazonaws.com")], used)
    assert [g["statement"] for g in told["unused"]] == ["eve"]
    (statement,) = compare([], used)["to_add"]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_many_resources_do_not_fill_the_book() -> None:
    book = UseBook()
    book.allowed(ROLE, [Ask("ec2:StopInstances", f"i-{n}") for n in range(MOST + 5)])
    kept = book.all()
    assert len(kept) == MOST + 1
    assert kept[0][0].resource == "*" and kept[0][1].allowed == 5


@pytest.fixture
def keys(cloud: Any) -> Any:
    iam = cloud.client("iam")
    trusted = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="build", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trusted})
    )
    allow = {"Effect": "Allow", "Action": ["ssm:DescribeParameters", "ssm:GetParameter"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="build", PolicyName="own", PolicyDocument=text)
    return cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]


def of_build(cloud: Any) -> Any:
    status, told = cloud.control("GET", "iam/used")
    assert status == 200
    return next(one for one in told["principals"] if one["principal"] == ROLE)


def test_uses_are_kept_while_nothing_is_enforced_and_over_a_restart(cloud: Any, keys: Any, refused: Any) -> None:
    cloud.client("ssm", keys=keys).describe_parameters()
    cloud.client("ec2", keys=keys).describe_regions()
    cloud.client("ec2").describe_vpcs()
    for _unused in range(2):
        told = of_build(cloud)
        assert told["used"] == ["ec2:DescribeRegions", "ssm:DescribeParameters"]
        assert [g["action"] for g in told["unused"]] == ["ssm:GetParameter"]
        assert told["to_add"] == [{"Effect": "Allow", "Action": "ec2:DescribeRegions", "Resource": "*"}]
        cloud.restart()
    assert not [use for use in cloud.control("GET", "iam/used")[1]["uses"] if use["action"] == "ec2:DescribeVpcs"]
    assert cloud.control("DELETE", "iam/used") == (200, {"removed": 2})
    cloud.control("PUT", "iam", {"enforce": True})
    with refused("UnauthorizedOperation"):
        cloud.client("ec2", keys=keys).describe_regions()
    (denied,) = of_build(cloud)["denied"]
    assert (denied["action"], denied["enforced"]) == ("ec2:DescribeRegions", True)
    assert "is not authorized to perform: ec2:DescribeRegions" in denied["reason"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "iam", 405), ("PUT", "iam/used", 405), ("GET", "iam/x", 404)]
)
def test_a_wrong_request_is_refused(cloud: Any, method: str, path: str, status: int) -> None:
    assert cloud.control(method, path, {})[0] == status
