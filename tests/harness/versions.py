# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of images on a local cloud, in several accounts and Regions, without a build."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass, field

import boto3
from harness.cloud import Cloud

OTHER = "222222222222"
BASE = "/aws/service/debian/release/12/latest/amd64"


@dataclass
class Versions:
    """AMIs that are copies of a base image, with the tags and the parameters that a build gives them."""

    cloud: Cloud
    _clients: dict[tuple[str, str, str], t.Any] = field(default_factory=dict)

    @property
    def home(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def session(self, account: str) -> dict[str, str]:
        """Keys of an account, and the way to the cloud, in the names of the environment."""
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.cloud.port}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str, region: str = "us-east-1", account: str = "") -> t.Any:
        key = (service, region, account)
        if key not in self._clients:
            self._clients[key] = self._enter(*key) if account else self.cloud.client(service, region)
        return self._clients[key]

    def _enter(self, service: str, region: str, account: str) -> t.Any:
        if account == self.home:
            return self.cloud.client(service, region)
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.cloud.port}",
            region_name=region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def make(self, image: str, version: str, *places: tuple[str, str], **tags: str) -> list[str]:
        """A version in these places, each an account and a Region; the ids of its AMIs, in that order."""
        return [self._make_one(image, version, place, tags) for place in places]

    def _make_one(self, image: str, version: str, place: tuple[str, str], tags: dict[str, str]) -> str:
        account, region = place
        ec2, ssm = (self.client(service, region, account) for service in ("ec2", "ssm"))
        told = {"golden:image": image, "golden:version": version, "golden:complete": "yes", **tags}
        listed = [{"Key": key, "Value": value} for key, value in told.items()]
        made = str(
            ec2.copy_image(
                Name=f"{image}-{version}-{secrets.token_hex(3)}",
                SourceImageId=ssm.get_parameter(Name=BASE)["Parameter"]["Value"],
                SourceRegion=region,
                TagSpecifications=[{"ResourceType": kind, "Tags": listed} for kind in ("image", "snapshot")],
            )["ImageId"]
        )
        ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1})
        name = f"/golden/{image}/versions/{version}"
        ssm.put_parameter(Name=name, Value=made, Type="String", DataType="aws:ec2:image")
        return made

    def named(self, image: str, channel: str, *places: tuple[str, str]) -> list[str]:
        """What a channel names in each place."""
        return [
            self.client("ssm", region, account).get_parameter(Name=f"/golden/{image}/{channel}")["Parameter"]["Value"]
            for account, region in places
        ]
