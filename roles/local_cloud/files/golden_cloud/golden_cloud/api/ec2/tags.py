# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: what a request wants tagged, and what there is."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.filters import PAGE, bounded, page, passes
from golden_cloud.api.errors import CloudError

TagMap = dict[str, str]


def specified_tags(specifications: list[dict[str, Any]], allowed: set[str]) -> dict[str, TagMap]:
    """``TagSpecifications`` by resource type; an error for a type that the operation does not make."""
    tags: dict[str, TagMap] = {}
    for specification in specifications:
        kind = specification.get("ResourceType")
        if kind not in allowed:
            raise CloudError(
                "InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation."
            )
        tags.setdefault(kind, {}).update(check_tags(specification.get("Tags", [])))
    return tags


def check_tags(pairs: list[dict[str, Any]]) -> TagMap:
    """Key and value of each, under EC2's rules for them."""
    tags: TagMap = {}
    for pair in pairs:
        key, value = pair.get("Key") or "", pair.get("Value") or ""
        if not key or len(key) > 128:
            raise CloudError("InvalidParameterValue", "Tag key must be between 1 and 128 characters long")
        if len(value) > 256:
            raise CloudError("InvalidParameterValue", f"The value of tag '{key}' exceeds 256 characters")
        if key.lower().startswith("aws:"):
            raise CloudError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        tags[key] = value
    return tags


def resource_type(resource_id: str) -> str:
    return str(EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource_id), ""))


class TagOperations:
    """CreateTags, DeleteTags, DescribeTags; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    _filters_from_querystring: Any
    error_on_dryrun: Any
    _instance: Any

    def create_tags(self) -> ActionResult:
        resources = self._resources()
        tags = check_tags(self._get_param("Tags", []))
        self.error_on_dryrun()
        self.ec2_backend.create_tags(resources, tags)
        return EmptyResult()

    def delete_tags(self) -> ActionResult:
        resources = self._resources()
        pairs = self._get_param("Tags", [])
        self.error_on_dryrun()
        for resource in resources:
            kept = self.ec2_backend.tags.get(resource, {})
            for key in [pair["Key"] for pair in pairs] or list(kept):
                wanted = next((p.get("Value") for p in pairs if p["Key"] == key), None)
                if key in kept and wanted in (None, kept[key]):
                    del kept[key]
        return EmptyResult()

    def _resources(self) -> list[str]:
        resources: list[str] = self._get_param("Resources", [])
        if not resources:
            raise CloudError("MissingParameter", "The request must contain the parameter resourceIdSet")
        for resource in resources:
            if not resource_type(resource):
                raise CloudError("InvalidID", f"The ID '{resource}' is not valid")
            self._check_exists(resource)
        return resources

    def _check_exists(self, resource: str) -> None:
        backend = self.ec2_backend
        kind = resource_type(resource)
        if resource in backend.bin:
            return
        if kind == "instance":
            self._instance(resource)
        elif kind == "key-pair":
            if resource not in {key.id for key in backend.key_pairs.values()}:
                raise CloudError("InvalidKeyPair.NotFound", f"The key pair ID '{resource}' does not exist")
        elif kind == "security-group":
            if backend.get_security_group_from_id(resource) is None:
                raise CloudError("InvalidGroup.NotFound", f"The security group '{resource}' does not exist")
        else:
            backend.do_resources_exist([resource])

    def describe_tags(self) -> ActionResult:
        filters = self._filters_from_querystring()
        self.error_on_dryrun()
        found = [
            {"Key": key, "Value": value, "ResourceId": resource, "ResourceType": resource_type(resource)}
            for resource, tags in self.ec2_backend.tags.items()
            for key, value in tags.items()
        ]
        shown = [tag for tag in found if passes(tag, filters, TAG_FILTERS, {tag["Key"]: tag["Value"]})]
        tags, token = page(shown, bounded(self._get_param("MaxResults"), *PAGE), self._get_param("NextToken"))
        return ActionResult({"Tags": tags, "NextToken": token})


TAG_FILTERS: dict[str, Any] = {
    "key": lambda tag: tag["Key"],
    "value": lambda tag: tag["Value"],
    "resource-id": lambda tag: tag["ResourceId"],
    "resource-type": lambda tag: tag["ResourceType"],
}
