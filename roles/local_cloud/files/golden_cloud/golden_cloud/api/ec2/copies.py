# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CopyImage: another image of the same file system, in this account and Region."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_ami_id

from golden_cloud.api import keys
from golden_cloud.api.access import Identity
from golden_cloud.api.ec2 import lifecycle
from golden_cloud.api.ec2.backend import CloudEC2Backend, CloudSnapshot
from golden_cloud.api.ec2.image import Image, ImageVolume
from golden_cloud.api.ec2.tags import specified_tags
from golden_cloud.api.errors import CloudError
from golden_cloud.api.faults.fault import Fault

COPIED_VOLUME = "vol-ffffffff"
"""The volume that EC2 tells for the snapshots of copies."""

QUARTER = 15
DURATIONS = range(QUARTER, 48 * 60 + 1)
"""Minutes that a time-based copy may be given."""


class CopyOperations:
    """CopyImage; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any
    _free_name: Any
    _register: Any
    _given: Any
    identity: Identity
    image_fault: Fault | None

    def copy_image(self) -> ActionResult:
        backend = self.ec2_backend
        token, digest = self._get_param("ClientToken"), self._copy_digest()
        known = backend.copy_tokens.get(token) if token else None
        if known is not None and known[1] == digest:
            return ActionResult({"ImageId": known[0]})
        if known is not None:
            raise CloudError("IdempotentParameterMismatch", f"The ClientToken '{token}' was used with other parameters")
        region = self._get_param("SourceRegion")
        source = self._copy_source(region)
        name = self._free_name()
        tags = specified_tags(self._get_param("TagSpecifications", []), {"image", "snapshot"})
        kms_key, minutes = self._copy_key(), self._copy_minutes()
        self.error_on_dryrun()
        image = replace(
            source,
            ec2_backend=backend,
            id=random_ami_id(),
            name=name,
            owner_id=backend.account_id,
            owner_alias=None,
            description=self._get_param("Description") or source.description,
            creation_date=lifecycle.now(),
            state="pending",
            public=False,
            base=False,
            launch_permissions=[],
            last_launched=None,
            protected_until=None,
            deprecation_time=None,
            deregistration_protection="disabled",
            source_instance_id=None,
            source_image_id=source.id,
            source_image_region=region,
        )
        snapshot = self._copy_snapshot(source, image, kms_key)
        snapshot.add_tags(tags.get("snapshot", {}))
        snapshot.transfer_type = "time-based" if minutes else "standard"
        snapshot.completion_duration_minutes = minutes
        self._register(image, self._copy_tags(source, region, tags))
        if token:
            backend.copy_tokens[token] = (image.id, digest)
        trouble = self._key_trouble(source, kms_key)
        lifecycle.finish_copy(image, snapshot, source.image_ref, self.image_fault, trouble)
        return ActionResult({"ImageId": image.id})

    def _copy_digest(self) -> str:
        return hashlib.sha256(json.dumps(self._given(), sort_keys=True, default=str).encode()).hexdigest()

    def _copy_source(self, region: str | None) -> Image:
        if not region or region not in ec2_backends[self.ec2_backend.account_id]:
            raise CloudError("InvalidParameterValue", f"'{region}' is not a Region; SourceRegion must be one")
        there: CloudEC2Backend = ec2_backends[self.ec2_backend.account_id][region]
        source = there.find_image(self._get_param("SourceImageId") or "")
        if source.state != "available":
            raise CloudError("InvalidAMIID.Unavailable", f"The image '{source.id}' is {source.state}, not available")
        if source.owner_id != self.ec2_backend.account_id and not source.base:
            self._check_storage(there, source)
        if source.root_volume.encrypted and self._get_param("Encrypted") is False:
            text = f"Snapshot {source.root_volume.snapshot_id} is encrypted. Creating an unencrypted copy from an "
            raise CloudError("InvalidRequest", text + "encrypted snapshot is not supported.")
        return source

    @staticmethod
    def _check_storage(mine: CloudEC2Backend, source: Image) -> None:
        """Of a shared image the snapshots must be shared as well; ``mine`` is the caller's in the source's Region."""
        theirs = source.ec2_backend.snapshots
        shared = [i in theirs and mine.may_use_snapshot(theirs[i]) for i in source.snapshot_ids]
        if not all(shared):
            raise CloudError("InvalidRequest", "You do not have permission to access the storage of this ami")

    def _key_trouble(self, source: Image, key: str | None) -> str | None:
        """Why the source can't be read or the copy not be encrypted; EC2 notices it while it copies."""
        theirs = source.ec2_backend.snapshots
        found = [theirs[i].kms_key_id for i in source.snapshot_ids if i in theirs and theirs[i].encrypted]
        if all(keys.may_use(arn, self.identity, "ec2") for arn in [*found, *([key] if key else [])]):
            return None
        return "Given key ID is not accessible. You must have DescribeKey permissions on the default CMK."

    def _copy_key(self) -> str | None:
        """The ARN of the key that the request names."""
        key_id, backend = self._get_param("KmsKeyId"), self.ec2_backend
        if not key_id:
            return None
        if not self._get_param("Encrypted"):
            raise CloudError("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted")
        return keys.resolve(key_id, backend.account_id, backend.region_name)

    def _copy_minutes(self) -> int | None:
        minutes: int | None = self._get_param("SnapshotCopyCompletionDurationMinutes")
        if minutes is None or (minutes in DURATIONS and minutes % QUARTER == 0):
            return minutes
        raise CloudError(
            "InvalidParameterValue",
            f"Invalid value '{minutes}' for SnapshotCopyCompletionDurationMinutes: it must be from {DURATIONS[0]} to "
            f"{DURATIONS[-1]} minutes, in steps of {QUARTER}",
        )

    def _copy_snapshot(self, source: Image, image: Image, kms_key: str | None) -> CloudSnapshot:
        backend = self.ec2_backend
        root = source.root_volume
        encrypted = root.encrypted or bool(self._get_param("Encrypted"))
        if encrypted and not kms_key:
            kms_key = backend.default_kms_key_id or backend._create_default_encryption_key()
        volume = SimpleNamespace(id=COPIED_VOLUME, size=root.size, encrypted=encrypted, kms_key_id=kms_key)
        text = f"Copied for DestinationAmi {image.id} from SourceAmi {source.id} for SourceSnapshot {root.snapshot_id}."
        snapshot = backend.new_snapshot(volume, text, from_ami=image.id)
        copied = replace(root, snapshot_id=snapshot.id, encrypted=encrypted, kms_key_id=kms_key)
        others: list[ImageVolume] = [v for v in source.volumes if v is not root]
        image.volumes = [copied, *others]
        return snapshot

    def _copy_tags(self, source: Image, region: str, tags: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        kept: dict[str, str] = {}
        if self._get_param("CopyImageTags"):
            kept = dict(ec2_backends[self.ec2_backend.account_id][region].tags.get(source.id, {}))
        return {"image": kept | tags.get("image", {})}
