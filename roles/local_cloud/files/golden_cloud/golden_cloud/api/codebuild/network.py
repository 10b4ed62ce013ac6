# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service role of a build in a VPC must be allowed, though the container is on the cloud's own bridge.

On AWS such a build has a network interface of its own, which CodeBuild makes as the service role.
"""

from __future__ import annotations

from golden_cloud.api import permitted
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.codebuild.credentials import SERVICE
from golden_cloud.api.codebuild.outcome import Failure
from golden_cloud.api.errors import CloudError

ERROR = "VPC_CLIENT_ERROR"
_READS = (
    "DescribeDhcpOptions",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcs",
)


def require(build: Build, principal: str) -> None:
    """``Failure`` unless the role may do what CodeBuild would do with it."""
    place = f"arn:{PARTITION}:ec2:{build.region}:{build.account_id}"
    interface = f"{place}:network-interface/*"
    subnets = [f"{place}:subnet/{subnet}" for subnet in build.asked["vpcConfig"]["subnets"]]
    try:
        for action in _READS:
            permitted.require(principal, f"ec2:{action}", "*")
        for action in ("CreateNetworkInterface", "DeleteNetworkInterface"):
            permitted.require(principal, f"ec2:{action}", interface)
        permission = {"ec2:AuthorizedService": SERVICE, "ec2:Subnet": subnets[0]}
        permitted.require(principal, "ec2:CreateNetworkInterfacePermission", interface, permission)
    except CloudError as error:
        raise Failure(ERROR, f"Unexpected EC2 error: UnauthorizedOperation: {error.message}") from None
