# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What ami_info tells of an AMI beyond DescribeImages; what cannot be read is said to be so, with the reason."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import boto3_tag_list_to_ansible_dict

from . import calls_images, calls_permissions
from .accounts import Place
from .at_once import at_once
from .calls import AmiError, Resource
from .cloud import Cloud
from .images import Ami, Disk, chunks
from .permissions import Permissions, described, permissions_of
from .references import Reference
from .steps import why

Result = dict[str, t.Any]
_OTHERS = "only the owner of {} can read them, which is account {}"


@dataclasses.dataclass(frozen=True)
class NotRead:
    place: Place
    what: str
    reason: str
    image_id: str | None = None

    def line(self) -> Result:
        return {
            "account": self.place.account,
            "region": self.place.region,
            "image_id": self.image_id,
            "what": self.what,
            "reason": self.reason,
        }


@dataclasses.dataclass(frozen=True)
class Details:
    """What was read of each AMI and each snapshot, by place and id. What is not in it was not read, or not asked for."""

    snapshots: dict[tuple[Place, str], Resource]
    launch: dict[tuple[Place, str], Permissions]
    volumes: dict[tuple[Place, str], Permissions]
    ancestry: dict[tuple[Place, str], list[Result]]
    not_read: list[NotRead]


@dataclasses.dataclass(frozen=True)
class _Question:
    kind: t.Literal["launch permissions", "volume permissions", "ancestry"]
    ami: Ami
    resource: str


def read_details(
    clouds: c.Mapping[Place, Cloud], amis: c.Sequence[Ami], *, permissions: bool, ancestry: bool
) -> Details:
    """Snapshots in one call for each place; permissions of each AMI and snapshot, and ancestry, in one call each."""
    details = Details({}, {}, {}, {}, [])
    _read_snapshots(clouds, amis, details)
    details.not_read.extend(
        NotRead(place, "last launched", "the installed botocore does not know LastLaunchedTime: install a newer one")
        for place in dict.fromkeys(ami.place for ami in amis)
        if not calls_images.knows_last_launched(clouds[place].ec2(place.region))
    )
    questions = []
    for ami in amis:
        if permissions:
            questions += _permission_questions(ami, details)
        if ancestry:
            questions += _ancestry_questions(clouds[ami.place], ami, details)
    unique = list({(one.kind, one.ami.place, one.resource): one for one in questions}.values())
    answers = at_once(lambda one: _ask(clouds[one.ami.place], one), unique)
    for question, answer in zip(unique, answers, strict=True):
        _keep(question, answer, details)
    return details


def _read_snapshots(clouds: c.Mapping[Place, Cloud], amis: c.Sequence[Ami], details: Details) -> None:
    places = list(dict.fromkeys(ami.place for ami in amis))

    def read(place: Place) -> list[Resource]:
        # Of a stranger's public AMI the snapshots are not public by that.
        ids = sorted({disk.snapshot_id for ami in amis if ami.place == place for disk in ami.snapshots})
        ec2 = clouds[place].ec2(place.region)
        return [one for some in chunks(ids) for one in calls_images.describe_all_snapshots(ec2, some)]

    for place, answer in zip(places, at_once(read, places), strict=True):
        if isinstance(answer, AmiError):
            details.not_read.append(NotRead(place, "snapshots", why(answer)))
        else:
            details.snapshots.update({(place, one["SnapshotId"]): one for one in answer})


def _permission_questions(ami: Ami, details: Details) -> list[_Question]:
    if ami.owner != ami.place.account:
        reason = _OTHERS.format(ami.image_id, ami.owner)
        details.not_read.append(NotRead(ami.place, "permissions", reason, ami.image_id))
        return []
    snapshots = dict.fromkeys(disk.snapshot_id for disk in ami.snapshots)
    return [
        _Question("launch permissions", ami, ami.image_id),
        *(_Question("volume permissions", ami, one) for one in snapshots),
    ]


