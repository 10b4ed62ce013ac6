# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan of ami_prune over 1,000 AMIs costs, against one DescribeImages of them; and how many calls delete an AMI."""

from __future__ import annotations

import collections.abc as c
import typing as t
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from ansible_collections.golden.ami.plugins.module_utils._ami.prune import ARGUMENT_SPEC, run
from harness.builds import DEBIAN
from harness.calls import calls_since, mark, writes
from harness.cloud import Cloud
from promise import Promise, say, timed

IMAGES, VERSIONS = 10, 100
REGION = "us-east-1"
NAMES = [f"bench-{number}" for number in range(IMAGES)]


class Module:
    """What a module gives to its run(): options and clients. These are made once, as the other side's is."""

    def __init__(self, cloud: Cloud, options: dict[str, t.Any], *, check: bool) -> None:
        self.params = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()} | options
        self.region = REGION
        self.check_mode = check
        self._cloud = cloud
        self._clients: dict[tuple[str, str], t.Any] = {}

    def client(self, service: str, region: str | None = None, **_more: t.Any) -> t.Any:
        key = (service, region or REGION)
        if key not in self._clients:
            self._clients[key] = self._cloud.client(*key)
        return self._clients[key]

    def warn(self, text: str) -> None:
        say(text)


def plant(cloud: Cloud) -> None:
    """AMIs of ten images, each image with a channel, registered from one snapshot."""
    ec2, ssm = cloud.client("ec2", REGION), cloud.client("ssm", REGION)
    base = ssm.get_parameter(Name=DEBIAN)["Parameter"]["Value"]
    source = ec2.copy_image(Name="bench", SourceImageId=base, SourceRegion=REGION)["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[source], WaiterConfig={"Delay": 1})
    (mapping,) = ec2.describe_images(ImageIds=[source])["Images"][0]["BlockDeviceMappings"]

    def register(number: int) -> None:
        image, version = NAMES[number % IMAGES], f"{number // IMAGES:04}"
        tags = {"golden:image": image, "golden:version": version, "golden:complete": "yes"}
        made = ec2.register_image(
            Name=f"{image}-{version}",
            Architecture="x86_64",
            RootDeviceName=mapping["DeviceName"],
            VirtualizationType="hvm",
            BlockDeviceMappings=[
                {"DeviceName": mapping["DeviceName"], "Ebs": {"SnapshotId": mapping["Ebs"]["SnapshotId"]}}
            ],
            TagSpecifications=[
                {"ResourceType": "image", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
        )["ImageId"]
        if number // IMAGES == VERSIONS // 2:
            ssm.put_parameter(Name=f"/golden/{image}/prod", Value=made, Type="String")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(register, range(IMAGES * VERSIONS)))


def describe(ec2: t.Any) -> int:
    """One DescribeImages of them, as anybody would write it."""
    filters = [{"Name": "tag:golden:image", "Values": NAMES}]
    return len(
        ec2.describe_images(Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True, Filters=filters)["Images"]
    )


def seconds(work: c.Callable[[], t.Any], rounds: int) -> float:
    work()
    return median(timed(work)[0] for _round in range(rounds))


def measure_prune(cloud: Cloud, rounds: int = 5) -> list[Promise]:
    say(f"planting {IMAGES * VERSIONS} AMIs")
    plant(cloud)
    ec2: t.Any = cloud.client("ec2", REGION)
    if describe(ec2) != IMAGES * VERSIONS:
        raise SystemExit(f"{describe(ec2)} AMIs were planted, not {IMAGES * VERSIONS}")
    one = seconds(lambda: describe(ec2), rounds)
    options = {"images": NAMES, "max_count": 50}
    module = Module(cloud, options, check=True)
    before = mark(cloud)
    result = run(module)
    calls = calls_since(cloud, before)
    plan = seconds(lambda: run(module), rounds)
    say(
        f"DescribeImages of {IMAGES * VERSIONS} AMIs: {one:.2f} s; the plan: {plan:.2f} s, {len(calls)} calls, {result['counts']}"
    )
    at_once = {"images": NAMES, "disable_after": 0, "delete_after": 0, "max_count": 20}
    before = mark(cloud)
    deleted = run(Module(cloud, at_once, check=False))["counts"]["delete"]
    made = writes(calls_since(cloud, before))
    say(f"{deleted} AMIs deleted with {dict(made)}")
    return [
        Promise(f"prune plan of {IMAGES * VERSIONS} AMIs / one DescribeImages of them", plan / one, 1.5),
        Promise("delete calls for each AMI", (made["DeregisterImage"] + made["DeleteSnapshot"]) / max(deleted, 1), 1),
    ]
