# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes and snapshots."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from golden_cloud.api import runtime
from golden_cloud.api.ec2 import lifecycle
from golden_cloud.api.ec2.backend import CloudEC2Backend, CloudSnapshot, collect_garbage
from golden_cloud.api.ec2.filters import PAGE, bounded, page, passes
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.api.ec2.tags import specified_tags
from golden_cloud.api.errors import CloudError, UnsupportedOption


class VolumeOperations(ElasticBlockStore):
    """Operations on volumes and snapshots; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    _filters_from_querystring: Any
    error_on_dryrun: Any
    is_waiter: Any

    def describe_volumes(self) -> ActionResult:
        backend = self.ec2_backend
        ids = self._get_param("VolumeIds", [])
        self.error_on_dryrun()
        for volume_id in ids:
            if volume_id not in backend.volumes:
                raise CloudError("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.")
        filters = self._filters_from_querystring()
        shown = [
            v
            for v in backend.volumes.values()
            if (not ids or v.id in ids) and passes(v, filters, VOLUME_FILTERS, backend.tags.get(v.id, {}))
        ]
        volumes, token = page(shown, bounded(self._get_param("MaxResults"), *PAGE), self._get_param("NextToken"))
        return ActionResult({"Volumes": volumes, "NextToken": token})

    def create_volume(self) -> ActionResult:
        """A volume is kept and told; no machine has another disk than its root volume."""
        backend, token = self.ec2_backend, self._get_param("ClientToken")
        known = backend.volumes.get(backend.volume_tokens.get(token or "", ""))
        if known is not None:
            return ActionResult(known)
        specified_tags(self._get_param("TagSpecifications", []), {"volume"})
        made = super().create_volume()
        if token:
            backend.volume_tokens[token] = made.result.id
        return made

    def modify_volume(self) -> ActionResult:
        volume = self.ec2_backend.get_volume(self._get_param("VolumeId"))
        size = self._get_param("Size")
        if size is not None and int(size) < volume.size:
            text = f"New size cannot be smaller than existing size: {volume.id} has {volume.size} GiB"
            raise CloudError("InvalidParameterValue", text)
        return super().modify_volume()

    def create_snapshot(self) -> ActionResult:
        backend = self.ec2_backend
        volume = backend.get_volume(self._get_param("VolumeId"))
        tags = specified_tags(self._get_param("TagSpecifications", []), {"snapshot"})
        instance = volume.attachment.instance if volume.attachment else None
        if not isinstance(instance, MachineInstance) or volume.attachment.device != instance.root_device_name:
            raise UnsupportedOption("CreateSnapshot", "VolumeId", f"{volume.id} is not the root volume of an instance")
        self.error_on_dryrun()
        snapshot = backend.new_snapshot(volume, self._get_param("Description") or "")
        snapshot.add_tags(tags.get("snapshot", {}))
        lifecycle.create_snapshot(instance, snapshot)
        return ActionResult(snapshot)

    def describe_snapshots(self) -> ActionResult:
        backend = self.ec2_backend
        ids = self._get_param("SnapshotIds", [])
        self.error_on_dryrun()
        listed = self._listed_snapshots(ids)
        if ids and self.is_waiter():
            # One that is deleted meanwhile is an error, at once.
            runtime.current().wait_while(lambda: any(s.status == "pending" for s in self._listed_snapshots(ids)))
        owners = {backend.account_id if o == "self" else o for o in self._get_param("OwnerIds", [])}
        filters = self._filters_from_querystring()
        shown = [
            s
            for s in listed
            if (not owners or s.owner_id in owners) and passes(s, filters, SNAPSHOT_FILTERS, backend.tags.get(s.id, {}))
        ]
        snapshots, token = page(shown, bounded(self._get_param("MaxResults"), *PAGE), self._get_param("NextToken"))
        return ActionResult({"Snapshots": snapshots, "NextToken": token})

    def _listed_snapshots(self, ids: list[str]) -> list[CloudSnapshot]:
        """The snapshots with these ids, all without any; ``CloudError`` when there is no such one."""
        visible = {snapshot.id: snapshot for snapshot in self.ec2_backend.visible_snapshots()}
        for snapshot_id in ids:
            if snapshot_id not in visible:
                raise CloudError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        return [snapshot for snapshot in visible.values() if not ids or snapshot.id in ids]

    def delete_snapshot(self) -> ActionResult:
        snapshot_id = self._get_param("SnapshotId")
        self.error_on_dryrun()
        snapshot = self.ec2_backend.delete_snapshot(snapshot_id)
        collect_garbage(snapshot.image_ref)
        return EmptyResult()


VOLUME_FILTERS: dict[str, Any] = {
    "attachment.attach-time": lambda v: [a.attach_time.strftime("%Y-%m-%dT%H:%M:%S.000Z") for a in v.attachments],
    "attachment.delete-on-termination": lambda v: [
        a.instance.block_device_mapping[a.device].delete_on_termination for a in v.attachments
    ],
    "attachment.device": lambda v: [a.device for a in v.attachments],
    "attachment.instance-id": lambda v: [a.instance.id for a in v.attachments],
    "attachment.status": lambda v: [a.status for a in v.attachments],
    "availability-zone": lambda v: v.availability_zone,
    "create-time": lambda v: v.create_time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "encrypted": lambda v: bool(v.encrypted),
    "size": lambda v: v.size,
    "snapshot-id": lambda v: v.snapshot_id,
    "status": lambda v: v.status,
    "volume-id": lambda v: v.id,
    "volume-type": lambda v: v.volume_type,
}

SNAPSHOT_FILTERS: dict[str, Any] = {
    "description": lambda s: s.description,
    "encrypted": lambda s: bool(s.encrypted),
    "owner-id": lambda s: s.owner_id,
    "owner-alias": lambda s: None,
    "progress": lambda s: s.progress,
    "snapshot-id": lambda s: s.id,
    "start-time": lambda s: s.start_time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "status": lambda s: s.status,
    "storage-tier": lambda s: s.storage_tier,
    "transfer-type": lambda s: s.transfer_type,
    "volume-id": lambda s: s.volume_id,
    "volume-size": lambda s: s.volume_size,
}
