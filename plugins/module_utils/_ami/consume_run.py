# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""ami_consume from its options to its result."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import time
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from . import calls, calls_consume, calls_copy, calls_permissions, channels, consume_plan, table
from .accounts import Accounts, Place, check_accounts
from .base import channel_parameter
from .calls import AmiError
from .calls_parameters import get_caller, get_history
from .channels import PROMOTED
from .consume_plan import Grant, Named, Plan
from .copy_plan import COPY, Image, Options, Wish, make_step, name_problem, step_problem, wish_problem
from .copy_plan import Plan as CopyPlan
from .copy_plan import Step as CopyStep
from .copy_result import CopyError, failure
from .copy_world import Clients, read_images, read_known
from .copying import Done, How, apply
from .images import read_amis
from .moving import ChannelError, ChannelLocks, Mover
from .own_amis import check_ids
from .steps import why
from .tagging import check_tags
from .versions import REVOKED_TAG, check_version, version_parameter

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "channel": {"type": "str", "required": True},
    "publisher_account": {"type": "str", "required": True},
    "publisher_role": {"type": "str"},
    "publisher_channel": {"type": "str"},
    "version": {"type": "str"},
    "image_id": {"type": "str"},
    "copy": {"type": "bool", "default": False},
    "kms_key": {"type": "str", "no_log": False},
    "name": {"type": "str"},
    "tags": {"type": "dict", "default": {}, "aliases": ["resource_tags"]},
    "autoscaling_role": {"type": "str", "default": consume_plan.SERVICE_ROLE},
    "timeout": {"type": "int", "default": 7200},
}
MUTUALLY_EXCLUSIVE = [("publisher_channel", "version"), ("publisher_channel", "image_id")]

# For SSM to take what was written.
_READ_BACK = 120.0

Result = dict[str, t.Any]


def refuse(*problems: str | None) -> None:
    """Tell all of it, before anything is written."""
    told = consume_plan.refusal(problems)
    if told:
        raise AmiError(told)


def check_options(params: c.Mapping[str, t.Any]) -> dict[str, str]:
    """Refuse what can't be meant, before anything is called; the tags as texts."""
    channels.check_image(params["image"])
    channels.check_channel(params["channel"])
    if params["publisher_channel"]:
        channels.check_channel(params["publisher_channel"], "publisher_channel")
    if params["version"]:
        check_version(params["version"])
    check_ids([params["image_id"]] if params["image_id"] else [])
    check_accounts([params["publisher_account"]])
    refuse(*consume_plan.option_problems(params))
    return check_tags(params["tags"])


