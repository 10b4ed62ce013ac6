# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts with AMIs, in memory, for the unit tests of modules: calls come in any order and from several threads.

``World()`` answers what botocore's clients ask, when it is put in place of their ``_make_api_call``. What a call is given is
validated by botocore's model; an operation that it does not have fails the test.
"""

from __future__ import annotations

import collections.abc as c
import datetime
import fnmatch
import json
import threading
import typing as t

import botocore.client
import botocore.exceptions
import botocore.validate
import pytest
from ansible.module_utils.testing import patch_module_args

HOME, OTHER, STRANGER = "111111111111", "222222222222", "999999999999"
REGIONS = ("eu-west-1", "us-east-1")
Resource = dict[str, t.Any]
Where = tuple[str, str]


def error(code: str, operation: str) -> botocore.exceptions.ClientError:
    told = {"Error": {"Code": code, "Message": f"{code}, says the test"}}
    return botocore.exceptions.ClientError(t.cast(t.Any, told), operation)


def _tags(tags: c.Mapping[str, str]) -> list[Resource]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class World:
    """C(deny) has codes by operation, or by operation and Region; C(answers) what an operation answers, or a function."""

    def __init__(self) -> None:
        self.images: dict[Where, dict[str, Resource]] = {}
        self.snapshots: dict[Where, dict[str, Resource]] = {}
        self.permissions: dict[str, list[Resource]] = {}
        self.parameters: dict[Where, dict[str, str]] = {}
        self.keys: dict[str, Resource] = {}
        self.deny: dict[str | tuple[str, str], str] = {}
        self.answers: dict[str, t.Any] = {}
        self.calls: list[tuple[str, Where, Resource]] = []
        self.block = "unblocked"
        self._lock = threading.Lock()
        self._count = 0

    def ami(self, account: str = HOME, region: str = "eu-west-1", **given: t.Any) -> str:
        """An AMI with one disk; C(tags), C(key) and fields of EC2's."""
        self._count += 1
        image_id, snapshot_id = f"ami-{self._count:017x}", f"snap-{self._count:017x}"
        tags, key = given.pop("tags", {}), given.pop("key", None)
        ebs = {"SnapshotId": snapshot_id, "VolumeSize": 8, "Encrypted": bool(key)}
        image = {
            "ImageId": image_id,
            "Name": f"web {self._count}",
            "OwnerId": account,
            "State": "available",
            "Architecture": "x86_64",
            "CreationDate": "2026-01-01T00:00:00.000Z",
            "Public": False,
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": ebs}, {"DeviceName": "/dev/sdb"}],
            "Tags": _tags(tags),
            **given,
        }
        snapshot = {"SnapshotId": snapshot_id, "OwnerId": account, "Tags": [], **({"KmsKeyId": key} if key else {})}
        self.images.setdefault((account, region), {})[image_id] = image
        self.snapshots.setdefault((account, region), {})[snapshot_id] = snapshot
        return image_id

    @staticmethod
    def snapshot_of(image_id: str) -> str:
        return image_id.replace("ami-", "snap-")

    def key(self, account: str = HOME, region: str = "eu-west-1", manager: str = "CUSTOMER", **statement: t.Any) -> str:
        """The ARN of a key; with a statement in its policy if one is given."""
        arn = f"arn:aws:kms:{region}:{account}:key/{len(self.keys)}"
        policy = json.dumps({"Statement": [statement] if statement else []})
        self.keys[arn] = {"KeyManager": manager, "Policy": policy, "Grants": []}
        return arn

    def share(self, image_id: str, account: str, region: str = "eu-west-1") -> None:
        """Let another account see it."""
        owner = next(one for (_account, where), some in self.images.items() if where == region for one in some.values())
        self.images.setdefault((account, region), {})[image_id] = owner

    def tags(self, resource: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._resource(resource)["Tags"]}

    def operations(self) -> list[str]:
        return sorted(operation for operation, _where, _request in self.calls)

    def writes(self) -> list[str]:
        reads = ("Describe", "Get", "List", "AssumeRole")
        return [operation for operation in self.operations() if not operation.startswith(reads)]

    def __call__(self, client: t.Any, operation: str, request: Resource) -> t.Any:
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(request, shape) if shape else None
        if report and report.has_errors():
            raise AssertionError(f"{operation}: {report.generate_report()}")
        key = client._request_signer._credentials.access_key
        where = (key.removeprefix("ASIA") if key.startswith("ASIA") else HOME, client.meta.region_name)
        with self._lock:
            self.calls.append((operation, where, request))
            code = self.deny.get(operation) or self.deny.get((operation, where[1]))
            if code:
                raise error(code, operation)
            if operation in self.answers:
                answer = self.answers[operation]
                return answer(where, request) if callable(answer) else answer
            method = getattr(self, f"_{operation}", None)
            if method is None:
                raise AssertionError(f"unexpected call: {operation} {request}")
            return method(where, request)

    def _resource(self, name: str) -> Resource:
        for places in (self.images, self.snapshots):
            for some in places.values():
                if name in some:
                    return some[name]
        raise AssertionError(f"there is no {name}")

    @staticmethod
    def _passes(resource: Resource, filters: list[Resource], names: dict[str, str]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}
        for one in filters:
            name = one["Name"]
            value = tags.get(name[4:]) if name.startswith("tag:") else resource[names[name]]
            if value is None or not any(fnmatch.fnmatchcase(value, wanted) for wanted in one["Values"]):
                return False
        return True

    def _GetCallerIdentity(self, where: Where, _request: Resource) -> Resource:
        return {"Account": where[0]}

    def _AssumeRole(self, _where: Where, request: Resource) -> Resource:
        account = request["RoleArn"].split(":")[4]
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        keys = {"AccessKeyId": f"ASIA{account}", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
        return {"Credentials": keys}

    def _DescribeRegions(self, _where: Where, _request: Resource) -> Resource:
        return {"Regions": [{"RegionName": region} for region in REGIONS]}

    def _DescribeImages(self, where: Where, request: Resource) -> Resource:
        names = {"image-id": "ImageId", "name": "Name", "state": "State", "architecture": "Architecture"}
        owners = {where[0] if owner == "self" else owner for owner in request.get("Owners", [])}
        found = [
            image
            for image in self.images.get(where, {}).values()
            if self._passes(image, request.get("Filters", []), names)
            and (not owners or image["OwnerId"] in owners)
            and (image["State"] != "disabled" or request.get("IncludeDisabled"))
        ]
        return {"Images": found}

    def _DescribeSnapshots(self, where: Where, request: Resource) -> Resource:
        some = self.snapshots.get(where, {}).values()
        return {
            "Snapshots": [one for one in some if self._passes(one, request["Filters"], {"snapshot-id": "SnapshotId"})]
        }

    def _CreateTags(self, _where: Where, request: Resource) -> Resource:
        for name in request["Resources"]:
            new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
            self._resource(name)["Tags"] = _tags({**self.tags(name), **new})
        return {}

    def _DeleteTags(self, _where: Where, request: Resource) -> Resource:
        gone = {tag["Key"] for tag in request["Tags"]}
        for name in request["Resources"]:
            self._resource(name)["Tags"] = _tags({k: v for k, v in self.tags(name).items() if k not in gone})
        return {}

    def _DescribeImageAttribute(self, _where: Where, request: Resource) -> Resource:
        return {"LaunchPermissions": list(self.permissions.get(request["ImageId"], []))}

    def _DescribeSnapshotAttribute(self, _where: Where, request: Resource) -> Resource:
        return {"CreateVolumePermissions": list(self.permissions.get(request["SnapshotId"], []))}

    def _ModifyImageAttribute(self, _where: Where, request: Resource) -> Resource:
        self._modify(request["ImageId"], request["LaunchPermission"])
        return {}

    def _ModifySnapshotAttribute(self, _where: Where, request: Resource) -> Resource:
        changes = request["CreateVolumePermission"]
        if len(changes) > 1:
            raise error("InvalidParameterCombination", "ModifySnapshotAttribute")
        self._modify(request["SnapshotId"], changes)
        return {}

    def _modify(self, name: str, changes: Resource) -> None:
        kept = [one for one in self.permissions.get(name, []) if one not in changes.get("Remove", [])]
        self.permissions[name] = kept + [one for one in changes.get("Add", []) if one not in kept]

    def _GetImageBlockPublicAccessState(self, _where: Where, _request: Resource) -> Resource:
        return {"ImageBlockPublicAccessState": self.block}

    def _GetSnapshotBlockPublicAccessState(self, _where: Where, _request: Resource) -> Resource:
        return {"State": self.block}

    def _GetParameter(self, where: Where, request: Resource) -> Resource:
        known = self.parameters.get(where, {})
        if request["Name"] not in known:
            raise error("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Name": request["Name"], "Value": known[request["Name"]]}}

    def _DescribeParameters(self, where: Where, _request: Resource) -> Resource:
        return {"Parameters": [{"Name": name} for name in self.parameters.get(where, {})]}

    def _GetParameters(self, where: Where, request: Resource) -> Resource:
        known = self.parameters.get(where, {})
        return {"Parameters": [{"Name": n, "Value": known[n]} for n in request["Names"] if n in known]}

    def _DescribeKey(self, _where: Where, request: Resource) -> Resource:
        return {"KeyMetadata": {"KeyId": request["KeyId"], "KeyManager": self.keys[request["KeyId"]]["KeyManager"]}}

    def _GetKeyPolicy(self, _where: Where, request: Resource) -> Resource:
        return {"Policy": self.keys[request["KeyId"]]["Policy"]}

    def _ListGrants(self, _where: Where, request: Resource) -> Resource:
        return {"Grants": self.keys[request["KeyId"]]["Grants"], "Truncated": False}


ACCESS = {"region": "eu-west-1", "endpoint_url": "http://127.0.0.1:9", "access_key": "AKIDLOCAL", "secret_key": "local"}


def install(monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty world in place of AWS."""
    made = World()
    # A function, so that it is bound to the client.
    # pylint: disable-next=unnecessary-lambda
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *given: made(*given))
    return made


def result_of(main: c.Callable[[], None], capsys: pytest.CaptureFixture[str], **options: t.Any) -> Resource:
    """What a module's own main() prints."""
    with patch_module_args({**ACCESS, **options}), pytest.raises(SystemExit):
        main()
    result: Resource = json.loads(capsys.readouterr().out)
    return result
