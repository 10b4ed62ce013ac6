# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""ami_copy from its options to its result."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import time
import typing as t

from . import accounts as places
from . import calls, calls_copy
from .accounts import Accounts, Place
from .copy_plan import (
    Image,
    Options,
    Plan,
    Share,
    Step,
    Wish,
    make_step,
    name_problem,
    source_problem,
    step_problem,
    wish_problem,
)
from .copy_result import CopyError, failure, result_of
from .copy_world import Clients, Known, each, missing_shares, read_images, read_known, read_managed_keys
from .copying import How, apply

ARGUMENT_SPEC: dict[str, t.Any] = {
    **places.ARGUMENT_SPEC,
    "image_ids": {"type": "list", "elements": "str", "required": True},
    "source_region": {"type": "str"},
    "name": {"type": "str"},
    "description": {"type": "str"},
    "tags": {"type": "dict", "default": {}, "aliases": ["resource_tags"]},
    "encrypted": {"type": "bool"},
    "kms_keys": {"type": "dict", "default": {}, "no_log": False},
    "completion_minutes": {"type": "int"},
    "share": {"type": "bool", "default": True},
    "on_failure": {"type": "str", "choices": ["rollback", "keep"], "default": "rollback"},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 7200},
}

_AMI = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_KEY_ARN = re.compile(r"arn:[a-z-]+:kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):(?:key|alias)/.+")
_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
# What EC2 takes for copies that end within a time: 15 minutes to 48 hours, in steps.
_QUARTER, _LONGEST = 15, 2880

Result = dict[str, t.Any]


def run(module: t.Any) -> Result:
    """Copy, unless in check mode, and say what came of it."""
    params = module.params
    problems(option_problems(params))
    accounts = Accounts(module.client, module.region, params["role_name"])
    region = params["source_region"] or module.region
    targets = accounts.places(params["accounts"], params["regions"])
    _check_region(accounts, params, region)
    clients = Clients(accounts)
    options = Options(
        params["name"],
        params["description"],
        {str(key): str(value) for key, value in params["tags"].items()},
        params["encrypted"],
        params["completion_minutes"],
        params["share"],
    )
    plan = make_plan(
        clients, Place(clients.home, region), targets, list(dict.fromkeys(params["image_ids"])), options, params
    )
    if module.check_mode or not (plan.changed or any(step.action == "wait" for step in plan.steps)):
        return result_of(plan, None, plan.shares)
    how = How(
        wait=params["wait"],
        rollback=params["on_failure"] == "rollback",
        until=time.monotonic() + params["timeout"],
        clock=time.monotonic,
        sleep=time.sleep,
    )
    given, done = apply(clients, plan, how)
    result = result_of(plan, done, given)
    text = failure(done, params["timeout"])
    if text:
        raise CopyError(text, **result)
    return result


def problems(found: c.Iterable[str | None]) -> None:
    """Refuse with all that is wrong, before anything is written."""
    told = list(dict.fromkeys(filter(None, found)))
    if told:
        raise calls.AmiError("Nothing was copied. " + " ".join(told))


def option_problems(params: c.Mapping[str, t.Any]) -> c.Iterator[str]:
    """What is wrong whatever AWS says."""
    if not params["image_ids"]:
        yield "image_ids: name at least one AMI."
    for image_id in params["image_ids"]:
        if not _AMI.fullmatch(image_id):
            yield f"image_ids: {image_id} is no id of an AMI, which is like ami-0123456789abcdef0."
    if params["name"] is not None and len(set(params["image_ids"])) > 1:
        yield "name: several AMIs can't have one name. Copy one AMI with it, or leave it out to keep the names."
    if params["name"] is not None and not _NAME.fullmatch(params["name"]):
        yield f"name: {params['name']!r} is none for EC2: 3 to 128 letters, digits and ( ) [ ] space . / - ' @ _"
    if params["timeout"] < 1:
        yield "timeout: give one second at least."
    yield from _tag_problems(params["tags"])
    yield from _time_problems(params["completion_minutes"])
    yield from _key_problems(params)


def _tag_problems(tags: c.Mapping[str, t.Any]) -> c.Iterator[str]:
    for key, value in tags.items():
        if str(key).startswith("aws:"):
            yield f"tags: {key} is AWS's own: only AWS writes tags that begin with aws:."
        elif not 1 <= len(str(key)) <= 128 or len(str(value)) > 256:
            yield f"tags: {str(key)[:128]} is too long: EC2 takes 128 characters for a key and 256 for a value."


def _time_problems(minutes: int | None) -> c.Iterator[str]:
    if minutes is not None and (minutes % _QUARTER or not _QUARTER <= minutes <= _LONGEST):
        yield f"completion_minutes: {minutes} is not a multiple of {_QUARTER} from {_QUARTER} to {_LONGEST}."


def _key_problems(params: c.Mapping[str, t.Any]) -> c.Iterator[str]:
    keys = params["kms_keys"]
    if keys and params["encrypted"] is False:
        yield "kms_keys: with a key a copy is encrypted. Leave out encrypted: false, or the keys."
    for region, key in keys.items():
        arn = _KEY_ARN.fullmatch(str(key))
        if arn is not None and arn["region"] != region:
            yield f"kms_keys: the key for {region} is in {arn['region']}: {key}. Name a key that is in {region}."


def _check_region(accounts: Accounts, params: c.Mapping[str, t.Any], region: str) -> None:
    """An unknown Region has no endpoint; C(regions) are checked by now."""
    if params["source_region"] and region not in params["regions"]:
        known = calls.describe_regions(accounts.home.ec2())
        if region not in known:
            raise calls.AmiError(
                f"source_region: {region} is not a Region that account {accounts.home_account} has enabled."
                f" It has {', '.join(sorted(known))}."
            )


