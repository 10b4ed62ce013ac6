# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EC2 response class: ours before moto's."""

from __future__ import annotations

from typing import Any

from moto.ec2.responses import EC2Response

from golden_cloud.api.ec2.attributes import AttributeOperations
from golden_cloud.api.ec2.bin import BinOperations
from golden_cloud.api.ec2.copies import CopyOperations
from golden_cloud.api.ec2.images import ImageOperations
from golden_cloud.api.ec2.instances import InstanceOperations
from golden_cloud.api.ec2.keys_and_groups import KeyAndGroupOperations
from golden_cloud.api.ec2.permissions import PermissionOperations
from golden_cloud.api.ec2.references import ReferenceOperations
from golden_cloud.api.ec2.retirement import RetirementOperations
from golden_cloud.api.ec2.tags import TagOperations
from golden_cloud.api.ec2.templates import TemplateOperations
from golden_cloud.api.ec2.usage import UsageOperations
from golden_cloud.api.ec2.volumes import VolumeOperations
from golden_cloud.api.service import CloudResponse


class CloudEC2Response(
    CloudResponse,
    InstanceOperations,
    AttributeOperations,
    ImageOperations,
    CopyOperations,
    PermissionOperations,
    RetirementOperations,
    VolumeOperations,
    KeyAndGroupOperations,
    TagOperations,
    TemplateOperations,
    BinOperations,
    ReferenceOperations,
    UsageOperations,
    EC2Response,
):
    """Every operation of EC2 that the catalogue lists."""

    # moto says "pending" of whatever RunInstances returns; a repeated call must tell the state that is.
    RESPONSE_KEY_PATH_TO_TRANSFORMER: dict[str, Any] = {
        path: transform
        for path, transform in EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
        if path != "RunInstances.Reservation.Instances.Instance.State"
    }
