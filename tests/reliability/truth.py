# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a build may end on which a fault was laid: nothing is left, or what is left is named and a sweep removes it.

Faults are laid on calls of one of two callers, which their user agents tell apart, so that the row itself sees the cloud
as it is.
"""

from __future__ import annotations

import collections.abc as c
import json

from harness.builds import Result
from harness.faults import Faults
from reliability.ground import REGION, Inventory, Row

PACKER, MODULE = "packer-plugin-amazon", "golden.ami"
CALLERS = {"packer": PACKER, "module": MODULE}
# What a user must be told of. Volumes and snapshots only where what they go with is not left itself.
_COSTS = ("instance", "image", "key pair", "security group", "parameter")
_GO_WITH = {"volume": "instance", "snapshot": "image"}
# Deletions that were asked for get so long, in seconds, before something counts as left.
_MOMENT = 5.0


def told(result: Result) -> str:
    """All that a user is told in the end: message, warnings, and what is listed as left."""
    return "\n".join([result.msg, result.warnings, json.dumps(result.leftovers)])


def settle(row: Row, faults: Faults, result: Result, name: str) -> str:
    """Assert that a build ended in truth; then lift the faults, sweep, and leave the rest to the row's own look.

    Gives ``built``, ``built, and said failed`` (there is a whole AMI, and the module failed all the same) or ``failed``,
    each with ``, and left something`` where there was something to sweep.
    """
    assert result.values, f"the module did not come to an end by itself: {result}"
    whole = [ami for ami in result.amis if _is_complete(row, ami)]
    assert whole or result.failed, result
    left = row.left(_MOMENT)
    unnamed = _unnamed(row, left, told(result), mine=whole)
    assert not unnamed, f"these are left and not named: {unnamed}\n{result}"
    faults.clear()
    for ami in whole:
        row.complete(ami, name)
    remains = row.left(_MOMENT)
    if remains:
        swept = row.bench.sweep(name)
        assert not swept.failed, f"{remains} could not be swept: {swept}"
    how = ("built, and said failed" if result.failed else "built") if whole else "failed"
    return how + (", and left something" if any(kind in remains for kind in _kinds(remains)) else "")


def _kinds(left: Inventory) -> list[str]:
    """The kinds of things that count as left by themselves."""
    return [*_COSTS, *(kind for kind, whole in _GO_WITH.items() if whole not in left)]


def _is_complete(row: Row, ami: str) -> bool:
    images = row.cloud.client("ec2").describe_images(Filters=[{"Name": "image-id", "Values": [ami]}])["Images"]
    return any({"Key": "golden:complete", "Value": "yes"} in image.get("Tags", []) for image in images)


def _unnamed(row: Row, left: Inventory, text: str, mine: c.Collection[str]) -> list[str]:
    found = []
    for kind in _kinds(left):
        for one in sorted(left.get(kind, ())):
            identifier = one.rpartition(" in ")[0]
            if identifier in mine or _is_version_of(row, kind, identifier, mine):
                continue
            if not any(name in text for name in _names(row, kind, identifier)):
                found.append(f"{kind} {one}")
    return found


def _names(row: Row, kind: str, identifier: str) -> list[str]:
    """By what something may be called: its id, and where it has one its name, which Packer says when it makes it."""
    ec2 = row.cloud.client("ec2")
    if kind == "security group":
        found = ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": [identifier]}])["SecurityGroups"]
        return [identifier, *(group["GroupName"] for group in found)]
    if kind == "key pair":
        found = ec2.describe_key_pairs(Filters=[{"Name": "key-name", "Values": [identifier]}])["KeyPairs"]
        return [identifier, *(pair["KeyPairId"] for pair in found)]
    if kind == "parameter":
        # The record of a version that is not complete goes with its AMI.
        value = row.cloud.client("ssm").get_parameter(Name=identifier)["Parameter"]["Value"]
        return [identifier, *([value] if value.startswith("ami-") else [])]
    return [identifier]


def _is_version_of(row: Row, kind: str, identifier: str, amis: c.Collection[str]) -> bool:
    if kind != "parameter":
        return False
    return row.cloud.client("ssm", REGION).get_parameter(Name=identifier)["Parameter"]["Value"] in amis
