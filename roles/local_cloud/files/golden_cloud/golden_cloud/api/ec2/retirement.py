# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an AMI's life: deprecated, disabled, deregistered, or protected from that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult

from golden_cloud.api import runtime
from golden_cloud.api.ec2.backend import CloudEC2Backend, collect_garbage
from golden_cloud.api.ec2.image import second
from golden_cloud.api.errors import CloudError


class RetirementOperations:
    """Operations that retire images; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    error_on_dryrun: Any

    def deregister_image(self) -> ActionResult:
        backend = self.ec2_backend
        image = backend.own_image(self._get_param("ImageId"))
        if image.deregistration_protection.startswith("enabled"):
            raise CloudError(
                "OperationNotPermitted",
                f"The image '{image.id}' may not be deregistered: deregistration protection is enabled for it.",
            )
        if image.protected_until is not None and image.protected_until > datetime.now(UTC):
            raise CloudError(
                "OperationNotPermitted",
                f"The image '{image.id}' may not be deregistered before {second(image.protected_until)}: the cooldown "
                "of its deregistration protection is not over.",
            )
        self.error_on_dryrun()
        backend.remove_image(image)
        results = []
        if self._get_param("DeleteAssociatedSnapshots"):
            results = [self._delete_associated(snapshot_id) for snapshot_id in image.snapshot_ids]
        collect_garbage(image.image_ref)
        return ActionResult({"Return": True, "DeleteSnapshotResults": results})

    def _delete_associated(self, snapshot_id: str) -> dict[str, str]:
        try:
            self.ec2_backend.delete_snapshot(snapshot_id)
        except CloudError as error:
            code = "skipped" if error.code == "InvalidSnapshot.InUse" else "client-error"
            return {"SnapshotId": snapshot_id, "ReturnCode": code}
        return {"SnapshotId": snapshot_id, "ReturnCode": "success"}

    def disable_image(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        image.state = "disabled"
        image.launch_permissions = []
        return ActionResult({"Return": True})

    def enable_image(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        image.state = "available"
        return ActionResult({"Return": True})

    def enable_image_deprecation(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        moment = self._get_param("DeprecateAt")
        if moment is None:
            raise CloudError("MissingParameter", "The request must contain the parameter DeprecateAt")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if moment <= datetime.now(UTC):
            raise CloudError("InvalidParameterValue", "DeprecateAt must be a time in the future")
        self.error_on_dryrun()
        image.deprecation_time = moment
        return ActionResult({"Return": True})

    def disable_image_deprecation(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        image.deprecation_time = None
        return ActionResult({"Return": True})

    def enable_image_deregistration_protection(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        kind = "with" if self._get_param("WithCooldown") else "without"
        image.deregistration_protection = f"enabled-{kind}-cooldown"
        image.protected_until = None
        return ActionResult({"Return": "true"})

    def disable_image_deregistration_protection(self) -> ActionResult:
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        self.error_on_dryrun()
        if image.deregistration_protection == "enabled-with-cooldown":
            cooldown = timedelta(seconds=runtime.current().config.timings.deregistration_cooldown)
            image.protected_until = datetime.now(UTC) + cooldown
        image.deregistration_protection = "disabled"
        return ActionResult({"Return": "true"})
