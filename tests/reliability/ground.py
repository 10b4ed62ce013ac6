# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ground that a row stands on: what there is in the cloud and on this machine, before it and after it.

Counted are, in each Region and account that was called since the row began: instances, key pairs, security groups, volumes,
snapshots, images, and parameters below /golden (versions and locks); on this machine records of runs, keys of runs, files
in the row's own temporary directory, and processes that the row started. The local cloud knows no spot requests.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError
from harness.builds import Bench, Result
from harness.cloud import Cloud

Inventory = dict[str, set[str]]
# Deletions are looked for so long, in seconds: an orphaned Packer ends its instance and waits for it.
PATIENCE = 60.0
REGION = "us-east-1"


def calls(cloud: Cloud) -> Path:
    return cloud.home / "golden.ami" / "local_cloud" / cloud.name / "calls.jsonl"


def regions_since(cloud: Cloud, offset: int) -> set[str]:
    """The Regions that were called since the record of calls was so many bytes long."""
    with calls(cloud).open("rb") as record:
        record.seek(offset)
        return {json.loads(line).get("region") or REGION for line in record if line.endswith(b"\n")} | {REGION}


def in_region(cloud: Cloud, region: str) -> Inventory:
    ec2 = cloud.client("ec2", region)
    instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    pages = cloud.client("ssm", region).get_paginator("get_parameters_by_path")
    found = {
        "instance": {i["InstanceId"] for i in instances if i["State"]["Name"] != "terminated"},
        "key pair": {k["KeyName"] for k in ec2.describe_key_pairs()["KeyPairs"]},
        "security group": {g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]},
        "volume": {v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]},
        "snapshot": {s["SnapshotId"] for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]},
        "image": {i["ImageId"] for i in ec2.describe_images(Owners=["self"])["Images"]},
        "parameter": {p["Name"] for page in pages.paginate(Path="/golden", Recursive=True) for p in page["Parameters"]},
    }
    return {kind: {f"{one} in {region}" for one in ids} for kind, ids in found.items()}


def on_this_machine(bench: Bench) -> Inventory:
    state = bench.cloud.home / "golden.ami"
    return {
        "record of a run": {str(path) for path in (state / "runs").glob("*")},
        "key of a run": {str(path) for path in (state / "keys").glob("golden-*")},
        # Python's directory for a socket that ansible-playbook listens on is left by one that was killed.
        "temporary file": {str(path) for path in bench.temporary.iterdir() if not path.name.startswith("pymp-")},
        "process": {f"{pid} {command}" for pid, command in bench.processes().items()},
    }


