# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of EC2 in one account and Region: moto's, with our images, snapshots and machines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.models.instances import Reservation

from golden_cloud.api import rbin, runtime
from golden_cloud.api.ec2.image import Image, from_base
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.api.errors import CloudError

IN_BIN = "aws:recycle-bin:resource-in-bin"
"""The tag of what is in the Recycle Bin."""
TERMINATED_STAYS = 3600
"""Seconds for which a terminated instance can still be described, as on AWS."""


class CloudSnapshot(Snapshot):
    """A snapshot with a size and a file system of its own, whatever becomes of the volume it was made from."""

    transfer_type: str | None = None
    completion_duration_minutes: int | None = None
    """Of copies only."""
    began: datetime | None = None
    takes: float = 0.0
    """Seconds that it takes at least from then on, as far as that is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed_size = self.volume.size
        self.fixed_volume_id = self.volume.id
        self.image_ref: str | None = None
        self.size_bytes = 0
        self.state_message: str | None = None
        self.completion_time: datetime | None = None
        if self.volume.kms_key_id and self.volume.encrypted:
            self.kms_key_id = self.volume.kms_key_id

    @property
    def volume_size(self) -> int:
        return int(self.fixed_size)

    @property
    def volume_id(self) -> str:
        return str(self.fixed_volume_id)

    @property
    def state(self) -> str:
        return self.status

    @property
    def progress(self) -> str:
        """Whole per cent; nothing at first, as on EC2, and nothing of one that failed."""
        if self.status != "pending":
            return "100%" if self.status == "completed" else ""
        if self.began is None or not self.takes:
            return ""
        percent = min(int(100 * (datetime.now(UTC) - self.began).total_seconds() / self.takes), 99)
        return f"{percent}%" if percent > 0 else ""

    @property
    def full_snapshot_size_in_bytes(self) -> int | None:
        return self.size_bytes or None

    def begin(self, seconds: float) -> None:
        """It is being made, for so long at least."""
        self.began, self.takes = datetime.now(UTC), seconds

    def keep(self, image_ref: str | None, size_bytes: int) -> None:
        """Its file system is there; it may be pending for some time yet."""
        self.image_ref = image_ref
        self.size_bytes = size_bytes

    def finish(self) -> None:
        self.status = "completed"
        self.completion_time = datetime.now(UTC)


@dataclass
class Binned:
    """An image or a snapshot in the Recycle Bin."""

    resource: Any
    entered: datetime
    exits: datetime


class CloudEC2Backend(EC2Backend):
    """moto's backend; ``amis`` holds our ``Image``s."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.launch_tokens: dict[str, tuple[str, str]] = {}
        """ClientToken → (reservation, digest of what was asked)."""
        self.copy_tokens: dict[str, tuple[str, str]] = {}
        self.volume_tokens: dict[str, str] = {}
        self.template_tokens: dict[str, tuple[str, str, int]] = {}
        self.bin: dict[str, Binned] = {}
        self.usage_reports: dict[str, Any] = {}
        self.usage_tokens: dict[str, str] = {}
        self.image_public_access = "block-new-sharing"
        self.snapshot_public_access = "unblocked"
        super().__init__(region_name, account_id)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """States that were saved before an attribute came have none of it."""
        older = {
            "copy_tokens": {},
            "volume_tokens": {},
            "template_tokens": {},
            "bin": {},
            "usage_reports": {},
            "usage_tokens": {},
            "image_public_access": "block-new-sharing",
            "snapshot_public_access": "unblocked",
        }
        self.__dict__.update(older | state)

    # Images

    def visible_images(self) -> dict[str, Image]:
        """Every image that this account may see: base images, its own, those that others share with it."""
        images = {base.image_id: from_base(base, self) for base in runtime.current().machines.base_images()}
        for account_id, backend in all_backends(self.region_name):
            if account_id != self.account_id:
                images.update({i.id: i for i in backend.amis.values() if i.may_be_used_by(self.account_id)})
        images.update(self.amis)
        return images

    def describe_images(
        self, ami_ids: Any = None, filters: Any = None, exec_users: Any = None, owners: Any = None
    ) -> list[Any]:
        """For moto's own use: images by id."""
        wanted = ami_ids or (filters or {}).get("image-id")
        if isinstance(wanted, str):
            wanted = [wanted]
        return [self.find_image(image_id) for image_id in wanted or []]

    def find_image(self, image_id: str) -> Image:
        """The image, whoever owns it; EC2's own error when this account can't see it."""
        image = self.amis.get(image_id) or self.visible_images().get(image_id)
        if image is not None:
            return image
        if not image_id.startswith("ami-"):
            raise CloudError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')
        if image_id in self.deleted_amis:
            raise CloudError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")
        raise CloudError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")

    def own_image(self, image_id: str) -> Image:
        """The image, if it is this account's to change."""
        image = self.find_image(image_id)
        if image.base or image.owner_id != self.account_id:
            raise CloudError("AuthFailure", f"Not authorized for image:{image_id}", 403)
        return image

    def remove_image(self, image: Image) -> None:
        del self.amis[image.id]
        self.deleted_amis.append(image.id)
        self._put_away(image, rbin.IMAGE)

    # Snapshots and volumes

    def new_snapshot(self, volume: Volume, description: str, from_ami: str | None = None) -> CloudSnapshot:
        """A pending snapshot of the volume as it is now."""
        from moto.ec2.utils import random_snapshot_id

        snapshot = CloudSnapshot(
            self, random_snapshot_id(), volume, description, encrypted=volume.encrypted, from_ami=from_ami
        )
        snapshot.status = "pending"
        self.snapshots[snapshot.id] = snapshot
        return snapshot

    def may_use_snapshot(self, snapshot: CloudSnapshot) -> bool:
        """Whether this account may make volumes and copies of the snapshot."""
        owner: CloudEC2Backend = snapshot.ec2_backend
        public = "all" in snapshot.create_volume_permission_groups
        return (
            owner.account_id == self.account_id
            or self.account_id in snapshot.create_volume_permission_userids
            or (public and owner.snapshot_public_access != "block-all-sharing")
        )

    def visible_snapshots(self) -> list[CloudSnapshot]:
        """Every snapshot of the Region that this account may use."""
        return [
            snapshot
            for _account, backend in all_backends(self.region_name)
            for snapshot in backend.snapshots.values()
            if self.may_use_snapshot(snapshot)
        ]

    def images_using(self, snapshot_id: str) -> list[str]:
        return [i.id for i in self.amis.values() if snapshot_id in i.snapshot_ids]

    def delete_snapshot(self, snapshot_id: str) -> Any:
        if snapshot_id not in self.snapshots:
            raise CloudError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        users = self.images_using(snapshot_id)
        if users:
            raise CloudError("InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {users[0]}")
        snapshot = self.snapshots.pop(snapshot_id)
        self._put_away(snapshot, rbin.SNAPSHOT)
        return snapshot

    # The Recycle Bin

    def _put_away(self, resource: Any, kind: str) -> None:
        """Into the Recycle Bin if a rule says so, otherwise for good."""
        tags = self.tags.get(resource.id, {})
        days = rbin.retention(self.account_id, self.region_name, kind, tags)
        if days is None:
            self.tags.pop(resource.id, None)
            return
        now = datetime.now(UTC)
        stay = timedelta(seconds=days * runtime.current().config.timings.recycle_bin_day)
        self.bin[resource.id] = Binned(resource, now, now + stay)
        self.tags[resource.id][IN_BIN] = "true"

    def take_out(self, resource_id: str) -> None:
        """It has been restored."""
        del self.bin[resource_id]
        self.tags[resource_id].pop(IN_BIN, None)
        if resource_id in self.deleted_amis:
            self.deleted_amis.remove(resource_id)

    def delete_volume(self, volume_id: str) -> Volume:
        volume = super().delete_volume(volume_id)
        self.tags.pop(volume_id, None)
        return volume

    # Instances

    def all_machine_instances(self) -> Iterator[MachineInstance]:
        for reservation in list(self.reservations.values()):
            yield from reservation.instances

    def forget_terminated(self) -> None:
        """Drop instances that were terminated long ago, as EC2 does."""
        limit = time.time() - TERMINATED_STAYS
        for reservation_id, reservation in list(self.reservations.items()):
            kept = [i for i in reservation.instances if not (i.terminated_at and i.terminated_at < limit)]
            for instance in reservation.instances:
                if instance not in kept:
                    self.tags.pop(instance.id, None)
            reservation.instances = kept
            if not kept:
                del self.reservations[reservation_id]
                self.launch_tokens = {t: v for t, v in self.launch_tokens.items() if v[0] != reservation_id}

    def find_reservation(self, reservation_id: str) -> Reservation | None:
        return self.reservations.get(reservation_id)


