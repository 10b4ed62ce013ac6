# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operation of EC2 that another service of this cloud asks for, on behalf of an account."""

from __future__ import annotations

from typing import Any

from golden_cloud.api.access import PARTITION, Identity
from golden_cloud.api.ec2.responses import CloudEC2Response


def ec2(account_id: str, region: str, by: str) -> CloudEC2Response:
    """EC2 as a service calls it; ``by`` is its role."""
    response: Any = CloudEC2Response()
    arn = f"arn:{PARTITION}:iam::{account_id}:role/aws-service-role/{by}"
    response.identity = Identity("", account_id, arn, "")
    response.image_fault = None
    response.current_account, response.region, response.partition = account_id, region, PARTITION
    response.uri_match, response.querystring, response.headers = {}, {}, {}
    made: CloudEC2Response = response
    return made


def run_one(account_id: str, region: str, by: str, request: dict[str, Any]) -> Any:
    """Launch one instance; ``ServiceException`` as RunInstances has it."""
    response: Any = ec2(account_id, region, by)
    response.params = request | {"MinCount": 1, "MaxCount": 1}
    (instance,) = response.run_instances().result.instances
    return instance


def terminate(account_id: str, region: str, by: str, instance_ids: list[str]) -> None:
    """Terminate instances of the account, protected or not."""
    response: Any = ec2(account_id, region, by)
    for instance in response.ec2_backend.all_machine_instances():
        if instance.id in instance_ids:
            instance.disable_api_termination = False
    response.params = {"InstanceIds": instance_ids}
    response.terminate_instances()
