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
from moto.kms.models import kms_backends

from golden_cloud.api.ec2 import lifecycle
from golden_cloud.api.ec2.backend import CloudEC2Backend, CloudSnapshot
from golden_cloud.api.ec2.image import Image, ImageVolume
from golden_cloud.api.ec2.tags import specified_tags
from golden_cloud.api.errors import CloudError
from golden_cloud.api.faults.fault import Fault

COPIED_VOLUME = "vol-ffffffff"
"""The volume that EC2 tells for the snapshots of copies."""


class CopyOperations:
    """CopyImage; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any
    _free_name: Any
    _register: Any
    _given: Any
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
        kms_key = self._copy_key()
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
            deregistration_protection="disabled",
            source_instance_id=None,
            source_image_id=source.id,
            source_image_region=region,
        )
        snapshot = self._copy_snapshot(source, image, kms_key)
        snapshot.add_tags(tags.get("snapshot", {}))
        self._register(image, self._copy_tags(source, region, tags))
        if token:
            backend.copy_tokens[token] = (image.id, digest)
        lifecycle.finish_copy(image, snapshot, source.image_ref, self.image_fault)
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
        return source

    def _copy_key(self) -> str | None:
        """The ARN of the key that the request names."""
        key_id, backend = self._get_param("KmsKeyId"), self.ec2_backend
        if not key_id:
            return None
        if not self._get_param("Encrypted"):
            raise CloudError("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted")
        try:
            return str(kms_backends[backend.account_id][backend.region_name].describe_key(key_id).arn)
        except Exception as error:  # moto has several for a key that is not there
            text = f"The KMS key '{key_id}' can't be used in {backend.region_name}: {error}"
            raise CloudError("InvalidParameterValue", text) from error

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