class Consumer:
    """Reads both accounts as far as it may, and decides."""

    def __init__(self, accounts: Accounts, region: str, params: c.Mapping[str, t.Any], tags: dict[str, str]) -> None:
        self.accounts = accounts
        self.clients = Clients(accounts)
        self.place = Place(accounts.home_account, region)
        self._params = params
        self._tags = tags
        self._there = Place(params["publisher_account"], region)

    def plan(self) -> Plan:
        params = self._params
        if self._there.account == self.place.account:
            refuse(
                f"publisher_account: these are credentials of account {self.place.account} itself, which has its own channels."
                " Run this with credentials of the account that is to consume."
            )
        named = self._by_role() if params["publisher_role"] else self._by_name()
        source = self._source(named)
        tags = consume_plan.wanted_tags(params["image"], named, self._there.account, self._there.region, self._tags)
        refuse(consume_plan.room_problem(tags, {} if params["copy"] else source.ami.tags))
        key = self._own_key()
        self._check_their_keys(source)
        copy = self._copy(source, tags, key) if params["copy"] else None
        keys = [key] if key else [] if params["copy"] else sorted(source.keys)
        record = version_parameter(params["image"], named.version)
        channel = channel_parameter(params["image"], params["channel"])
        values = calls.get_parameters(self.ssm, [record, channel])
        plan = Plan(
            image=params["image"],
            channel=params["channel"],
            version=named.version,
            publisher=self._there.account,
            source=source,
            place=self.place,
            grants=tuple(self._grants(keys)),
            copy=copy,
            tags=tags,
            lacking={} if copy else consume_plan.lacking_tags(tags, source.ami.tags),
            parameter=record,
            channel_parameter=channel,
            values=values,
            former=self._former(channel, values.get(channel)),
        )
        refuse(consume_plan.record_problem(record, values.get(record), plan.target))
        return plan

    @property
    def ssm(self) -> calls.Client:
        return self.accounts.home.ssm(self.place.region)

    # Which AMI it is

    def _by_role(self) -> Named:
        """The publisher's own word, read there."""
        params, cloud = self._params, self.accounts.cloud(self._there.account)
        image, version = params["image"], params["version"]
        image_id = params["image_id"]
        if not image_id:
            channel = params["publisher_channel"] or params["channel"]
            name = version_parameter(image, version) if version else channel_parameter(image, channel)
            image_id = calls.get_parameters(cloud.ssm(self._there.region), [name]).get(name)
            if not image_id:
                refuse(
                    f"There is no SSM parameter {name} in {self._there}, so that the publisher has no"
                    f" {f'version {version}' if version else f'channel {channel}'} of {image} in this Region."
                )
        found = read_amis(cloud, self._there, owners=(), image_ids=[str(image_id)])
        ami = next(iter(found), None)
        refuse(consume_plan.published_problem(ami, image, str(image_id), self._there, version))
        known = t.cast(t.Any, ami)
        return Named(known.image_id, version or known.version, known.tags)

    def _by_name(self) -> Named:
        """Without a way into the publisher's account: by an id that somebody gave, or by the name that builds give."""
        params = self._params
        version = params["version"]
        if params["image_id"]:
            return Named(params["image_id"], version)
        name = f"{params['image']}-{version.partition('/')[0]}"
        found = read_amis(self.accounts.home, self.place, owners=[self._there.account], names=[name])
        ami = consume_plan.newest_named(found)
        if ami is None:
            refuse(
                f"Account {self.place.account} sees no AMI {name} of account {self._there.account} in {self.place.region}: it is"
                " not shared with this account, or has another name (then say image_id), or these are credentials of another"
                " account than you mean."
            )
        return Named(t.cast(t.Any, ami).image_id, version)

    def _source(self, named: Named) -> Image:
        found = read_images(self.clients, self.place, [named.image_id]).get(named.image_id)
        refuse(
            consume_plan.shared_problem(
                found, named.image_id, self.place, self._there.account, copy=self._params["copy"]
            )
        )
        return t.cast(Image, found)

    # Keys

    def _own_key(self) -> str | None:
        name = self._params["kms_key"]
        if not name:
            return None
        key = calls_copy.describe_key(self.clients.kms(self.place), name)
        refuse(consume_plan.own_key_problem(name, key, self.place))
        return str(t.cast(t.Any, key)["Arn"])

    def _check_their_keys(self, source: Image) -> None:
        """Whether KMS lets the account in at all; what EBS will need beyond that only the publisher can know."""
        for key in sorted(source.keys):
            said: str | None = None
            try:
                if calls_copy.describe_key(self.clients.kms(self.place), key) is None:
                    said = "KMS does not find it"
            except AmiError as error:
                said = why(error)
            refuse(consume_plan.their_key_problem(key, source.id, self.place, said))

    def _grants(self, keys: c.Sequence[str]) -> c.Iterator[Grant]:
        """AWS keeps its own keys open for the account, and lets nobody grant them."""
        role = self._params["autoscaling_role"]
        kms = self.clients.kms(self.place)
        for key in keys if role else ():
            told = calls_permissions.describe_key(kms, key)
            if told.get("KeyManager") != "AWS":
                grantee = consume_plan.service_role(self.place.account, role, key.split(":")[1])
                yield Grant(key, grantee, consume_plan.is_granted(self._known_grants(key), grantee))

    def _known_grants(self, key: str) -> list[calls.Resource]:
        try:
            return calls_permissions.list_grants(self.clients.kms(self.place), key)
        except AmiError as error:
            refuse(consume_plan.grants_problem(key, self.place, why(error)))
            raise

    # The copy

    def _copy(self, source: Image, tags: dict[str, str], key: str | None) -> CopyStep:
        """As seen from the publisher's account, so that the AMI that is shared does not count as the consumer's."""
        theirs = dataclasses.replace(source, ami=dataclasses.replace(source.ami, place=self._there, tags={}))
        options = Options(name=self._params["name"], tags=tags)
        wish = Wish(theirs, self.place, options, key)
        refuse(wish_problem(wish, frozenset()))
        known = read_known(self.clients, [wish])
        step = make_step(wish, known.copies)
        found = step.found
        revoked = found is not None and found.ami.tags.get(REVOKED_TAG)
        refuse(
            step_problem(step),
            name_problem(step, known.named),
            f"{found.id} is revoked in account {self.place.account} ({revoked}). Take another version."
            if found is not None and revoked
            else None,
        )
        return step

    def _former(self, channel: str, before: str | None) -> str | None:
        """The version that the channel names so far, as it was written down."""
        entries = [channels.entry_of(one) for one in get_history(self.ssm, channel)] if before else []
        return next((entry.version for entry in reversed(entries) if entry.image_id == before), None)


