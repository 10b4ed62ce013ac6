# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs without a build: copies of a base image, in any account and Region of a local cloud."""

from __future__ import annotations

import secrets
import time
import typing as t
from dataclasses import dataclass, field

import boto3
from harness.builds import DEBIAN
from harness.cloud import Cloud

OTHER = "222222222222"
HOME_REGION, OTHER_REGION = "us-east-1", "eu-west-1"
ROLE = "arn:aws:iam::{}:role/OrganizationAccountAccessRole"


@dataclass
class Amis:
    """Makes AMIs of an image. ``version`` and ``image`` are of this test alone."""

    cloud: Cloud
    image: str = field(default_factory=lambda: f"web-{secrets.token_hex(3)}")
    version: str = field(default_factory=lambda: f"20261121093000-{secrets.token_hex(3)}")

    @property
    def account(self) -> str:
        return str(self.cloud.client("sts").get_caller_identity()["Account"])

    def client(self, service: str, region: str = HOME_REGION, account: str | None = None) -> t.Any:
        """One of the cloud's own account, or of another one."""
        if account in (None, self.account):
            return self.cloud.client(service, region)
        arn = ROLE.format(account)
        keys = self.cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="plant")["Credentials"]
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.cloud.port}",
            region_name=region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def plant(
        self, region: str = HOME_REGION, account: str | None = None, *, key: str | None = None, **tags: str
    ) -> str:
        """An AMI that is available. ``key`` encrypts it; ``tags`` are besides those of its image and version."""
        ec2 = self.client("ec2", region, account)
        parameter = self.client("ssm", region, account).get_parameter(Name=DEBIAN)["Parameter"]
        encrypted = {"Encrypted": True, "KmsKeyId": key} if key else {}
        made = ec2.copy_image(
            Name=f"{self.image} {secrets.token_hex(4)}",
            SourceImageId=parameter["Value"],
            SourceRegion=region,
            **encrypted,
        )["ImageId"]
        known = {"golden:image": self.image, "golden:version": self.version, "golden:complete": "yes", **tags}
        ec2.create_tags(Resources=[made], Tags=[{"Key": name, "Value": value} for name, value in known.items()])
        self._wait(ec2, made)
        return str(made)

    @staticmethod
    def _wait(ec2: t.Any, image_id: str) -> None:
        until = time.monotonic() + 120
        while ec2.describe_images(ImageIds=[image_id])["Images"][0]["State"] != "available":
            if time.monotonic() > until:
                raise AssertionError(f"{image_id} is not available after two minutes")
            time.sleep(0.2)

    def snapshot(self, image_id: str, region: str = HOME_REGION, account: str | None = None) -> str:
        (image,) = self.client("ec2", region, account).describe_images(ImageIds=[image_id])["Images"]
        return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])
