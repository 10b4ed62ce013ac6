# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small EC2 of ``ec2_world`` with all that a retention reads and writes."""

from __future__ import annotations

import datetime
import typing as t
from collections import defaultdict
from dataclasses import dataclass, field

from harness.ec2_world import HOME, Place, Resource, World, refusal

REGION = "eu-west-1"
PLACE: Place = (HOME, REGION)


def ago(days: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)


def stamp(days: float) -> str:
    """A time so many days ago, as EC2 writes it."""
    return ago(days).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class PruneWorld(World):
    instances: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    templates: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    configurations: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    spot_requests: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    spot_fleets: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    fleets: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    recipes: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    usage: dict[Place, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    # The values of each parameter, the newest last, with the day before now on which each was written.
    parameters: dict[Place, dict[str, list[Resource]]] = field(default_factory=lambda: defaultdict(dict))

    def ami(
        self, version: int, *, days: float = 100, image: str | None = "web", place: Place = PLACE, **given: t.Any
    ) -> str:
        """An AMI of a version, made so many days ago; by its id."""
        own = {"golden:image": image, "golden:version": str(version), "golden:complete": "yes"} if image else {}
        made = self.image(
            place,
            image_id=given.pop("image_id", f"ami-{version:017x}"),
            CreationDate=stamp(days),
            Architecture="x86_64",
            tags=own | given.pop("tags", {}),
            **given,
        )
        if image:
            self.put(f"/golden/{image}/versions/{version}", made["ImageId"], place=place)
        return str(made["ImageId"])

    def disabled(self, version: int, since: float | None = 40, **given: t.Any) -> str:
        """One that is disabled, and known to be so since some days."""
        tags = {} if since is None else {"golden:disabled-at": ago(since).isoformat()}
        return self.ami(version, State="disabled", tags=tags, **given)

    def put(self, name: str, value: str, *, days: float = 50, description: str = "", place: Place = PLACE) -> None:
        history = self.parameters[place].setdefault(name, [])
        version = {"Name": name, "Type": "String", "Value": value, "Version": len(history) + 1}
        history.append({**version, "LastModifiedDate": ago(days), "Description": description})

    def run(self, image_id: str, *, place: Place = PLACE, state: str = "running") -> str:
        name = f"i-{next(self._ids):017x}"
        self.instances[place].append({"InstanceId": name, "ImageId": image_id, "State": {"Name": state}})
        return name

    def template(self, image_id: str, number: int, *, default: bool = False, place: Place = PLACE) -> None:
        self.templates[place].append(
            {
                "LaunchTemplateId": "lt-1",
                "LaunchTemplateName": "web",
                "VersionNumber": number,
                "DefaultVersion": default,
                "LaunchTemplateData": {"ImageId": image_id},
            }
        )

    def state(self, image_id: str, place: Place = PLACE) -> str | None:
        """None when it is gone."""
        found = self.images[place].get(image_id)
        return found["State"] if found else None

    # EC2

    def _DescribeImages(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        wanted = {one["Name"]: one["Values"] for one in request.get("Filters", [])}
        snapshots = wanted.pop("block-device-mapping.snapshot-id", None)
        filters = [{"Name": name, "Values": values} for name, values in wanted.items()]
        found = super()._DescribeImages(place, {**request, "Filters": filters})["Images"]
        if snapshots is not None:
            found = [
                one
                for one in found
                if set(snapshots) & {disk["Ebs"]["SnapshotId"] for disk in one["BlockDeviceMappings"]}
            ]
        return {"Images": found}

    def _DescribeSnapshots(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        found = super()._DescribeSnapshots(place, request)["Snapshots"]
        return {"Snapshots": [{"StartTime": ago(90), "VolumeSize": 8, **one} for one in found]}

    def _DescribeInstances(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        wanted = {one["Name"]: one["Values"] for one in request["Filters"]}
        found = [
            one
            for one in self.instances[place]
            if one["ImageId"] in wanted["image-id"] and one["State"]["Name"] in wanted["instance-state-name"]
        ]
        return {"Reservations": [{"Instances": found}]}

    def _DescribeLaunchTemplateVersions(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        found = self.templates[place]
        if "Versions" in request:
            latest = max((one["VersionNumber"] for one in found), default=0)
            found = [one for one in found if one["DefaultVersion"] or one["VersionNumber"] == latest]
        return {"LaunchTemplateVersions": list(found)}

    def _DeleteLaunchTemplateVersions(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        gone = {int(one) for one in request["Versions"]}
        self.templates[place] = [one for one in self.templates[place] if one["VersionNumber"] not in gone]
        return {"UnsuccessfullyDeletedLaunchTemplateVersions": []}

    def _DescribeAutoScalingGroups(self, place: Place, _request: Resource) -> Resource:  # noqa: N802
        return {"AutoScalingGroups": self.groups[place]}

    def _DescribeLaunchConfigurations(self, place: Place, _request: Resource) -> Resource:  # noqa: N802
        return {"LaunchConfigurations": self.configurations[place]}

    def _DescribeSpotInstanceRequests(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        (wanted,) = [one["Values"] for one in request["Filters"] if one["Name"] == "state"]
        return {"SpotInstanceRequests": [one for one in self.spot_requests[place] if one["State"] in wanted]}

    def _DescribeSpotFleetRequests(self, place: Place, _request: Resource) -> Resource:  # noqa: N802
        return {"SpotFleetRequestConfigs": self.spot_fleets[place]}

    def _DescribeFleets(self, place: Place, _request: Resource) -> Resource:  # noqa: N802
        return {"Fleets": self.fleets[place]}

    def _DescribeImageReferences(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        return {"ImageReferences": [one for one in self.recipes[place] if one["ImageId"] in request["ImageIds"]]}

    def _DescribeImageUsageReportEntries(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        return {"ImageUsageReportEntries": [one for one in self.usage[place] if one["ImageId"] in request["ImageIds"]]}

    def _DescribeImageAttribute(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        if request["Attribute"] == "launchPermission":
            return {"LaunchPermissions": self.images[place][request["ImageId"]].get("LaunchPermissions", [])}
        launched = self.images[place][request["ImageId"]].get("LastLaunchedTime")
        return {"LastLaunchedTime": {"Value": launched} if launched else {}}

    def _EnableImageDeprecation(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        if request["DeprecateAt"] <= datetime.datetime.now(datetime.UTC):
            raise refusal("EnableImageDeprecation", "InvalidParameterValue")
        self.images[place][request["ImageId"]]["DeprecationTime"] = request["DeprecateAt"].isoformat()
        return {}

    def _DisableImage(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        self.images[place][request["ImageId"]]["State"] = "disabled"
        return {}

    def _DeregisterImage(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        image = self.images[place].pop(request["ImageId"])
        if not request.get("DeleteAssociatedSnapshots"):
            return {}
        ids = [disk["Ebs"]["SnapshotId"] for disk in image["BlockDeviceMappings"]]
        return {"DeleteSnapshotResults": [{"SnapshotId": one, "ReturnCode": self._gone(place, one)} for one in ids]}

    def _gone(self, place: Place, snapshot_id: str) -> str:
        if self._uses(place, snapshot_id):
            return "skipped"
        del self.snapshots[place][snapshot_id]
        return "success"

    def _uses(self, place: Place, snapshot_id: str) -> bool:
        return any(
            disk["Ebs"]["SnapshotId"] == snapshot_id
            for image in self.images[place].values()
            for disk in image["BlockDeviceMappings"]
        )

    def _DeleteSnapshot(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        if self._uses(place, request["SnapshotId"]):
            raise refusal("DeleteSnapshot", "InvalidSnapshot.InUse")
        return super()._DeleteSnapshot(place, request)

    # SSM

    def _current(self, place: Place) -> dict[str, Resource]:
        return {name: history[-1] for name, history in self.parameters[place].items()}

    def _DescribeParameters(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        wanted = {one["Key"]: one["Values"] for one in request["ParameterFilters"]}
        return {
            "Parameters": [
                {"Name": name, "Type": "String"}
                for name in self._current(place)
                if "Path" not in wanted or name.rpartition("/")[0] in wanted["Path"]
            ]
        }

    def _GetParameters(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        return {"Parameters": [one for name, one in self._current(place).items() if name in request["Names"]]}

    def _GetParametersByPath(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        start = f"{request['Path']}/"
        found = [one for name, one in self._current(place).items() if name.startswith(start)]
        return {
            "Parameters": [one for one in found if request["Recursive"] or "/" not in one["Name"].removeprefix(start)]
        }

    def _GetParameterHistory(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        return {"Parameters": self.parameters[place][request["Name"]]}

    def _GetParameter(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        if request["Name"] not in self.parameters[place]:
            raise refusal("GetParameter", "ParameterNotFound")
        return {"Parameter": self._current(place)[request["Name"]]}

    def _PutParameter(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        if request["Name"] in self.parameters[place] and not request.get("Overwrite"):
            raise refusal("PutParameter", "ParameterAlreadyExists")
        self.put(request["Name"], request["Value"], days=0, place=place)
        return {}

    def _DeleteParameter(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        del self.parameters[place][request["Name"]]
        return {}

    def _DeleteParameters(self, place: Place, request: Resource) -> Resource:  # noqa: N802
        for name in request["Names"]:
            del self.parameters[place][name]
        return {}