def run(module: t.Any) -> Result:
    """Take the version, unless in check mode, and say what came of it."""
    params = module.params
    tags = check_options(params)
    accounts = Accounts(module.client, module.region, params["publisher_role"] or "")
    consumer = Consumer(accounts, module.region, params, tags)
    plan = consumer.plan()
    waits = plan.copy is not None and plan.copy.action == "wait"
    if module.check_mode or not (plan.changed or waits):
        return result_of(plan, plan.target)
    return result_of(plan, _apply(consumer, plan, params["timeout"]))


def _apply(consumer: Consumer, plan: Plan, timeout: int) -> str:
    """First what can be refused and does no harm; last what others read."""
    kms = consumer.clients.kms(plan.place)
    for grant in plan.grants:
        if not grant.there:
            calls_consume.create_grant(kms, grant.key, grant.grantee, grant.name)
    target = _made(consumer, plan, timeout) if plan.copy is not None else plan.source.id
    if plan.lacking:
        calls.create_tags(consumer.clients.ec2(plan.place), [target], ansible_dict_to_boto3_tag_list(plan.lacking))
    moves = plan.moves(target)
    if any(move.changes for move in moves):
        clouds = {plan.place: consumer.accounts.home}
        with ChannelLocks(clouds, plan.image, _READ_BACK):
            now = calls.get_parameters(consumer.ssm, [move.parameter for move in moves])
            if now != plan.values:
                raise ChannelError(
                    f"The parameters of {plan.image} in {plan.place} were changed by somebody else meanwhile: {now} instead of"
                    f" {plan.values}. No channel was moved. Run again if it is still to be.",
                    **result_of(plan, target),
                )
            Mover(clouds, PROMOTED, get_caller(consumer.accounts.home.sts()), _READ_BACK).apply(moves)
    return target


def _made(consumer: Consumer, plan: Plan, timeout: int) -> str:
    """The id of the copy, once it is there."""
    step = t.cast(CopyStep, plan.copy)
    if step.found is not None and step.action not in ("update", "wait"):
        return step.found.id
    how = How(wait=True, rollback=True, until=time.monotonic() + timeout, clock=time.monotonic, sleep=time.sleep)
    done: list[Done] = apply(consumer.clients, CopyPlan((step,)), how)[1]
    text = failure(done, timeout)
    if text:
        raise CopyError(f"{text} No channel was moved.", **result_of(plan, None))
    return str(done[0].image_id)


def result_of(plan: Plan, target: str | None) -> Result:
    lines = plan.lines(plan.target)
    return {
        "changed": plan.changed,
        "image": plan.image,
        "channel": plan.channel,
        "version": plan.version,
        "image_id": target,
        "source_image_id": plan.source.id,
        "publisher_account": plan.publisher,
        "copied": plan.copy is not None and plan.copy.action in (COPY, "replace"),
        "steps": lines,
        "table": table.lines([(one["kind"], one["resource"], one["action"], one["reason"]) for one in lines]),
        "diff": {"before": plan.before(), "after": plan.after(target)},
    }
