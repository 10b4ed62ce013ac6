# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud does not have it says, in the protocol of the service, once."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("service", "call", "options"),
    [
        (
            "ec2",
            "create_fleet",
            {"LaunchTemplateConfigs": [], "TargetCapacitySpecification": {"TotalTargetCapacity": 1}},
        ),
        ("ec2", "create_store_image_task", {"ImageId": "ami-1", "Bucket": "b"}),
        ("ssm", "send_command", {"DocumentName": "x"}),
        ("sts", "get_federation_token", {"Name": "me"}),
        ("iam", "generate_credential_report", {}),
        ("codebuild", "list_fleets", {}),
        ("codepipeline", "list_webhooks", {}),
        ("lambda", "list_functions", {}),
        ("sns", "list_platform_applications", {}),
        ("glue", "get_databases", {}),
        ("cloudformation", "list_stacks", {}),
        ("elbv2", "describe_rules", {}),
        ("elb", "describe_load_balancers", {}),
        ("route53", "list_hosted_zones", {}),
        ("cloudwatch", "list_metrics", {}),
        ("events", "list_archives", {}),
        ("imagebuilder", "list_images", {}),
    ],
)
def test_an_operation_that_is_not_there(
    cloud: Any, refused: Any, service: str, call: str, options: dict[str, Any]
) -> None:
    operation = "".join(word.capitalize() for word in call.split("_"))
    with refused("NotImplemented", operation):
        getattr(cloud.client(service), call)(**options)
    ours = [c for c in cloud.calls() if c["error"] == "NotImplemented"]
    assert [c["status"] for c in ours] == [501]  # one: clients do not try again


def test_an_option_that_would_be_ignored(ec2: Any, launch: Any, make_image: Any, refused: Any) -> None:
    with refused("UnsupportedOperation", "CpuOptions"):
        launch(CpuOptions={"CoreCount": 1})
    with refused("UnsupportedOperation", "SnapshotLocation"):
        make_image(SnapshotLocation="local")


def test_a_region_that_is_not_there(cloud: Any, refused: Any) -> None:
    with refused("InvalidParameterValue", "mars-north-1"):
        cloud.client("ec2", "mars-north-1").describe_instances()
