# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action on a resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.patterns import Values

ANY = "*"
"""The resource of an action that can't be allowed for single ones."""


@dataclass(frozen=True)
class Ask:
    """What must be allowed for a call to go on; it may need several."""

    action: str
    resource: str = ANY
    context: dict[str, Values] = field(default_factory=dict)
    """Condition keys in lower case that this very action has."""


More = Callable[[Call], list[Ask]]
"""What an operation asks beside what its line of the table says."""


def parameter(call: Call, path: str) -> list[str]:
    """The values at a path of names, through lists; none when it is not given."""
    found: list[Any] = [call.parameters]
    for name in path.split("."):
        found = [v for one in found if isinstance(one, dict) for v in _listed(one.get(name))]
    return [str(value) for value in found if value not in (None, "")]


def first(call: Call, path: str) -> str | None:
    return next(iter(parameter(call, path)), None)


def pass_role(role_arn: str, service: str) -> Ask:
    """That the caller may hand the role to a service."""
    return Ask("iam:PassRole", role_arn, {"iam:passedtoservice": service})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