def all_backends(region_name: str | None = None) -> list[tuple[str, CloudEC2Backend]]:
    """Every account's backend, of one Region or of all."""
    return [
        (account_id, backend)
        for account_id, region, backend in list(ec2_backends.iter_backends())
        if region_name in (None, region)
    ]


def image_refs_in_use() -> set[str]:
    """What is kept for some image, snapshot or instance of whatever account and Region."""
    used: set[str] = set()
    for _account, backend in all_backends():
        used.update(i.image_ref for i in backend.amis.values() if i.image_ref)
        used.update(s.image_ref for s in backend.snapshots.values() if getattr(s, "image_ref", None))
        used.update(b.resource.image_ref for b in backend.bin.values() if getattr(b.resource, "image_ref", None))
        used.update(i.image_ref for i in backend.all_machine_instances() if i.state != "terminated")
    return used


def collect_garbage(image_ref: str | None) -> None:
    """Have the file system removed when nothing needs it any more; base images stay."""
    cloud = runtime.current()
    if not image_ref or image_ref in image_refs_in_use():
        return
    if image_ref in {base.image_ref for base in cloud.machines.base_images()}:
        return

    def delete() -> None:
        with cloud.lock:
            if image_ref in image_refs_in_use():
                return
        cloud.machines.delete_image(image_ref)

    cloud.jobs.submit(f"image {image_ref}", delete)
