# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key pairs and security groups, where EC2 says more than moto does."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.key_pairs import KeyPairs

from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.errors import CloudError


class KeyAndGroupOperations(KeyPairs):
    """DeleteKeyPair by id, DescribeKeyPairs by id, DeleteSecurityGroup with its guard."""

    ec2_backend: CloudEC2Backend

    def create_key_pair(self) -> ActionResult:
        if self._get_param("KeyFormat", "pem") != "pem":
            raise CloudError("UnsupportedOperation", "The local cloud makes keys of format pem only")
        return super().create_key_pair()

    def delete_key_pair(self) -> ActionResult:
        name, key_id = self._get_param("KeyName"), self._get_param("KeyPairId")
        if not name and not key_id:
            raise CloudError("MissingParameter", "The request must contain the parameter KeyName or KeyPairId")
        self.error_on_dryrun()
        for key in list(self.ec2_backend.key_pairs.values()):
            if key.id == key_id or (not key_id and key.key_name == name):
                del self.ec2_backend.key_pairs[key.key_name]
                self.ec2_backend.tags.pop(key.id, None)
                return ActionResult({"Return": True, "KeyPairId": key.id})
        return ActionResult({"Return": True})

    def describe_key_pairs(self) -> ActionResult:
        ids = self._get_param("KeyPairIds", [])
        known = {key.id: key.key_name for key in self.ec2_backend.key_pairs.values()}
        for key_id in ids:
            if key_id not in known:
                raise CloudError("InvalidKeyPair.NotFound", f"The key pair ID '{key_id}' does not exist")
        for name in self._get_param("KeyNames", []):
            if name not in self.ec2_backend.key_pairs:
                raise CloudError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
        if not ids:
            return super().describe_key_pairs()
        names = [known[key_id] for key_id in ids]
        self.params["KeyNames"] = names
        return super().describe_key_pairs()

    def delete_security_group(self) -> ActionResult:
        backend = self.ec2_backend
        group_id, name = self._get_param("GroupId"), self._get_param("GroupName")
        group: Any = None
        if group_id:
            group = backend.get_security_group_from_id(group_id)
        elif name:
            group = backend.get_security_group_from_name(name, backend.default_vpc.id)
        if group is None:
            raise CloudError("InvalidGroup.NotFound", f"The security group '{group_id or name}' does not exist")
        if group.name == "default":
            text = f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            raise CloudError("CannotDelete", text)
        self._refuse_when_used(group)
        self.error_on_dryrun()
        backend._delete_security_group(group.vpc_id, group.id)
        backend.tags.pop(group.id, None)
        return ActionResult({"Return": True, "GroupId": group.id})

    def _refuse_when_used(self, group: Any) -> None:
        backend = self.ec2_backend
        by_instance = any(
            group in instance.security_groups
            for instance in backend.all_machine_instances()
            if instance.state != "terminated"
        )
        by_group = any(
            (rule.source_group or {}).get("GroupId") == group.id
            for groups in backend.groups.values()
            for other in groups.values()
            if other.id != group.id
            for rule in [*other.ingress_rules, *other.egress_rules]
        )
        if by_instance or by_group:
            raise CloudError("DependencyViolation", f"resource {group.id} has a dependent object")
