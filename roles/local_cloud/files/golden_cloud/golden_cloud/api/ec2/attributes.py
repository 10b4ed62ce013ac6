# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ModifyInstanceAttribute and ModifyInstanceMetadataOptions: only what then really is so."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.api.errors import CloudError, UnsupportedOption

# Option → attribute of moto's instance, for attributes that are kept and told.
_PLAIN = {
    "DisableApiTermination": "disable_api_termination",
    "DisableApiStop": "disable_api_stop",
    "SourceDestCheck": "source_dest_check",
    "EbsOptimized": "ebs_optimized",
    "EnaSupport": "ena_support",
    "SriovNetSupport": "sriov_net_support",
    "InstanceInitiatedShutdownBehavior": "instance_initiated_shutdown_behavior",
}
_NEEDS_STOP = {"EbsOptimized", "EnaSupport", "SriovNetSupport", "InstanceType", "UserData"}


class AttributeOperations:
    """Operations on attributes of instances; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any
    _instance: Any

    def modify_instance_attribute(self) -> ActionResult:
        instance: MachineInstance = self._instance(self._get_param("InstanceId"))
        changes = self._attribute_changes()
        if changes.keys() & _NEEDS_STOP and instance.state != "stopped":
            raise CloudError("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
        groups = self._new_groups(instance)
        self.error_on_dryrun()
        for name, value in changes.items():
            setattr(instance, _PLAIN[name], value)
        if groups:
            instance.security_groups = groups
            instance.nics[0]._group_set = list(groups)
        for mapping in self._get_param("BlockDeviceMappings", []):
            keep = (mapping.get("Ebs") or {}).get("DeleteOnTermination")
            device = instance.block_device_mapping.get(mapping.get("DeviceName"))
            if device is None:
                raise CloudError("InvalidInstanceAttributeValue", f"No device is mapped at {mapping.get('DeviceName')}")
            if keep is not None:
                device.delete_on_termination = keep
        return EmptyResult()

    def _attribute_changes(self) -> dict[str, Any]:
        changes = {name: self._get_param(f"{name}.Value") for name in _PLAIN}
        attribute, value = self._get_param("Attribute"), self._get_param("Value")
        if attribute:
            changes[attribute[0].upper() + attribute[1:]] = {"true": True, "false": False}.get(value, value)
        found = {name: value for name, value in changes.items() if value is not None}
        for name in ("InstanceType", "UserData"):
            if self._get_param(name) is not None:
                found[name] = True
        unknown = sorted(found.keys() - _PLAIN.keys())
        if unknown:
            raise UnsupportedOption("ModifyInstanceAttribute", unknown[0], "the machine can't be changed that way")
        return found

    def _new_groups(self, instance: MachineInstance) -> list[Any]:
        groups = []
        for group_id in self._get_param("Groups", []):
            group = self.ec2_backend.get_security_group_from_id(group_id)
            if group is None:
                raise CloudError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            groups.append(group)
        return groups

    def modify_instance_metadata_options(self) -> ActionResult:
        instance: MachineInstance = self._instance(self._get_param("InstanceId"))
        self.error_on_dryrun()
        options = instance.metadata_options
        names = {
            "HttpTokens": "http_tokens",
            "HttpPutResponseHopLimit": "http_put_response_hop_limit",
            "HttpEndpoint": "http_endpoint",
            "HttpProtocolIpv6": "http_protocol_ipv6",
            "InstanceMetadataTags": "instance_metadata_tags",
        }
        for option, attribute in names.items():
            value = self._get_param(option)
            if value is not None:
                setattr(options, attribute, value)
        return ActionResult({"InstanceId": instance.id, "InstanceMetadataOptions": options})
