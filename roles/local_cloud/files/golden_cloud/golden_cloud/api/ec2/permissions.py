# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else may use an image or a snapshot, and the switch that keeps both from the public."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from golden_cloud.api import keys
from golden_cloud.api.ec2.backend import CloudEC2Backend, CloudSnapshot
from golden_cloud.api.ec2.image import Image, check_permission
from golden_cloud.api.errors import CloudError, UnsupportedOption

Permissions = list[dict[str, str]]

# Option → key of a permission, for both kinds of resources.
_NAMED = {
    "UserGroups": "Group",
    "GroupNames": "Group",
    "UserIds": "UserId",
    "OrganizationArns": "OrganizationArn",
    "OrganizationalUnitArns": "OrganizationalUnitArn",
}
_SNAPSHOT_MODES = ("block-all-sharing", "block-new-sharing")


class PermissionOperations:
    """Operations on permissions; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any

    # Images

    def modify_image_attribute(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        add, remove = self._permission_changes("LaunchPermission")
        attribute, value = self._get_param("Attribute"), self._get_param("Value")
        description = self._get_param("Description.Value", value if attribute == "description" else None)
        imds = self._get_param("ImdsSupport.Value", value if attribute == "imdsSupport" else None)
        if imds not in (None, "v2.0"):
            raise CloudError("InvalidParameterValue", f"Invalid value '{imds}' for ImdsSupport: it can only be v2.0")
        if add:
            self._check_image_shareable(image, add)
        self.error_on_dryrun()
        if description is not None:
            image.description = description
        if imds is not None:
            image.imds_support = imds
        # Clients name one twice, by both ways that there are: it is one all the same.
        permissions = [p for p in image.launch_permissions if p not in remove]
        for permission in add:
            if permission not in permissions:
                permissions.append(permission)
        image.launch_permissions = permissions
        return EmptyResult()

    def reset_image_attribute(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        image.launch_permissions = []
        return EmptyResult()

    def _permission_changes(self, option: str) -> tuple[Permissions, Permissions]:
        changes = self._get_param(option, {}) or {}
        add, remove = list(changes.get("Add", [])), list(changes.get("Remove", []))
        named = [{key: value} for name, key in _NAMED.items() for value in self._get_param(name, [])]
        (remove if self._get_param("OperationType") == "remove" else add).extend(named)
        for permission in add + remove:
            check_permission(permission)
        return add, remove

    def _check_image_shareable(self, image: Image, add: Permissions) -> None:
        if image.state == "disabled":
            raise CloudError("InvalidAMIID.Unavailable", f"The image '{image.id}' is disabled: it can't be shared.")
        found = [self.ec2_backend.snapshots.get(snapshot_id) for snapshot_id in image.snapshot_ids]
        if any(s is not None and s.encrypted and keys.is_amazons(s.kms_key_id) for s in found):
            text = "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot."
            raise CloudError("InvalidParameter", text)
        if {"Group": "all"} not in add:
            return
        if self.ec2_backend.image_public_access != "unblocked":
            raise CloudError(
                "OperationNotPermitted",
                "You can't publicly share this image because block public access for AMIs is enabled for this account. "
                "To publicly share the image, you must call the DisableImageBlockPublicAccess API.",
            )
        if any(s is not None and s.encrypted for s in found):
            raise CloudError("InvalidParameter", "An image with encrypted snapshots can't be made public.")

    def get_image_block_public_access_state(self) -> ActionResult:
        self.error_on_dryrun()
        state = self.ec2_backend.image_public_access
        return ActionResult({"ImageBlockPublicAccessState": state, "ManagedBy": "account"})

    def enable_image_block_public_access(self) -> ActionResult:
        return self._set_image_public_access("block-new-sharing")

    def disable_image_block_public_access(self) -> ActionResult:
        return self._set_image_public_access("unblocked")

    def _set_image_public_access(self, state: str) -> ActionResult:
        self.error_on_dryrun()
        self.ec2_backend.image_public_access = state
        return ActionResult({"ImageBlockPublicAccessState": state})

    # Snapshots

    def modify_snapshot_attribute(self) -> ActionResult:
        snapshot = self._own_snapshot()
        add, remove = self._permission_changes("CreateVolumePermission")
        if add and remove:
            text = "ModifySnapshotAttribute adds permissions or removes some, not both in one call."
            raise CloudError("InvalidParameterCombination", text)
        if add:
            self._check_snapshot_shareable(snapshot, add)
        self.error_on_dryrun()
        users, groups = snapshot.create_volume_permission_userids, snapshot.create_volume_permission_groups
        users.difference_update(p["UserId"] for p in remove if "UserId" in p)
        groups.difference_update(p["Group"] for p in remove if "Group" in p)
        users.update(p["UserId"] for p in add if "UserId" in p)
        groups.update(p["Group"] for p in add if "Group" in p)
        return EmptyResult()

    def describe_snapshot_attribute(self) -> ActionResult:
        snapshot = self._own_snapshot()
        if self._get_param("Attribute") != "createVolumePermission":
            raise UnsupportedOption("DescribeSnapshotAttribute", "Attribute", "createVolumePermission is what there is")
        self.error_on_dryrun()
        permissions = [{"Group": group} for group in sorted(snapshot.create_volume_permission_groups)]
        permissions += [{"UserId": user} for user in sorted(snapshot.create_volume_permission_userids)]
        return ActionResult({"SnapshotId": snapshot.id, "CreateVolumePermissions": permissions})

    def reset_snapshot_attribute(self) -> ActionResult:
        snapshot = self._own_snapshot()
        if self._get_param("Attribute") != "createVolumePermission":
            text = "Only createVolumePermission can be reset."
            raise CloudError("InvalidParameterValue", text)
        self.error_on_dryrun()
        snapshot.create_volume_permission_userids.clear()
        snapshot.create_volume_permission_groups.clear()
        return EmptyResult()

    def _own_snapshot(self) -> CloudSnapshot:
        """The snapshot, if it is this account's to change."""
        snapshot_id = self._get_param("SnapshotId")
        snapshot: CloudSnapshot | None = self.ec2_backend.snapshots.get(snapshot_id)
        if snapshot is not None:
            return snapshot
        if any(s.id == snapshot_id for s in self.ec2_backend.visible_snapshots()):
            raise CloudError("AuthFailure", f"Not authorized for snapshot:{snapshot_id}", 403)
        raise CloudError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")

    def _check_snapshot_shareable(self, snapshot: CloudSnapshot, add: Permissions) -> None:
        if snapshot.encrypted and keys.is_amazons(snapshot.kms_key_id):
            raise CloudError("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
        if {"Group": "all"} not in add:
            return
        if snapshot.encrypted:
            raise CloudError("OperationNotPermitted", "Encrypted snapshots can't be made public")
        if self.ec2_backend.snapshot_public_access != "unblocked":
            raise CloudError(
                "OperationNotPermitted",
                "You can't publicly share this snapshot because block public access for snapshots is enabled for this "
                "account.",
            )

    def get_snapshot_block_public_access_state(self) -> ActionResult:
        self.error_on_dryrun()
        return ActionResult({"State": self.ec2_backend.snapshot_public_access, "ManagedBy": "account"})

    def enable_snapshot_block_public_access(self) -> ActionResult:
        state = self._get_param("State")
        if state not in _SNAPSHOT_MODES:
            text = f"Invalid value '{state}' for State: it is one of {', '.join(_SNAPSHOT_MODES)}"
            raise CloudError("InvalidParameterValue", text)
        return self._set_snapshot_public_access(state)

    def disable_snapshot_block_public_access(self) -> ActionResult:
        return self._set_snapshot_public_access("unblocked")

    def _set_snapshot_public_access(self, state: str) -> ActionResult:
        self.error_on_dryrun()
        self.ec2_backend.snapshot_public_access = state
        return ActionResult({"State": state})
