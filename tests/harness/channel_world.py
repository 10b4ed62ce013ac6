# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS in memory that knows parameters, images and accounts: what the modules about channels need."""

from __future__ import annotations

import collections.abc as c
import datetime
import re
import threading
import typing as t
from dataclasses import dataclass, field

import botocore.exceptions
import botocore.validate

HOME, OTHER = "111111111111", "222222222222"
REGION, SECOND = "eu-west-1", "us-east-1"
ACCESS = {"region": REGION, "endpoint_url": "http://127.0.0.1:9", "access_key": "AKIDHOME", "secret_key": "local"}
START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)

Where = tuple[str, str]
Request = dict[str, t.Any]
Hook = c.Callable[[str, Where, Request], None]


def error(code: str, operation: str, message: str = "") -> botocore.exceptions.ClientError:
    told: t.Any = {"Error": {"Code": code, "Message": message or f"{code}, says the test"}}
    return botocore.exceptions.ClientError(told, operation)


def ami_id(number: int) -> str:
    return f"ami-{number:017x}"


@dataclass
class World:
    """Answers the calls of botocore's clients. C(hook) sees each call before it is answered, and may raise an error."""

    parameters: dict[Where, dict[str, list[Request]]] = field(default_factory=dict)
    images: dict[Where, dict[str, Request]] = field(default_factory=dict)
    calls: list[tuple[str, Where, Request]] = field(default_factory=list)
    hook: Hook | None = None
    # Moves on by an hour with each parameter that is written.
    now: datetime.datetime = START
    # What an operation answers that the world does not know itself; others that only look answer with nothing.
    answers: dict[str, c.Callable[[Where, Request], t.Any]] = field(default_factory=dict)
    volume_permissions: dict[str, list[Request]] = field(default_factory=dict)
    launch_permissions: dict[str, list[Request]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # What tests put in and look at

    def put(self, where: Where, name: str, value: str, description: str = "") -> None:
        versions = self.parameters.setdefault(where, {}).setdefault(name, [])
        self.now += datetime.timedelta(hours=1)
        versions.append(
            {
                "Name": name,
                "Value": value,
                "Description": description,
                "Version": len(versions) + 1,
                "LastModifiedDate": self.now,
                "LastModifiedUser": f"arn:aws:iam::{where[0]}:user/writer",
                "Type": "String",
            }
        )

    def image(self, where: Where, image_id: str, *, state: str = "available", **more: t.Any) -> Request:
        tags = more.pop("tags", {})
        made = {
            "ImageId": image_id,
            "OwnerId": where[0],
            "State": state,
            "CreationDate": "2026-11-01T00:00:00.000Z",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": image_id.replace("ami", "snap")}}
            ],
            **more,
        }
        self.images.setdefault(where, {})[image_id] = made
        return made

    def version(self, image: str, version: str, number: int, *places: Where, **tags: str) -> None:
        """A version that is in these places, each with an AMI of its own: number, number + 1 …"""
        for offset, where in enumerate(places):
            told = {"golden:image": image, "golden:version": version, **tags}
            self.image(where, ami_id(number + offset), tags=told)
            self.put(where, f"/golden/{image}/versions/{version}", ami_id(number + offset))

    def value(self, where: Where, name: str) -> str | None:
        versions = self.parameters.get(where, {}).get(name)
        return versions[-1]["Value"] if versions else None

    def tags(self, where: Where, image_id: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.images[where][image_id]["Tags"]}

    def writes(self) -> list[str]:
        reads = ("Describe", "Get", "List", "AssumeRole")
        return [operation for operation, _where, _request in self.calls if not operation.startswith(reads)]

    # The calls

    def __call__(self, client: t.Any, operation: str, request: Request) -> t.Any:
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        key = client._request_signer._credentials.access_key
        where = (key.removeprefix("ASIA") if key.startswith("ASIA") else HOME, client.meta.region_name)
        if self.hook:
            self.hook(operation, where, request)
        with self._lock:
            self.calls.append((operation, where, request))
            known = self.answers.get(operation) or getattr(self, f"_{operation}", None)
            return known(where, request) if known else _nothing(client, operation)

    def _GetCallerIdentity(self, where: Where, _request: Request) -> t.Any:
        return {"Account": where[0], "Arn": f"arn:aws:iam::{where[0]}:user/me"}

    def _AssumeRole(self, _where: Where, request: Request) -> t.Any:
        account = request["RoleArn"].split(":")[4]
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        keys = {"AccessKeyId": f"ASIA{account}", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
        return {"Credentials": keys}

    def _DescribeRegions(self, _where: Where, _request: Request) -> t.Any:
        return {"Regions": [{"RegionName": name} for name in (REGION, SECOND, "ap-south-1")]}

    def _GetParameters(self, where: Where, request: Request) -> t.Any:
        there = self.parameters.get(where, {})
        return {"Parameters": [there[name][-1] for name in request["Names"] if name in there]}

    def _GetParameter(self, where: Where, request: Request) -> t.Any:
        return {"Parameter": self._one(where, request["Name"], "GetParameter")[-1]}

    def _GetParameterHistory(self, where: Where, request: Request) -> t.Any:
        return {"Parameters": self._one(where, request["Name"], "GetParameterHistory")}

    def _GetParametersByPath(self, where: Where, request: Request) -> t.Any:
        start = f"{request['Path']}/"
        names = [name for name in self.parameters.get(where, {}) if name.startswith(start)]
        found = [name for name in names if request.get("Recursive") or "/" not in name.removeprefix(start)]
        return {"Parameters": [self.parameters[where][name][-1] for name in found]}

    def _PutParameter(self, where: Where, request: Request) -> t.Any:
        name = request["Name"]
        if name in self.parameters.get(where, {}) and not request.get("Overwrite"):
            raise error("ParameterAlreadyExists", "PutParameter")
        image = self.images.get(where, {}).get(request["Value"], {})
        if request.get("DataType") == "aws:ec2:image" and image.get("State") != "available":
            # AWS answers first, looks then, and tells nobody.
            return {"Version": 1}
        self.put(where, name, request["Value"], request.get("Description", ""))
        return {"Version": len(self.parameters[where][name])}

    def _DeleteParameter(self, where: Where, request: Request) -> t.Any:
        self._one(where, request["Name"], "DeleteParameter")
        del self.parameters[where][request["Name"]]
        return {}

    def _one(self, where: Where, name: str, operation: str) -> list[Request]:
        if name not in self.parameters.get(where, {}):
            raise error("ParameterNotFound", operation)
        return self.parameters[where][name]

    def _DescribeImages(self, where: Where, request: Request) -> t.Any:
        images = list(self.images.get(where, {}).values())
        for one in request.get("Filters", []):
            if one["Name"] == "image-id":
                images = [image for image in images if image["ImageId"] in one["Values"]]
            elif one["Name"].startswith("tag:"):
                key = one["Name"].removeprefix("tag:")
                images = [image for image in images if _tag(image, key) in one["Values"]]
            else:
                raise AssertionError(f"the world does not know the filter {one['Name']}")
        return {"Images": images}

    def _DescribeImageAttribute(self, _where: Where, request: Request) -> t.Any:
        return {"LaunchPermissions": self.launch_permissions.get(request["ImageId"], [])}

    def _ModifyImageAttribute(self, _where: Where, request: Request) -> t.Any:
        _change(self.launch_permissions.setdefault(request["ImageId"], []), request["LaunchPermission"])
        return {}

    def _DescribeSnapshotAttribute(self, _where: Where, request: Request) -> t.Any:
        return {"CreateVolumePermissions": self.volume_permissions.get(request["SnapshotId"], [])}

    def _ModifySnapshotAttribute(self, _where: Where, request: Request) -> t.Any:
        _change(self.volume_permissions.setdefault(request["SnapshotId"], []), request["CreateVolumePermission"])
        return {}

    def _DisableImage(self, where: Where, request: Request) -> t.Any:
        self.images[where][request["ImageId"]]["State"] = "disabled"
        self.launch_permissions[request["ImageId"]] = []
        return {"Return": True}

    def _EnableImage(self, where: Where, request: Request) -> t.Any:
        self.images[where][request["ImageId"]]["State"] = "available"
        return {"Return": True}

    def _CreateTags(self, where: Where, request: Request) -> t.Any:
        for name in request["Resources"]:
            image = self.images[where].get(re.sub("^snap", "ami", name))
            if image and name.startswith("ami"):
                keys = {tag["Key"] for tag in request["Tags"]}
                image["Tags"] = [tag for tag in image["Tags"] if tag["Key"] not in keys] + request["Tags"]
        return {}

    def _DeleteTags(self, where: Where, request: Request) -> t.Any:
        keys = {tag["Key"] for tag in request["Tags"]}
        for name in request["Resources"]:
            image = self.images[where][name]
            image["Tags"] = [tag for tag in image["Tags"] if tag["Key"] not in keys]
        return {}


def _nothing(client: t.Any, operation: str) -> t.Any:
    if not operation.startswith(("Describe", "Get", "List")):
        raise AssertionError(f"the world does not know {operation}")
    members = client.meta.service_model.operation_model(operation).output_shape.members
    return {name: [] for name, shape in members.items() if shape.type_name == "list"}


def _tag(image: Request, key: str) -> str | None:
    return next((tag["Value"] for tag in image["Tags"] if tag["Key"] == key), None)


def _change(permissions: list[Request], changes: Request) -> None:
    for one in changes.get("Remove", []):
        permissions.remove(one)
    permissions.extend(one for one in changes.get("Add", []) if one not in permissions)
