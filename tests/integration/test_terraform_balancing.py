# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups, load balancers and listeners that Terraform makes: it reads of them what it has written."""

from __future__ import annotations

import http.client
import secrets
from pathlib import Path

import pytest
from harness.cloud import Cloud
from harness.terraform import EMPTY, Terraform, plugins, program

CONFIGURATION = Path(__file__).with_name("terraform") / "balancing.tf"

pytestmark = [
    # The provider alone takes a minute to make a load balancer.
    pytest.mark.night,
    pytest.mark.terraform,
    pytest.mark.skipif(
        program() is None or plugins() is None,
        reason="no terraform with the AWS provider here: what it makes of load balancers is not shown",
    ),
]


def test_what_terraform_made_is_an_empty_plan_and_answers(cloud: Cloud, tmp_path: Path) -> None:
    ec2, elb = cloud.client("ec2"), cloud.client("elbv2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    given = {
        "name": f"tf-{secrets.token_hex(3)}",
        "vpc_id": vpc["VpcId"],
        "subnets": [one["SubnetId"] for one in ec2.describe_subnets(Filters=inside)["Subnets"]][:2],
        "security_group_ids": [
            one["GroupId"] for one in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        ][:1],
    }
    terraform = Terraform(cloud, tmp_path, given)
    terraform.add(CONFIGURATION)
    terraform.init()
    try:
        terraform.apply()
        second = terraform.plan()
        assert second.rc == EMPTY, second.output
        made = terraform.outputs()
        (group,) = elb.describe_target_groups(TargetGroupArns=[made["target_group"]])["TargetGroups"]
        assert (group["HealthCheckPath"], group["UnhealthyThresholdCount"]) == ("/health", 3)
        connection = http.client.HTTPConnection(made["address"], 18080, timeout=20)
        connection.request("GET", "/")
        assert connection.getresponse().status == 503
        connection.close()
    finally:
        terraform.destroy()
    left = [one["LoadBalancerName"] for one in elb.describe_load_balancers()["LoadBalancers"]]
    assert not [name for name in left if name.startswith(given["name"])]