def make_plan(
    clients: Clients,
    home: Place,
    targets: c.Sequence[Place],
    ids: c.Sequence[str],
    options: Options,
    params: c.Mapping[str, t.Any],
) -> Plan:
    """Read what there is, and decide. Whatever is wrong is told here, all of it at once."""
    sources = read_images(clients, home, ids)
    problems(source_problem(one, home.region, home.account, sources.get(one)) for one in ids)
    _check_completion(clients, targets, options)
    keys = _keys(clients, home, targets, params)
    wishes = [Wish(sources[one], place, options, keys.get(place)) for place in targets for one in ids]
    managed = _managed(clients, home, sources.values(), targets)
    problems(wish_problem(wish, managed) for wish in wishes)
    by_place = [[wish for wish in wishes if wish.place == place] for place in targets]
    known = each(lambda some: read_known(clients, some), by_place)
    steps = [make_step(wish, there.copies) for some, there in zip(by_place, known, strict=True) for wish in some]
    problems([*map(step_problem, steps), *_name_problems(clients, steps, known)])
    return Plan(tuple(steps), _shares(clients, home, steps, options))


def _name_problems(clients: Clients, steps: c.Sequence[Step], known: c.Sequence[Known]) -> c.Iterator[str | None]:
    named = [ami for there in known for ami in there.named]
    yield from (name_problem(step, named) for step in steps)
    seen: dict[tuple[Place, str], str] = {}
    for step in (step for step in steps if step.makes):
        other = seen.setdefault((step.wish.place, step.wish.name), step.wish.source.id)
        if other != step.wish.source.id:
            yield (
                f"{step.wish.place}: {other} and {step.wish.source.id} have one name, {step.wish.name}. Copy one of them"
                " by itself, with another name."
            )


def _check_completion(clients: Clients, targets: c.Sequence[Place], options: Options) -> None:
    if options.completion_minutes and not calls_copy.can_set_completion(clients.ec2(targets[0])):
        raise calls.AmiError(
            "Nothing was copied. completion_minutes: this botocore is too old for copies that end within a time. Update"
            " botocore, or leave it out."
        )


def _keys(clients: Clients, home: Place, targets: c.Sequence[Place], params: c.Mapping[str, t.Any]) -> dict[Place, str]:
    """The ARN of the key for each place."""
    given: dict[str, str] = params["kms_keys"]
    if not given:
        return {}
    lacking = [place.region for place in targets if place.region not in given and place != home]
    if lacking:
        problems([f"kms_keys: there is no key for {', '.join(dict.fromkeys(lacking))}; there are {', '.join(given)}."])
    some = [place for place in targets if place.region in given]
    found = each(lambda place: calls_copy.describe_key(clients.kms(place), given[place.region]), some)
    told = [_key_problem(place, given[place.region], key) for place, key in zip(some, found, strict=True)]
    problems(told)
    return {place: str(key["Arn"]) for place, key in zip(some, found, strict=True) if key}


def _key_problem(place: Place, name: str, key: calls.Resource | None) -> str | None:
    if key is None:
        return (
            f"kms_keys: account {place.account} has no key {name} in {place.region}. Name one that is there, or make it"
            " first."
        )
    if key.get("KeyState", "Enabled") != "Enabled":
        return f"kms_keys: {name} in {place} is {key['KeyState']}. Enable it, or name another one."
    return None


def _managed(clients: Clients, home: Place, sources: t.Iterable[Image], targets: c.Sequence[Place]) -> set[str]:
    """Asked only where an encrypted AMI is to leave its account."""
    keys = {key for source in sources for key in source.keys}
    if not keys or all(place.account == home.account for place in targets):
        return set()
    return read_managed_keys(clients, home, keys)


def _shares(clients: Clients, home: Place, steps: c.Sequence[Step], options: Options) -> tuple[Share, ...]:
    """The permissions that are lacking, each with all the accounts that lack it."""
    wanted: dict[str, list[Image]] = {}
    for step in steps:
        if step.makes and step.wish.place.account != home.account:
            some = wanted.setdefault(step.wish.place.account, [])
            some.extend([] if step.wish.source in some else [step.wish.source])
    found = each(lambda one: missing_shares(clients, home.region, one[0], one[1]), list(wanted.items()))
    lacking: dict[tuple[str, str | None], Share] = {}
    for share in (share for some in found for share in some):
        key = (share.image_id, share.snapshot_id)
        before = lacking.get(key)
        lacking[key] = dataclasses.replace(share, accounts=(*(before.accounts if before else ()), *share.accounts))
    owners = {step.wish.source.id: step.wish.source.ami.owner for step in steps}
    problems(_share_problem(share, owners[share.image_id], home, options) for share in lacking.values())
    return tuple(lacking.values())


def _share_problem(share: Share, owner: str, home: Place, options: Options) -> str | None:
    accounts = ", ".join(share.accounts)
    if owner != home.account:
        return (
            f"image_ids: {share.image_id} is of account {owner}, which has not shared it and its snapshots with {accounts}:"
            " that account has to (golden.ami.ami_share)."
        )
    if options.share:
        return None
    return (
        f"share: {share.image_id} or its snapshots are not shared with {accounts}, and share is false. Let a task of"
        f" golden.ami.ami_share before this one have image_ids: [{share.image_id}] and targets: {{accounts: [{accounts}]}}, or leave"
        " share: false out."
    )
