# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is granted against what is used: for "nothing is granted in vain". Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from golden_cloud.api.policies import conditions, evaluate, patterns
from golden_cloud.api.policies.document import PolicyError, Statement
from golden_cloud.api.policies.patterns import Context
from golden_cloud.api.policies.uses import Count, Use


@dataclass(frozen=True, order=True)
class Grant:
    """One action that one statement allows, as it is written there."""

    policy: str
    statement: str
    action: str
    resources: tuple[str, ...]

    @property
    def is_wildcard(self) -> bool:
        return "*" in self.action or "?" in self.action


def granted(statements: Iterable[Statement]) -> list[Grant]:
    """Each action of each statement that allows; what is allowed by NotAction is told as such."""
    return [
        Grant(s.policy, s.sid or str(s.number), action, s.resources or ())
        for s in statements
        if s.allows
        for action in s.actions or tuple(f"not {a}" for a in s.not_actions or ())
    ]


def compare(principal: str, statements: tuple[Statement, ...], uses: Iterable[tuple[Use, Count]]) -> dict[str, Any]:
    """For a role: granted and used actions, what was granted in vain, and what would have to be granted.

    A use counts for a statement when its action, its resource, and what of its conditions is kept are as it says.
    """
    own = [(use, count) for use, count in uses if use.principal == principal]
    used = [use for use, count in own if count.allowed]
    in_vain, idle = _unused(statements, used)
    covered = [s for s in statements if s.allows]
    missing = [(use, count) for use, count in own if count.denied or not any(_covers(s, use) for s in covered)]
    return {
        "principal": principal,
        "granted": [_told(grant) for grant in granted(statements)],
        "used": sorted({use.action for use, _count in own if _count.allowed}),
        "unused": [_told(grant) for grant in in_vain],
        "unused_resources": idle,
        "denied": [_denial(use, count) for use, count in missing],
        "to_add": to_add([use for use, _count in missing]),
    }


def _unused(statements: tuple[Statement, ...], used: list[Use]) -> tuple[list[Grant], list[dict[str, str]]]:
    in_vain: list[Grant] = []
    idle: list[dict[str, str]] = []
    for statement in statements:
        if not statement.allows:
            continue
        covered = [use for use in used if _covers(statement, use)]
        in_vain += [g for g in granted([statement]) if not any(_by_action(statement, g, use) for use in covered)]
        for resource in statement.resources or ():
            if covered and not any(
                patterns.matches(resource, u.resource, _context(u), statement.variables) for u in covered
            ):
                name = statement.sid or str(statement.number)
                idle.append({"policy": statement.policy, "statement": name, "resource": resource})
    return in_vain, idle


def _by_action(statement: Statement, grant: Grant, use: Use) -> bool:
    return statement.not_actions is not None or patterns.action_matches(grant.action, use.action)


def _covers(statement: Statement, use: Use) -> bool:
    context = _context(use)
    if not evaluate.concerns(statement, use.action, use.resource, context):
        return False
    # Of a condition whose key is not kept nothing is known any more.
    known = tuple(one for one in statement.conditions if one[1].lower() in context)
    try:
        return conditions.all_met(known, context, statement)
    except PolicyError:
        return False


def _context(use: Use) -> Context:
    return dict(use.conditions)


def to_add(uses: Iterable[Use]) -> list[dict[str, Any]]:
    """Statements that would allow it: the actions on the same resources together."""
    by_action: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = {}
    for use in uses:
        kept = use.conditions if use.action == "iam:PassRole" else ()
        by_action.setdefault((use.action, kept), set()).add(use.resource)
    together: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = {}
    for (action, kept), resources in sorted(by_action.items()):
        together.setdefault((tuple(sorted(resources)), kept), []).append(action)
    return [_statement(actions, resources, kept) for (resources, kept), actions in together.items()]


def _statement(actions: list[str], resources: tuple[str, ...], kept: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }
    if kept:
        statement["Condition"] = {"StringEquals": {_SPELT.get(key, key): value for key, value in kept}}
    return statement


_SPELT = {"iam:passedtoservice": "iam:PassedToService"}


def _told(grant: Grant) -> dict[str, Any]:
    return {
        "policy": grant.policy,
        "statement": grant.statement,
        "action": grant.action,
        "resources": list(grant.resources),
        "wildcard": grant.is_wildcard,
    }


def _denial(use: Use, count: Count) -> dict[str, Any]:
    return {
        "action": use.action,
        "resource": use.resource,
        "times": count.denied or count.allowed,
        "enforced": bool(count.denied),
        "reason": count.reason,
    }
