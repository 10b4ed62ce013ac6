# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed build leaves, made without one: tagged things in the cloud, and the record of a run whose process is gone."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from ansible_collections.golden.ami.plugins.module_utils._ami.processes import host_name
from ansible_collections.golden.ami.plugins.module_utils._packer.record import RunRecord
from harness.builds import DEBIAN
from harness.cloud import Cloud

REGION = "us-east-1"


@dataclass
class DeadRun:
    """A build of an image that was killed. Each method plants one thing that it left."""

    cloud: Cloud
    image: str
    scratch: Path
    id: str = field(default_factory=lambda: f"golden-{time.strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(3)}")

    def record(self, **more: t.Any) -> Path:
        """Write down the run; ``more`` are further fields of its record."""
        gone = subprocess.Popen(["true"])
        gone.wait()
        record = RunRecord(
            run_id=self.id,
            image=self.image,
            region=REGION,
            endpoint_url=f"http://127.0.0.1:{self.cloud.port}",
            profile="golden-local",
            pid=gone.pid,
            started=1,
            host=host_name(),
            scratch=str(self.scratch),
            **{"account": self.account(), **more},
        )
        with mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(self.cloud.home)}):
            record.write()
            return record.path

    def account(self) -> str:
        return str(self.cloud.client("sts").get_caller_identity()["Account"])

    def instance(self) -> str:
        parameter = self.cloud.client("ssm").get_parameter(Name=DEBIAN)["Parameter"]
        made = self._ec2().run_instances(
            ImageId=parameter["Value"],
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=self._tags("instance"),
        )
        return str(made["Instances"][0]["InstanceId"])

    def key_pair(self) -> str:
        made = self._ec2().create_key_pair(KeyName=self.id, TagSpecifications=self._tags("key-pair"))
        return str(made["KeyPairId"])

    def security_group(self) -> str:
        tags = self._tags("security-group")
        made = self._ec2().create_security_group(GroupName=self.id, Description="of a test", TagSpecifications=tags)
        return str(made["GroupId"])

    def volume(self) -> str:
        tags = self._tags("volume")
        made = self._ec2().create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=tags)
        return str(made["VolumeId"])

    def _ec2(self) -> t.Any:
        return self.cloud.client("ec2", REGION)

    def _tags(self, kind: str) -> list[dict[str, t.Any]]:
        return [{"ResourceType": kind, "Tags": [{"Key": "golden:run", "Value": self.id}]}]
