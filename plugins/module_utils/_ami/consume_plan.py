# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What an account does with a version that another account shares with it: decisions without a call."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import hashlib
import json
import re
import typing as t

from .accounts import Place
from .calls import Resource
from .calls_consume import OPERATIONS
from .channels import Move
from .copy_plan import COPY, NONE, REPLACE, SOURCE_TAG, UPDATE, Image, own_tags
from .copy_plan import Step as CopyStep
from .images import Ami
from .key_access import missing_statements
from .permissions import ACCOUNT
from .quarantine import REMEDY, quarantine_problem
from .versions import REVOKED_TAG

PUBLISHER_TAG = "golden:publisher"
GRANT, TAG = "grant", "tag"
SERVICE_ROLE = "AWSServiceRoleForAutoScaling"
_SERVICE_PATH = "aws-service-role/autoscaling.amazonaws.com"
_ROLE = re.compile(r"[\w+=,.@-]{1,64}")
_NOTHING = "Nothing was changed."
_TAGS = 50


def option_problems(params: c.Mapping[str, t.Any]) -> c.Iterator[str]:
    """What is wrong whatever AWS says."""
    if not params["publisher_role"] and not params["version"]:
        yield (
            "version: without publisher_role nobody can read what the publisher's channels name. Say publisher_role, a role there"
            " that may read its parameters below /golden, or which version it is (and image_id, where the AMI is not called"
            " IMAGE-VERSION)."
        )
    if params["kms_key"] and not params["copy"]:
        yield "kms_key: only a copy of one's own can have a key of one's own: say copy: true, or leave kms_key out."
    if params["name"] and not params["copy"]:
        yield "name: it is for the copy: say copy: true, or leave name out."
    role = params["autoscaling_role"]
    if role and not _ROLE.fullmatch(role):
        yield f"autoscaling_role: {role!r} is no name of a role, such as {SERVICE_ROLE}; empty for none."
    if params["timeout"] < 1:
        yield "timeout: give one second at least."


@dataclasses.dataclass(frozen=True)
class Named:
    """What the publisher says: which AMI it is, which version, and the tags that it has there, if they can be read."""

    image_id: str
    version: str
    tags: dict[str, str] = dataclasses.field(default_factory=dict)


def newest_named(found: c.Sequence[Ami]) -> Ami | None:
    """Of several of one name, the one that was made last."""
    return max(found, key=lambda ami: (ami.created, ami.image_id), default=None)


def published_problem(ami: Ami | None, image: str, image_id: str, place: Place, version: str | None) -> str | None:
    """Why what the publisher names can't be taken. C(ami) is as the publisher sees it."""
    if ami is None:
        return f"{image_id} in {place}, which the publisher names, is gone: have it promote a version that is there."
    if ami.image != image:
        told = f"an AMI of {ami.image}" if ami.image else "without the tag golden:image"
        return f"{image_id} in {place} is {told}, and {image} was asked for."
    if not ami.version:
        return f"{image_id} in {place} has no tag golden:version, so that its version is not known."
    if version and version.partition("/")[0] != ami.version:
        return f"{image_id} in {place} is version {ami.version} of {image}, not {version}."
    if REVOKED_TAG in ami.tags:
        return f"{image_id} in {place}, version {ami.version} of {image}, is revoked ({ami.tags[REVOKED_TAG]}). Take another one."
    quarantine = quarantine_problem(ami)
    return f"{quarantine}. {REMEDY}" if quarantine else None


def shared_problem(source: Image | None, image_id: str, place: Place, publisher: str, *, copy: bool) -> str | None:
    """Why an AMI can't be used by the account, as the account itself sees it."""
    if source is None:
        return (
            f"Account {place.account} sees no AMI {image_id} in {place.region}: account {publisher} has not shared it with this"
            " account. It has to (distribution.share in the image's definition, or golden.ami.ami_share); or these are"
            " credentials of another account than you mean."
        )
    ami = source.ami
    if ami.owner != publisher:
        return f"{image_id} in {place.region} is of account {ami.owner}, not of the publisher {publisher}: it is not taken."
    if ami.state != "available":
        return f"{image_id} in {place.region} is {ami.state}, and has to be available."
    if REVOKED_TAG in ami.tags:
        return f"{image_id} is revoked in account {place.account} ({ami.tags[REVOKED_TAG]}). Take another version."
    quarantine = quarantine_problem(ami)
    if quarantine:
        return f"{quarantine}. {REMEDY}"
    if (copy or source.encrypted) and not ami.public and len(source.snapshots) < len(ami.snapshots):
        return (
            f"{image_id} in {place.region} is shared by account {publisher}, its snapshots are not: account {publisher} has to"
            f" share them with account {place.account} as well (golden.ami.ami_share does)."
        )
    return None


