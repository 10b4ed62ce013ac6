# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: one command turns the image wordpress into an AMI, and what boots from it is a working WordPress."""

from __future__ import annotations

import collections.abc as c
import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness.cloud import Cloud, Run
from harness.instances import Machine, launched
from harness.terraform import Terraform, plugins, program
from wordpress_site import WordPress

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def built(cloud: Cloud) -> Run:
    run = cloud.play("build_ami.yml", "-e", "image=wordpress")
    assert run.rc == 0, run.output
    assert run.recap("failed") == 0
    return run


@pytest.fixture(scope="module")
def instances(cloud: Cloud, built: Run) -> c.Iterator[list[Machine]]:
    """Two instances of the AMI."""
    # pytest ends the generator of a fixture.
    # pylint: disable-next=contextmanager-generator-missing-cleanup
    with launched(cloud, "wordpress", built.ami(), count=2) as pair:
        yield pair


def test_the_ami_and_its_snapshot_carry_the_tags(cloud: Cloud, built: Run) -> None:
    ec2 = cloud.client("ec2")
    image = ec2.describe_images(ImageIds=[built.ami()])["Images"][0]
    tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
    assert {"Name", "BuildDate", "BuildNumber", "CodeBuildProject"} <= set(tags)
    assert tags["BuiltBy"] == "Packer"
    assert tags["golden:image"] == "wordpress"
    for key in ("version", "fingerprint", "commit", "source-ami", "run", "packer", "ansible"):
        assert tags[f"golden:{key}"], key
    assert image["ImdsSupport"] == "v2.0"
    snapshot = ec2.describe_snapshots(SnapshotIds=[image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]])["Snapshots"][
        0
    ]
    assert {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]} == tags


def test_the_version_is_recorded(cloud: Cloud, built: Run) -> None:
    ssm = cloud.client("ssm")
    found = ssm.get_parameters_by_path(Path="/golden/wordpress/versions", Recursive=True)["Parameters"]
    assert [(p["Value"], p["DataType"]) for p in found] == [(built.ami(), "aws:ec2:image")]


def test_wordpress_works_and_survives_a_stop(cloud: Cloud, instances: list[Machine]) -> None:
    site = WordPress(instances[0].address)
    site.wait()
    assert "Success!" in site.install(PASSWORD)
    number = site.publish(PASSWORD, "First light", "It works from the outside.")
    reader = WordPress(instances[0].address)
    assert "It works from the outside." in reader.get(f"/?p={number}")

    ec2 = cloud.client("ec2")
    ids = [instances[0].id]
    ec2.stop_instances(InstanceIds=ids)
    ec2.get_waiter("instance_stopped").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    ec2.start_instances(InstanceIds=ids)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    reader.wait()
    assert "It works from the outside." in reader.get(f"/?p={number}")


def test_instances_of_one_ami_share_no_secret(cloud: Cloud, instances: list[Machine]) -> None:
    command = (
        "sudo sh -c 'cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id; "
        'grep -E "_KEY|_SALT|DB_PASSWORD" /var/lib/golden-wordpress/secrets.php\''
    )
    WordPress(instances[1].address).wait()
    first, second = (set(instance.run(command).splitlines()) for instance in instances)
    assert len(first) >= 11, first  # a host key, a machine id, eight salts, a password
    assert not {line for line in first & second if line.strip()}


def test_the_instance_says_what_it_is(cloud: Cloud, built: Run, instances: list[Machine]) -> None:
    release = json.loads(instances[0].run("cat /etc/golden-release.json"))
    image = cloud.client("ec2").describe_images(ImageIds=[built.ami()])["Images"][0]
    tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
    assert release["image"] == "wordpress"
    for key in ("version", "fingerprint", "commit", "run"):
        assert release[key] == tags[f"golden:{key}"], key


def test_the_same_build_again_has_nothing_to_do(cloud: Cloud, built: Run) -> None:
    before = cloud.inventory()
    again = cloud.play("build_ami.yml", "-e", "image=wordpress")
    assert again.rc == 0, again.output
    assert again.recap("changed") == 0, again.output
    assert again.ami() == built.ami()
    assert cloud.inventory() == before


def test_terraform_and_boto3_find_it_by_its_tags(cloud: Cloud, built: Run, tmp_path: Path) -> None:
    code = (
        "import boto3; print([i['ImageId'] for i in boto3.client('ec2').describe_images(Owners=['self'], "
        "Filters=[{'Name': 'tag:golden:image', 'Values': ['wordpress']}])['Images']])"
    )

    client = cloud.shell()
    done = subprocess.run([sys.executable, "-c", code], env=client, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"['{built.ami()}']"

    if program() is None or plugins() is None:
        pytest.skip("boto3 found it; no terraform with the AWS provider here to look for it as well")
    (tmp_path / "main.tf").write_text(
        'provider "aws" {}\n'
        'data "aws_ami" "wordpress" {\n  most_recent = true\n  owners = ["self"]\n'
        '  filter {\n    name = "tag:golden:image"\n    values = ["wordpress"]\n  }\n}\n'
        'output "id" { value = data.aws_ami.wordpress.id }\n'
    )
    terraform = Terraform(cloud, tmp_path)
    terraform.init()
    terraform.apply()
    assert terraform.outputs() == {"id": built.ami()}