@dataclass
class Row:
    """One row of the suite: its bench, and what may be there when it is over."""

    cloud: Cloud
    bench: Bench
    before: Inventory = field(default_factory=dict)
    offset: int = 0
    # When the row began, in seconds of the clock on the wall.
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.before = self.everything()
        self.offset = calls(self.cloud).stat().st_size

    def everything(self) -> Inventory:
        found = on_this_machine(self.bench)
        for region in sorted(regions_since(self.cloud, self.offset)):
            for kind, ids in in_region(self.cloud, region).items():
                found.setdefault(kind, set()).update(ids)
        return found

    def new(self) -> Inventory:
        """What was not there before the row. In a Region that the row was the first to call, that is everything but defaults."""
        found = {kind: ids - self.before.get(kind, set()) for kind, ids in self.everything().items()}
        return {kind: ids for kind, ids in found.items() if ids}

    def calls(self) -> list[dict[str, t.Any]]:
        """The calls since the row began, oldest first."""
        with calls(self.cloud).open("rb") as record:
            record.seek(self.offset)
            return [json.loads(line) for line in record if line.endswith(b"\n")]

    def left(self, patience: float = PATIENCE) -> Inventory:
        """What is left after a while that deletions get."""
        end = time.monotonic() + patience
        while (new := self._without_defaults(self.new())) and time.monotonic() < end:
            time.sleep(0.5)
        return new

    def _without_defaults(self, found: Inventory) -> Inventory:
        """Each Region has security groups named default, which nobody made."""
        groups = found.get("security group", set())
        for region in {one.rpartition(" in ")[2] for one in groups}:
            default = self.cloud.client("ec2", region).describe_security_groups(
                Filters=[{"Name": "group-name", "Values": ["default"]}]
            )["SecurityGroups"]
            groups -= {f"{one['GroupId']} in {region}" for one in default}
        return {kind: ids for kind, ids in found.items() if ids}

    def good(self, result: Result, name: str, region: str = REGION) -> dict[str, t.Any]:
        """The truth about a build that says it is good: one AMI, complete, recorded, with snapshots that say the same; the rest is gone.

        Takes it away then, and gives the image as EC2 described it.
        """
        assert not result.failed, result
        assert len(result.amis) == 1, result
        return self.complete(result.amis[0], name, region)

    def complete(self, ami: str, name: str, region: str = REGION) -> dict[str, t.Any]:
        """Assert that an AMI is a whole one, and take it away with its snapshots and the record of its version."""
        ec2, ssm = self.cloud.client("ec2", region), self.cloud.client("ssm", region)
        (image,) = ec2.describe_images(ImageIds=[ami])["Images"]
        tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
        assert image["State"] == "available", image
        assert tags["golden:complete"] == "yes", tags
        assert tags["golden:image"] == name, tags
        parameter = f"/golden/{name}/versions/{tags['golden:version']}"
        assert ssm.get_parameter(Name=parameter)["Parameter"]["Value"] == ami
        snapshots = [m["Ebs"]["SnapshotId"] for m in image["BlockDeviceMappings"] if "Ebs" in m]
        assert snapshots
        for snapshot in ec2.describe_snapshots(SnapshotIds=snapshots)["Snapshots"]:
            assert {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]} == tags, "image and snapshot say the same"
        self.delete_image(ami, region)
        ssm.delete_parameter(Name=parameter)
        return dict(image)

    def delete_image(self, ami: str, region: str = REGION) -> None:
        ec2 = self.cloud.client("ec2", region)
        (image,) = ec2.describe_images(ImageIds=[ami])["Images"]
        ec2.deregister_image(ImageId=ami)
        for mapping in image["BlockDeviceMappings"]:
            if "Ebs" in mapping:
                ec2.delete_snapshot(SnapshotId=mapping["Ebs"]["SnapshotId"])

    def images(self, region: str = REGION) -> list[str]:
        """The AMIs that the row made and that are there."""
        return sorted(one.partition(" ")[0] for one in self.new().get("image", set()) if one.endswith(f" in {region}"))

    def remove(self, left: Inventory) -> None:
        """Take away what a row left, so that it does not burden the rows after it."""
        for process in left.get("process", set()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process.split()[0]), signal.SIGKILL)
        for path in (*left.get("record of a run", ()), *left.get("key of a run", ())):
            Path(path).unlink(missing_ok=True)
        order = ("instance", "image", "snapshot", "key pair", "security group", "volume", "parameter")
        for kind in order:
            for one in left.get(kind, set()):
                identifier, _unused, region = one.rpartition(" in ")
                # It may be gone with what it belonged to; what could not be removed has been reported as left.
                with contextlib.suppress(ClientError):
                    self._delete(kind, identifier, region)

    def _delete(self, kind: str, identifier: str, region: str) -> None:
        ec2 = self.cloud.client("ec2", region)
        if kind == "instance":
            ec2.terminate_instances(InstanceIds=[identifier])
            ec2.get_waiter("instance_terminated").wait(InstanceIds=[identifier], WaiterConfig={"Delay": 1})
        elif kind == "image":
            ec2.deregister_image(ImageId=identifier)
        elif kind == "snapshot":
            ec2.delete_snapshot(SnapshotId=identifier)
        elif kind == "key pair":
            ec2.delete_key_pair(KeyName=identifier)
        elif kind == "security group":
            ec2.delete_security_group(GroupId=identifier)
        elif kind == "volume":
            ec2.delete_volume(VolumeId=identifier)
        else:
            self.cloud.client("ssm", region).delete_parameter(Name=identifier)