def _ancestry_questions(cloud: Cloud, ami: Ami, details: Details) -> list[_Question]:
    if hasattr(cloud.ec2(ami.place.region), "get_image_ancestry"):
        return [_Question("ancestry", ami, ami.image_id)]
    reason = "the installed botocore does not know GetImageAncestry: install a newer one"
    details.not_read.append(NotRead(ami.place, "ancestry", reason, ami.image_id))
    return []


def _ask(cloud: Cloud, question: _Question) -> t.Any:
    ec2 = cloud.ec2(question.ami.place.region)
    if question.kind == "launch permissions":
        return permissions_of(calls_permissions.read_launch_permissions(ec2, question.resource))
    if question.kind == "volume permissions":
        return permissions_of(calls_permissions.read_volume_permissions(ec2, question.resource))
    return [_ancestor(one) for one in calls_images.read_ancestry(ec2, question.resource)]


def _keep(question: _Question, answer: t.Any, details: Details) -> None:
    key = (question.ami.place, question.resource)
    if isinstance(answer, AmiError):
        what = f"{question.kind} of {question.resource}"
        details.not_read.append(NotRead(question.ami.place, what, why(answer), question.ami.image_id))
    elif question.kind == "launch permissions":
        details.launch[key] = answer
    elif question.kind == "volume permissions":
        details.volumes[key] = answer
    else:
        details.ancestry[key] = answer


def _ancestor(entry: Resource) -> Result:
    return {
        "image_id": entry.get("ImageId"),
        "created": _time(entry.get("CreationDate")),
        "owner_alias": entry.get("ImageOwnerAlias"),
        "source_image_id": entry.get("SourceImageId"),
        "source_region": entry.get("SourceImageRegion"),
    }


def _time(moment: t.Any) -> str | None:
    """In UTC, as ISO 8601 has it."""
    if not isinstance(moment, datetime.datetime):
        return str(moment) if moment else None
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _disk(ami: Ami, disk: Disk, details: Details) -> Result:
    key = (ami.place, disk.snapshot_id)
    snapshot = details.snapshots.get(key)
    volumes = details.volumes.get(key)
    return {
        "snapshot_id": disk.snapshot_id,
        "device": disk.device,
        "size": disk.size,
        "encrypted": disk.encrypted,
        "kms_key_id": (snapshot or {}).get("KmsKeyId") or disk.kms_key_id,
        "tags": boto3_tag_list_to_ansible_dict(snapshot.get("Tags", [])) if snapshot else None,
        "volume_permissions": described(volumes) if volumes is not None else None,
    }


def told(ami: Ami, details: Details, references: c.Sequence[Reference] | None, now: datetime.datetime) -> Result:
    """The AMI as the module returns it."""
    key = (ami.place, ami.image_id)
    launch = details.launch.get(key)
    return {
        "account": ami.place.account,
        "region": ami.place.region,
        "image_id": ami.image_id,
        "name": ami.name,
        "description": ami.description,
        "state": ami.state,
        "owner": ami.owner,
        "architecture": ami.architecture,
        "image": ami.image,
        "version": ami.version,
        "tags": ami.tags,
        "created": _time(ami.created),
        "age_days": max((now - ami.created).days, 0),
        "last_launched": _time(ami.last_launched),
        "deprecated": ami.deprecated_at is not None and ami.deprecated_at <= now,
        "deprecated_at": _time(ami.deprecated_at),
        "protected": ami.protected,
        "public": ami.public,
        "encrypted": bool(ami.snapshots) and all(disk.encrypted for disk in ami.snapshots),
        "size": sum(disk.size for disk in ami.snapshots),
        "launch_permissions": described(launch) if launch is not None else None,
        "snapshots": [_disk(ami, disk, details) for disk in ami.snapshots],
        "source_image_id": ami.source_image_id,
        "source_region": ami.source_region,
        "source_ami": ami.tags.get("golden:source-ami"),
        "ancestry": details.ancestry.get(key),
        "references": [dataclasses.asdict(one) for one in references] if references is not None else None,
    }
