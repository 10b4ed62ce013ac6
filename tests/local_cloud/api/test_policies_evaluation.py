# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies by themselves: who may do what, by the rules of IAM."""

from __future__ import annotations

import json
from typing import Any

import pytest
from golden_cloud.api.policies import conditions, evaluate, patterns, principal
from golden_cloud.api.policies.document import PolicyError, statements
from golden_cloud.api.policies.evaluate import Policies, Question

ROLE = "arn:aws:iam::123456789012:role/path/build"
SESSION = "arn:aws:sts::123456789012:assumed-role/build/me"
OTHER = "210987654321"
BUCKET = "arn:aws:s3:::b"


def policy(*parts: dict[str, Any], version: str = "2012-10-17") -> Any:
    return statements(json.dumps({"Version": version, "Statement": list(parts)}), "p")


def allow(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def session(arn: str = SESSION) -> Any:
    return principal.Principal("role", arn, "123456789012", "build", ROLE)


def ask(policies: Policies, *, who: Any = None, action: str = "s3:GetObject", resource: str = f"{BUCKET}/k") -> Any:
    return evaluate.decide(Question(who or session(), action, resource, {"aws:username": "ann"}), policies)


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        (Policies(), "because no identity-based policy allows the s3:GetObject action"),
        (Policies(policy(allow())), ""),
        (Policies(policy(allow("s3:get*"))), ""),
        (Policies(policy(allow("s3:PutObject"))), "no identity-based policy"),
        (Policies(policy(allow(["s3:PutObject", "s3:GetObjec?"]))), ""),
        (Policies(policy(allow(resource="arn:aws:s3:::b"))), "no identity-based policy"),
        (Policies(policy(allow(resource="arn:aws:s3:::b/*"))), ""),
        (Policies(policy(allow(resource="arn:aws:s3:::B/*"))), "no identity-based policy"),
        (Policies(policy(allow("*"), deny())), "with an explicit deny in an identity-based policy"),
        (Policies(policy(deny(), allow("*"))), "with an explicit deny in an identity-based policy"),
        (Policies(policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})), ""),
        (Policies(policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})), "no identity-based policy"),
        (
            Policies(policy({"Effect": "Allow", "Action": "*", "NotResource": f"{BUCKET}/*"})),
            "no identity-based policy",
        ),
        (Policies(policy({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::c/*"})), ""),
        # What bounds a role allows nothing by itself, and what it does not allow is denied.
        (Policies(policy(allow()), boundary=policy(allow("ec2:*"))), "because no permissions boundary allows"),
        (Policies(policy(allow()), boundary=policy(allow("s3:*"))), ""),
        (Policies((), boundary=policy(allow("s3:*"))), "no identity-based policy"),
        (Policies(policy(allow()), boundary=policy(allow("*"), deny())), "explicit deny in a permissions boundary"),
        (Policies(policy(allow()), session=policy(allow("ec2:*"))), "because no session policy allows"),
        (Policies(policy(allow()), session=policy(allow("*"), deny())), "explicit deny in a session policy"),
    ],
)
def test_identity_policies(policies: Policies, reason: str) -> None:
    verdict = ask(policies)
    assert (verdict.allowed, reason in verdict.reason) == (not reason, True), verdict


@pytest.mark.parametrize("where", ["identity", "boundary", "session", "resource"])
def test_an_explicit_deny_wins_wherever_it_is(where: str) -> None:
    everything = policy(allow("*", Principal="*"))
    all_of_them = {"identity": everything, "boundary": everything, "session": everything, "resource": everything}
    assert ask(Policies(**all_of_them)).allowed
    verdict = ask(Policies(**all_of_them | {where: (*everything, *policy(deny("s3:Get*", Principal="*", Sid="No")))}))
    assert not verdict.allowed
    assert verdict.statement.sid == "No"


def in_account(principals: Any, account: str = "123456789012", **more: Any) -> Policies:
    return Policies(resource=policy(allow(Principal=principals)), resource_account=account, **more)


@pytest.mark.parametrize(
    ("principals", "direct", "together"),
    [
        # Whom the resource's policy lets in by itself, and with an identity policy that allows it.
        ("*", True, True),
        ({"AWS": "*"}, True, True),
        ({"AWS": ROLE}, True, True),
        ({"AWS": SESSION}, True, True),
        ({"AWS": "123456789012"}, False, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, False, True),
        ({"AWS": ["arn:aws:iam::123456789012:role/other"]}, False, True),
        ({"Service": "codebuild.amazonaws.com"}, False, True),
    ],
)
def test_a_resource_of_the_same_account(principals: Any, direct: bool, together: bool) -> None:
    assert ask(in_account(principals)).allowed is direct
    assert ask(in_account(principals, identity=policy(allow()))).allowed is together


@pytest.mark.parametrize(
    ("principals", "may"),
    [
        ("*", True),
        ({"AWS": ROLE}, True),
        ({"AWS": "123456789012"}, True),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, False),
    ],
)
def test_another_accounts_resource_needs_both(principals: Any, may: bool) -> None:
    assert not ask(in_account(principals, OTHER)).allowed
    assert not ask(Policies(policy(allow()), resource=(), resource_account=OTHER)).allowed
    assert ask(in_account(principals, OTHER, identity=policy(allow()))).allowed is may


@pytest.mark.parametrize(
    ("principals", "identity", "may"),
    [
        ({"AWS": "arn:aws:iam::123456789012:root"}, (), False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, (allow(),), True),
        ({"AWS": ROLE}, (), True),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, (allow(),), False),
    ],
)
def test_a_key_or_a_role_leaves_it_to_the_account_only_when_its_policy_says_so(
    principals: Any, identity: Any, may: bool
) -> None:
    assert ask(in_account(principals, identity=policy(*identity), resource_rules=True)).allowed is may


def test_a_boundary_holds_for_a_role_that_a_bucket_names_and_not_for_its_session() -> None:
    bounds = policy(allow("ec2:*"))
    assert not ask(in_account({"AWS": ROLE}, boundary=bounds)).allowed
    assert ask(in_account({"AWS": SESSION}, boundary=bounds)).allowed


def test_not_principal_is_everybody_else() -> None:
    refuses = policy({"Effect": "Deny", "NotPrincipal": {"AWS": [ROLE, SESSION]}, "Action": "*", "Resource": "*"})
    other = principal.read("arn:aws:iam::123456789012:user/ann")
    policies = Policies(policy(allow()), resource=refuses, resource_account="123456789012")
    assert ask(policies).allowed
    assert not ask(policies, who=other).allowed


def test_a_service_is_let_in_by_the_resource_alone() -> None:
    events = principal.read("events.amazonaws.com")
    assert ask(in_account({"Service": "events.amazonaws.com"}), who=events).allowed
    assert not ask(in_account("123456789012"), who=events).allowed
    assert not ask(Policies(policy(allow("*"))), who=events).allowed


CONTEXT: Any = {
    "text": "Blue", "number": "5", "date": "2026-05-01T00:00:00Z", "flag": "true", "ip": "10.1.2.3",
    "arn": "arn:aws:iam::123456789012:role/path/build", "many": ["a", "b"], "none": [], "aws:username": "ann",
    "owner": "ann",
}  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "key", "values", "met"),
    [
        ("StringEquals", "Text", "Blue", True),
        ("StringEquals", "text", ["Red", "Blue"], True),
        ("StringEquals", "text", "blue", False),
        ("StringEquals", "missing", "Blue", False),
        ("StringEqualsIfExists", "missing", "Blue", True),
        ("StringEquals", "owner", "${aws:username}", True),
        ("StringEquals", "owner", "${aws:nobody}", False),
        ("StringNotEquals", "text", "Red", True),
        ("StringNotEquals", "text", ["Red", "Blue"], False),
        ("StringNotEquals", "missing", "Red", True),
        ("StringEqualsIgnoreCase", "text", "bLUE", True),
        ("StringNotEqualsIgnoreCase", "text", "bLUE", False),
        ("StringLike", "text", "B*e", True),
        ("StringLike", "text", "B?e", False),
        ("StringNotLike", "text", "B*", False),
        ("ArnLike", "arn", "arn:aws:iam::*:role/*", True),
        ("ArnLike", "arn", "arn:*:role/path/build", False),
        ("ArnEquals", "arn", "arn:aws:iam::123456789012:role/path/*", True),
        ("ArnNotLike", "arn", "arn:aws:iam::*:user/*", True),
        ("NumericLessThan", "number", 6, True),
        ("NumericLessThanEquals", "number", "5", True),
        ("NumericGreaterThan", "number", "5", False),
        ("NumericNotEquals", "number", "4", True),
        ("NumericEquals", "text", "5", False),
        ("DateGreaterThan", "date", "2026-01-01T00:00:00Z", True),
        ("DateLessThan", "date", "2026-01-01", False),
        ("Bool", "flag", True, True),
        ("Bool", "flag", "false", False),
        ("BoolIfExists", "missing", "false", True),
        ("IpAddress", "ip", ["192.0.2.0/24", "10.1.0.0/16"], True),
        ("NotIpAddress", "ip", "10.1.0.0/16", False),
        ("Null", "missing", "true", True),
        ("Null", "text", "true", False),
        ("Null", "text", False, True),
        ("ForAllValues:StringEquals", "many", ["a", "b", "c"], True),
        ("ForAllValues:StringEquals", "many", ["a"], False),
        ("ForAllValues:StringEquals", "missing", ["a"], True),
        ("ForAnyValue:StringEquals", "many", ["b"], True),
        ("ForAnyValue:StringEquals", "many", ["c"], False),
        ("ForAnyValue:StringEquals", "missing", ["a"], False),
        ("ForAnyValue:StringLike", "many", ["?"], True),
        ("ForAllValues:StringNotEquals", "many", ["c"], True),
    ],
)
def test_conditions(operator: str, key: str, values: Any, met: bool) -> None:
    (statement,) = policy(allow(Condition={operator: {key: values}}))
    assert conditions.met(statement, CONTEXT) is met


def test_all_conditions_must_be_met() -> None:
    both = {"StringEquals": {"text": "Blue", "owner": "bob"}}
    (statement,) = policy(allow(Condition=both))
    assert not conditions.met(statement, CONTEXT)


@pytest.mark.parametrize(
    "operator", ["StringMatches", "BoolNot", "NotNull", "ForSome:StringEquals", "NumericNotLessThan"]
)
def test_an_operator_that_there_is_not_denies_and_says_so(operator: str) -> None:
    (statement,) = policy(allow(Sid="Odd", Condition={operator: {"text": "Blue"}}))
    with pytest.raises(PolicyError, match="not known"):
        conditions.met(statement, CONTEXT)
    verdict = ask(Policies((statement,)))
    assert not verdict.allowed
    assert operator.split(":")[-1] in verdict.reason and "Odd" in verdict.reason


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": [{"Action": "*"}]}', '{"Statement": {"Effect": "allow"}}'])
def test_a_document_that_is_no_policy(text: str) -> None:
    with pytest.raises(PolicyError):
        statements(text, "p")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("home/${aws:username}/*", "home/ann/x", True),
        ("home/${aws:username}/*", "home/bob/x", False),
        ("home/${aws:nobody}", "home/", False),
        ("home/${aws:nobody, 'all'}", "home/all", True),
        ("a${*}b", "a*b", True),
        ("a${*}b", "axb", False),
        ("${$}{x}", "${x}", True),
        ("a[b]", "a[b]", True),
        ("a.b", "axb", False),
    ],
)
def test_variables_and_wildcards(pattern: str, text: str, matches: bool) -> None:
    assert patterns.matches(pattern, text, CONTEXT, True) is matches


def test_a_value_of_a_variable_is_no_pattern_and_old_versions_have_no_variables() -> None:
    assert not patterns.matches("home/${who}", "home/ann", {"who": "*"}, True)
    (old,) = policy(allow(resource="${aws:username}"), version="2008-10-17")
    assert not evaluate.concerns(old, "s3:GetObject", "ann", CONTEXT)
    assert evaluate.concerns(old, "s3:GetObject", "${aws:username}", CONTEXT)