def own_key_problem(name: str, key: Resource | None, place: Place) -> str | None:
    """Why a key of the account can't encrypt disks."""
    if key is None:
        return f"kms_key: account {place.account} has no key {name} in {place.region}. Name one that is there, or make it first."
    if key.get("KeyState", "Enabled") != "Enabled":
        return f"kms_key: {name} in {place} is {key['KeyState']}. Enable it, or name another one."
    usage, spec = key.get("KeyUsage", "ENCRYPT_DECRYPT"), key.get("KeySpec", "SYMMETRIC_DEFAULT")
    if (usage, spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
        return f"kms_key: {name} in {place} is a key for {usage} ({spec}), and disks need a symmetric one for ENCRYPT_DECRYPT."
    return None


def their_key_problem(key: str, image_id: str, place: Place, why: str | None) -> str | None:
    """Why a key of the publisher's can't be used; C(why) is what KMS said, None when it let the account in."""
    if why is None:
        return None
    statements = ",\n".join(
        json.dumps(one, indent=2) for one in missing_statements(frozenset({(ACCOUNT, place.account)}))
    )
    return (
        f"{image_id} is encrypted with {key}, which account {place.account} may not use ({why}). Its owner has to add this to the"
        f" policy of the key:\n{statements}"
    )


def grants_problem(key: str, place: Place, why: str) -> str:
    """What helps when it can't be seen whether a key has the grant."""
    whose = (
        "" if key.split(":")[4] == place.account else f", of which its owner has to allow account {place.account} both"
    )
    return (
        f"Whether Auto Scaling may use {key} can't be seen ({why}). That needs kms:ListGrants beside kms:CreateGrant{whose}."
        " Or say copy: true with a kms_key of this account; or autoscaling_role: '' when no Auto Scaling group uses the AMI."
    )


def wanted_tags(image: str, named: Named, publisher: str, region: str, given: c.Mapping[str, str]) -> dict[str, str]:
    """The tags that the AMI gets in the consumer's account: the publisher's, as far as known; tags never cross accounts."""
    return {
        **own_tags(named.tags),
        "golden:image": image,
        "golden:version": named.version,
        "golden:complete": "yes",
        PUBLISHER_TAG: f"{publisher}/{region}/{named.image_id}",
        **given,
    }


def room_problem(wanted: c.Mapping[str, str], found: c.Mapping[str, str]) -> str | None:
    """Refuse what would have too many tags in the end. A copy says of itself what it was copied from."""
    count = sum(not key.startswith("aws:") for key in {*wanted, *found, SOURCE_TAG})
    return f"tags: the AMI would have {count} tags, and EC2 takes {_TAGS}. Give fewer." if count > _TAGS else None


def lacking_tags(wanted: c.Mapping[str, str], found: c.Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in wanted.items() if found.get(key) != value}


@dataclasses.dataclass(frozen=True)
class Grant:
    """A grant that a key has, or lacks, for the role that launches instances."""

    key: str
    grantee: str
    there: bool

    @property
    def name(self) -> str:
        """One name for one use, so that KMS knows the same request again."""
        return f"golden-{hashlib.sha256(self.grantee.encode()).hexdigest()[:16]}"

    def line(self) -> dict[str, t.Any]:
        reason = "it may use the key already" if self.there else "it could not start instances from encrypted disks"
        return _line(GRANT, self.key, NONE if self.there else GRANT, f"{self.grantee}: {reason}")


def is_granted(grants: c.Iterable[c.Mapping[str, t.Any]], grantee: str) -> bool:
    """Whether one grant without conditions lets the role do all that it needs."""
    return any(
        grant.get("GranteePrincipal") == grantee
        and set(OPERATIONS) <= set(grant.get("Operations", []))
        and not any((grant.get("Constraints") or {}).values())
        for grant in grants
    )


def service_role(account: str, role: str, partition: str) -> str:
    """The ARN of Auto Scaling's own role; one with a suffix has the same path."""
    return f"arn:{partition}:iam::{account}:role/{_SERVICE_PATH}/{role}"


def record_problem(parameter: str, recorded: str | None, target: str | None) -> str | None:
    """A version is written once."""
    if recorded is None or recorded == target:
        return None
    return (
        f"{parameter} names {recorded} already, and now it would be {target or 'a copy that is still to be made'}: a version is"
        " recorded once. Ask for it as it was consumed before (copy, image_id), or remove that parameter first."
    )


@dataclasses.dataclass(frozen=True)
class Plan:
    """All that is to be done. C(target) is None while the copy that it will be is not there."""

    image: str
    channel: str
    version: str
    publisher: str
    source: Image
    place: Place
    grants: tuple[Grant, ...]
    copy: CopyStep | None
    tags: dict[str, str]
    lacking: dict[str, str]
    parameter: str
    channel_parameter: str
    values: dict[str, str]
    former: str | None = None

    @property
    def target(self) -> str | None:
        if self.copy is None:
            return self.source.id
        return self.copy.found.id if self.copy.found is not None else None

    @property
    def changed(self) -> bool:
        return any(line["action"] not in (NONE, "wait") for line in self.lines(self.target))

    def lines(self, target: str | None) -> list[dict[str, t.Any]]:
        found = [grant.line() for grant in self.grants]
        if self.copy is not None:
            found.append(_line(COPY, self.source.id, self.copy.action, self.copy.reason))
        else:
            found.append(_tag_line(self.source.id, self.lacking))
        found += [
            _parameter_line(name, self.values.get(name), target) for name in (self.parameter, self.channel_parameter)
        ]
        return found

    def moves(self, target: str) -> list[Move]:
        """The record of the version, and the channel."""
        told = f"consumed from {self.publisher}"
        return [
            Move(self.place, channel, name, self.values.get(name), target, former, self.version, told)
            for name, channel, former in (
                (self.parameter, "versions", None),
                (self.channel_parameter, self.channel, self.former),
            )
        ]

    def before(self) -> dict[str, t.Any]:
        found = self.copy.found if self.copy is not None else self.source
        return {
            "grants": {grant.key: [grant.grantee] if grant.there else [] for grant in self.grants},
            "ami": {"image_id": found.id if found else None, "tags": own_tags(found.ami.tags) if found else {}},
            "parameters": {
                name: {"image_id": self.values.get(name)} for name in (self.parameter, self.channel_parameter)
            },
        }

    def after(self, target: str | None) -> dict[str, t.Any]:
        found = self.copy.found if self.copy is not None else self.source
        more = (
            self.copy.wish.own
            if self.copy is not None and self.copy.action in (COPY, REPLACE, UPDATE)
            else self.lacking
        )
        return {
            "grants": {grant.key: [grant.grantee] for grant in self.grants},
            "ami": {"image_id": target, "tags": {**(own_tags(found.ami.tags) if found else {}), **more}},
            "parameters": {name: {"image_id": target} for name in (self.parameter, self.channel_parameter)},
        }


def _tag_line(image_id: str, lacking: c.Mapping[str, str]) -> dict[str, t.Any]:
    if not lacking:
        return _line(TAG, image_id, NONE, "it has its tags in this account")
    return _line(TAG, image_id, TAG, f"in this account it lacks {', '.join(sorted(lacking))}")


def _parameter_line(name: str, before: str | None, target: str | None) -> dict[str, t.Any]:
    if before is not None and before == target:
        return _line("parameter", name, NONE, f"it names {before} already")
    reason = f"it names {before}" if before else "it is not there yet"
    return _line("parameter", name, "move" if before else "create", reason)


def _line(kind: str, resource: str, action: str, reason: str) -> dict[str, t.Any]:
    return {"kind": kind, "resource": resource, "action": action, "reason": reason}


def refusal(problems: c.Iterable[str | None]) -> str | None:
    """All that is wrong, as one message."""
    told = list(dict.fromkeys(problem for problem in problems if problem))
    return f"{_NOTHING} {' '.join(told)}" if told else None
