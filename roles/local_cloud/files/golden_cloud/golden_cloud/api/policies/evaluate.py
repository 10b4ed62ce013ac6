# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policies allow an action, by the rules of IAM's "Policy evaluation logic"; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from golden_cloud.api.policies import conditions, patterns, principal
from golden_cloud.api.policies.document import PolicyError, Statement
from golden_cloud.api.policies.patterns import Context
from golden_cloud.api.policies.principal import Closeness, Principal

Statements = tuple[Statement, ...]


@dataclass(frozen=True)
class Question:
    """What somebody wants to do."""

    who: Principal
    action: str
    resource: str
    context: Context


@dataclass(frozen=True)
class Policies:
    """The policies that have a say; ``None`` where there is none of the kind."""

    identity: Statements = ()
    boundary: Statements | None = None
    session: Statements | None = None
    resource: Statements | None = None
    resource_account: str | None = None
    """Whose the resource is, of those that have policies of their own; somebody of another account needs its leave."""
    resource_rules: bool = False
    """The resource's policy must allow it, or leave it to the account, as those of KMS keys and of roles must."""
    granted: bool = False
    """A grant of the KMS key allows it."""


@dataclass(frozen=True)
class Verdict:
    """What became of it; the reason in AWS's words, empty when it is allowed."""

    allowed: bool
    reason: str = ""
    statement: Statement | None = None
    """The one that denies it."""

    @property
    def explicit(self) -> bool:
        return self.statement is not None


ALLOWED = Verdict(True)


def decide(question: Question, policies: Policies) -> Verdict:
    """An explicit denial wins, then whatever is not allowed is denied."""
    try:
        return _denied(question, policies) or _decide(question, policies)
    except PolicyError as error:
        return Verdict(False, f"because a policy can't be evaluated: {error}")


def _denied(question: Question, policies: Policies) -> Verdict | None:
    for kind, statements in (
        ("an identity-based policy", policies.identity),
        ("a permissions boundary", policies.boundary),
        ("a session policy", policies.session),
        ("a resource-based policy", policies.resource),
    ):
        for statement in statements or ():
            by_resource = kind == "a resource-based policy"
            if not statement.allows and _applies(statement, question, by_resource):
                return Verdict(False, f"with an explicit deny in {kind}", statement)
    return None


def _decide(question: Question, policies: Policies) -> Verdict:
    who, action = question.who, question.action
    named = _named(question, policies.resource or ())
    by_resource = Verdict(False, f"because no resource-based policy allows the {action} action")
    if who.kind == "service":
        return ALLOWED if named == "self" else by_resource
    by_identity = _by_identity(question, policies)
    if policies.granted:
        return ALLOWED
    foreign = policies.resource_account is not None and policies.resource_account != who.account
    if foreign:
        return by_identity if named != "none" else by_resource
    limited = _limited(question, policies)
    if named == "self" or (named == "role" and limited is None):
        return ALLOWED
    if policies.resource_rules and named == "none":
        return by_resource
    return by_identity


def _by_identity(question: Question, policies: Policies) -> Verdict:
    if question.who.kind == "root":
        return ALLOWED
    if not allows(policies.identity, question):
        return Verdict(False, f"because no identity-based policy allows the {question.action} action")
    return _limited(question, policies) or ALLOWED


def _limited(question: Question, policies: Policies) -> Verdict | None:
    """What keeps in bounds whatever other policies allow."""
    for kind, statements in (("permissions boundary", policies.boundary), ("session policy", policies.session)):
        if statements is not None and not allows(statements, question):
            return Verdict(False, f"because no {kind} allows the {question.action} action")
    return None


def allows(statements: Iterable[Statement], question: Question) -> bool:
    return any(statement.allows and _applies(statement, question, False) for statement in statements)


def _named(question: Question, statements: Statements) -> Closeness:
    """The closest way in which the resource's policy lets somebody in."""
    found: Closeness = "none"
    for statement in statements:
        if statement.allows and _applies(statement, question, True):
            found = principal.closer(found, principal.closeness(statement.principals or (), question.who))
    return found


def _applies(statement: Statement, question: Question, by_resource: bool) -> bool:
    return (
        (not by_resource or _means(statement, question.who))
        and concerns(statement, question.action, question.resource, question.context)
        and conditions.met(statement, question.context)
    )


def _means(statement: Statement, who: Principal) -> bool:
    if statement.not_principals is not None:
        return principal.closeness(statement.not_principals, who) == "none"
    return principal.closeness(statement.principals or (), who) != "none"


def concerns(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether the statement is about the action and the resource."""
    if statement.not_actions is not None:
        if any(patterns.action_matches(p, action) for p in statement.not_actions):
            return False
    elif not any(patterns.action_matches(p, action) for p in statement.actions or ()):
        return False

    def is_named(resources: tuple[str, ...]) -> bool:
        return any(patterns.matches(p, resource, context, statement.variables) for p in resources)

    if statement.not_resources is not None:
        return not is_named(statement.not_resources)
    # A role's trust policy names no resource: it is about the role.
    return statement.resources is None or is_named(statement.resources)
