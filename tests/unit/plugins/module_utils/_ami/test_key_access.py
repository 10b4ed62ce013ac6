# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a key's policy and grants let use it, and that the statement which is printed is what lacks."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.key_access import (
    NEEDED,
    lacking,
    missing_statements,
    statements_of,
)
from ansible_collections.golden.ami.plugins.module_utils._ami.permissions import (
    ACCOUNT,
    ORGANIZATION,
    UNIT,
    Permissions,
)
from hypothesis import given
from hypothesis import strategies as st

ONE, TWO = "111111111111", "222222222222"
ARN = "arn:aws:organizations::111111111111:"
WHO = [
    (ACCOUNT, ONE),
    (ACCOUNT, TWO),
    (ORGANIZATION, f"{ARN}organization/o-a1b2c3d4e5"),
    (ORGANIZATION, f"{ARN}organization/o-zzzzzzzzzz"),
    (UNIT, f"{ARN}ou/o-a1b2c3d4e5/ou-a1b2-c3d4e5f6"),
]
ROOT = f"arn:aws:iam::{TWO}:root"
ALL = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


def allow(principal: t.Any, actions: t.Any = "kms:*", **more: t.Any) -> dict[str, t.Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*", **more}


def may(*statements: dict[str, t.Any], who: tuple[str, str] = (ACCOUNT, TWO), **more: t.Any) -> bool:
    return not lacking(frozenset({who}), list(statements), more.pop("grants", []), "eu-west-1", **more)


@given(st.frozensets(st.sampled_from(WHO)), st.frozensets(st.sampled_from(WHO)))
def test_what_is_printed_is_enough_and_no_more(had: Permissions, wanted: Permissions) -> None:
    before = missing_statements(had)
    lacks = lacking(wanted, before, [], "eu-west-1")
    assert lacks <= wanted
    assert not lacks & had
    assert not lacking(wanted, [*before, *missing_statements(lacks)], [], "eu-west-1")
    # Nobody is named in it who was not asked about.
    text = json.dumps(missing_statements(lacks))
    for kind, name in set(WHO) - lacks:
        if kind == ACCOUNT:
            assert f"iam::{name}:" not in text


def test_a_policy_of_none_or_of_one_statement() -> None:
    assert statements_of('{"Version": "2012-10-17"}') == []
    assert statements_of(json.dumps({"Statement": allow("*")})) == [allow("*")]
    assert not may()


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": "*"}, {"AWS": TWO}, {"AWS": [ONE, ROOT]}, {"AWS": f"arn:aws:iam::{TWO}:role/launcher"}]
)
def test_ways_to_name_an_account(principal: t.Any) -> None:
    assert may(allow(principal))


@pytest.mark.parametrize("principal", [{"AWS": ONE}, {"Service": "ec2.amazonaws.com"}, {"AWS": []}, None])
def test_principals_that_are_others(principal: t.Any) -> None:
    assert not may(allow(principal))


def test_every_action_that_ebs_needs() -> None:
    assert may(allow({"AWS": ROOT}, ALL))
    for one in ALL:
        assert not may(allow({"AWS": ROOT}, [action for action in ALL if action != one])), one
    assert may(allow({"AWS": ROOT}, ["KMS:createGrant", "kms:*"]))
    except_for = {"Effect": "Allow", "Principal": "*", "NotAction": "kms:Put*", "Resource": "*"}
    assert may(except_for)
    assert not may({**except_for, "NotAction": ["kms:Decrypt"]})


def test_grants_count_as_well() -> None:
    grant = {"GranteePrincipal": f"arn:aws:iam::{TWO}:role/launcher", "Operations": list(NEEDED)}
    assert may(grants=[grant])
    assert not may(grants=[{**grant, "Operations": ["Decrypt"]}])
    assert not may(grants=[{**grant, "GranteePrincipal": f"arn:aws:iam::{ONE}:root"}])
    decrypt = {**grant, "Operations": ["Decrypt"]}
    assert may(allow({"AWS": ROOT}, [one for one in ALL if one != "kms:Decrypt"]), grants=[decrypt])


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"kms:CallerAccount": TWO}}, True),
        ({"StringEquals": {"kms:CallerAccount": [ONE]}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": [ONE, TWO]}}, True),
        ({"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}, True),
        ({"StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}}, True),
        ({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}, False),
        ({"Bool": {"kms:GrantIsForAWSResource": True}}, True),
        ({"StringEqualsIfExists": {"kms:CallerAccount": TWO}}, True),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, False),
        ({"NumericLessThan": {"kms:CallerAccount": "3"}}, False),
    ],
)
def test_conditions(condition: dict[str, t.Any], holds: bool) -> None:
    """One that cannot be judged lets nobody in, and keeps nobody out."""
    assert may(allow("*", Condition=condition)) is holds
    denied = {**allow("*", Condition=condition), "Effect": "Deny"}
    assert may(allow("*"), denied) is not holds


def test_the_organization_of_accounts_that_were_looked_up_is_known() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    assert may(allow("*", Condition=condition), organization="o-a1b2c3d4e5")
    assert not may(allow("*", Condition=condition), organization="o-zzzzzzzzzz")


def test_an_organization_is_let_in_by_its_id_and_a_unit_by_its_path() -> None:
    organization, unit = WHO[2], WHO[4]
    by_id = allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})
    path = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/ou-a1b2-c3d4e5f6/*"]}}
    by_path = allow("*", Condition=path)
    assert may(by_id, who=organization)
    assert may(by_id, who=unit)
    assert may(by_path, who=unit)
    assert not may(by_path, who=organization)
    other = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/ou-a1b2-zzzzzzzz/*"]}}
    assert not may(allow("*", Condition=other), who=unit)
    # Whoever is in the account that the organization's ARN names is not the organization.
    assert not may(allow({"AWS": ONE}), who=organization)


def test_a_denial_wins() -> None:
    assert not may(allow("*"), {**allow({"AWS": ROOT}, "kms:Decrypt"), "Effect": "Deny"})
    assert may(allow("*"), {**allow({"AWS": ONE}, "kms:Decrypt"), "Effect": "Deny"})


def test_the_statement_in_another_partition() -> None:
    (statement,) = missing_statements(frozenset({(ACCOUNT, TWO)}), "aws-cn")
    assert statement["Principal"] == {"AWS": [f"arn:aws-cn:iam::{TWO}:root"]}
