# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Recycle Bin's retention rules; what is in the bin is EC2's (``ec2/bin.py``)."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from golden_cloud.api.access import PARTITION
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.service import CloudResponse

IMAGE, SNAPSHOT = "EC2_IMAGE", "EBS_SNAPSHOT"
KINDS = (IMAGE, SNAPSHOT)
LONGEST = 365
"""Days, of images and of snapshots."""
MOST_EXCLUDED = 5
_ALPHABET = string.ascii_letters + string.digits

Tags = list[dict[str, str]]


@dataclass
class Rule:
    kind: str
    days: int
    description: str | None
    resource_tags: Tags
    excluded_tags: Tags
    tags: Tags
    id: str = field(default_factory=lambda: "".join(secrets.choice(_ALPHABET) for _unused in range(11)))

    def keeps(self, kind: str, tags: dict[str, str]) -> bool:
        """Whether a resource of the kind with these tags goes into the bin."""
        if kind != self.kind:
            return False
        if self.resource_tags:
            return _any(self.resource_tags, tags)
        return not _any(self.excluded_tags, tags)

    def summary(self, arn: str) -> dict[str, Any]:
        period = {"RetentionPeriodValue": self.days, "RetentionPeriodUnit": "DAYS"}
        return {"Identifier": self.id, "Description": self.description, "RetentionPeriod": period, "RuleArn": arn}

    def describe(self, arn: str) -> dict[str, Any]:
        return self.summary(arn) | {
            "ResourceType": self.kind,
            "ResourceTags": self.resource_tags,
            "ExcludeResourceTags": self.excluded_tags,
            "Status": "available",
        }


def _any(wanted: Tags, tags: dict[str, str]) -> bool:
    return any(tags.get(w["ResourceTagKey"]) == w["ResourceTagValue"] for w in wanted)


class CloudRbinBackend(BaseBackend):
    """The rules of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rules: dict[str, Rule] = {}


rbin_backends: BackendDict[CloudRbinBackend] = BackendDict(CloudRbinBackend, "rbin")


def retention(account_id: str, region: str, kind: str, tags: dict[str, str]) -> int | None:
    """For how many days the resource stays in the bin: as the longest of the rules says that it comes under."""
    rules = rbin_backends[account_id][region].rules.values()
    return max((rule.days for rule in rules if rule.keeps(kind, tags)), default=None)


class CloudRbinResponse(CloudResponse, BaseResponse):
    """Every operation of the Recycle Bin that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="rbin")
        self.automated_parameter_parsing = True

    @property
    def _rules(self) -> dict[str, Rule]:
        backend: CloudRbinBackend = rbin_backends[self.identity.account_id][self.region]
        return backend.rules

    def _arn(self, rule: Rule) -> str:
        return f"arn:{PARTITION}:rbin:{self.region}:{self.identity.account_id}:rule/{rule.id}"

    def create_rule(self) -> ActionResult:
        rule = Rule(
            kind=self._kind(),
            days=self._days(),
            description=self._get_param("Description"),
            resource_tags=self._named_tags("ResourceTags"),
            excluded_tags=self._named_tags("ExcludeResourceTags"),
            tags=self._get_param("Tags", []),
        )
        _check(rule)
        self._rules[rule.id] = rule
        return ActionResult(rule.describe(self._arn(rule)) | {"Tags": rule.tags})

    def get_rule(self) -> ActionResult:
        rule = self._rule()
        return ActionResult(rule.describe(self._arn(rule)))

    def list_rules(self) -> ActionResult:
        kind = self._kind()
        wanted, excluded = self._named_tags("ResourceTags"), self._named_tags("ExcludeResourceTags")
        shown = [
            rule.summary(self._arn(rule))
            for rule in self._rules.values()
            if rule.kind == kind
            and all(tag in rule.resource_tags for tag in wanted)
            and all(tag in rule.excluded_tags for tag in excluded)
        ]
        rules, token = page(shown, self._get_int_param("MaxResults", 1000), self._get_param("NextToken"))
        return ActionResult({"Rules": rules, "NextToken": token})

    def update_rule(self) -> ActionResult:
        rule = self._rule()
        given = self.params
        changed = Rule(
            kind=rule.kind,
            days=self._days() if "RetentionPeriod" in given else rule.days,
            description=given.get("Description", rule.description),
            resource_tags=self._named_tags("ResourceTags") if "ResourceTags" in given else rule.resource_tags,
            excluded_tags=self._named_tags("ExcludeResourceTags")
            if "ExcludeResourceTags" in given
            else rule.excluded_tags,
            tags=rule.tags,
            id=rule.id,
        )
        _check(changed)
        self._rules[rule.id] = changed
        return ActionResult(changed.describe(self._arn(changed)))

    def delete_rule(self) -> ActionResult:
        del self._rules[self._rule().id]
        return EmptyResult()

    def _rule(self) -> Rule:
        identifier = str(self._get_param("Identifier", self._get_param("identifier")))
        rule = self._rules.get(identifier)
        if rule is None:
            raise CloudError("ResourceNotFoundException", f"Rule {identifier} not found.")
        return rule

    def _kind(self) -> str:
        kind = str(self._get_param("ResourceType"))
        if kind not in KINDS:
            raise UnsupportedOption(str(self._get_action()), "ResourceType", f"there are {' and '.join(KINDS)} here")
        return kind

    def _days(self) -> int:
        period = self._get_param("RetentionPeriod") or {}
        days = int(period.get("RetentionPeriodValue") or 0)
        if period.get("RetentionPeriodUnit") != "DAYS" or not 1 <= days <= LONGEST:
            raise CloudError("ValidationException", f"The retention period must be from 1 to {LONGEST} DAYS.")
        return days

    def _named_tags(self, option: str) -> Tags:
        tags: Tags = self._get_param(option, [])
        if any("ResourceTagValue" not in tag for tag in tags):
            raise UnsupportedOption(str(self._get_action()), option, "a tag must have a ResourceTagValue here")
        return tags


def _check(rule: Rule) -> None:
    if rule.resource_tags and rule.excluded_tags:
        raise CloudError("ValidationException", "Exclusion tags can't be specified for tag-level retention rules.")
    if len(rule.excluded_tags) > MOST_EXCLUDED:
        raise CloudError("ValidationException", f"A rule takes up to {MOST_EXCLUDED} exclusion tags.")
