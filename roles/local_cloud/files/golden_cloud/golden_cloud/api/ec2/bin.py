# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the Recycle Bin: images and snapshots that were deleted, until their time is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult

from golden_cloud.api import runtime
from golden_cloud.api.ec2.backend import Binned, CloudEC2Backend, all_backends, collect_garbage
from golden_cloud.api.ec2.filters import bounded, page
from golden_cloud.api.errors import CloudError


def expire_all() -> float | None:
    """Delete for good what has been in the bin for long enough; seconds until the next one is due.

    Only for who holds the lock.
    """
    now, left = datetime.now(UTC), []
    for _account, backend in all_backends():
        for resource_id, binned in list(backend.bin.items()):
            if binned.exits > now:
                left.append((binned.exits - now).total_seconds())
                continue
            del backend.bin[resource_id]
            backend.tags.pop(resource_id, None)
            collect_garbage(binned.resource.image_ref)
            runtime.current().touched()
    return min(left, default=None)


class BinOperations:
    """Operations on the Recycle Bin; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any

    def list_images_in_recycle_bin(self) -> ActionResult:
        found = self._in_bin("ImageIds", "ami-", "InvalidAMIID.NotFound")
        size = bounded(self._get_param("MaxResults"), 1, 1000)
        self.error_on_dryrun()
        told = [
            _times(binned) | {"ImageId": i, "Name": binned.resource.name, "Description": binned.resource.description}
            for i, binned in found
        ]
        images, token = page(told, size, self._get_param("NextToken"))
        return ActionResult({"Images": images, "NextToken": token})

    def list_snapshots_in_recycle_bin(self) -> ActionResult:
        found = self._in_bin("SnapshotIds", "snap-", "InvalidSnapshot.NotFound")
        size = bounded(self._get_param("MaxResults"), 5, 1000)
        self.error_on_dryrun()
        told = [
            _times(binned)
            | {"SnapshotId": i, "Description": binned.resource.description, "VolumeId": binned.resource.volume_id}
            for i, binned in found
        ]
        snapshots, token = page(told, size, self._get_param("NextToken"))
        return ActionResult({"Snapshots": snapshots, "NextToken": token})

    def restore_image_from_recycle_bin(self) -> ActionResult:
        backend = self.ec2_backend
        binned = self._binned(self._get_param("ImageId"), "InvalidAMIID.NotFound")
        image = binned.resource
        for snapshot_id in image.snapshot_ids:
            if snapshot_id not in backend.snapshots:
                why = "is in the Recycle Bin: restore it first" if snapshot_id in backend.bin else "does not exist"
                raise CloudError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' of {image.id} {why}.")
        taken = next((one.id for one in backend.amis.values() if one.name == image.name), None)
        if taken:
            raise CloudError("InvalidAMIName.Duplicate", f"AMI name {image.name} is already in use by AMI {taken}")
        self.error_on_dryrun()
        backend.amis[image.id] = image
        backend.take_out(image.id)
        return ActionResult({"Return": True})

    def restore_snapshot_from_recycle_bin(self) -> ActionResult:
        backend = self.ec2_backend
        binned = self._binned(self._get_param("SnapshotId"), "InvalidSnapshot.NotFound")
        self.error_on_dryrun()
        backend.snapshots[binned.resource.id] = binned.resource
        backend.take_out(binned.resource.id)
        return ActionResult(binned.resource)

    def _binned(self, resource_id: str, code: str) -> Binned:
        binned = self.ec2_backend.bin.get(resource_id)
        if binned is None:
            raise CloudError(code, f"'{resource_id}' is not in the Recycle Bin.")
        return binned

    def _in_bin(self, option: str, prefix: str, code: str) -> list[tuple[str, Binned]]:
        ids = self._get_param(option, [])
        if ids:
            return [(i, self._binned(i, code)) for i in ids]
        return [(i, binned) for i, binned in self.ec2_backend.bin.items() if i.startswith(prefix)]


def _times(binned: Binned) -> dict[str, Any]:
    return {"RecycleBinEnterTime": binned.entered, "RecycleBinExitTime": binned.exits}
