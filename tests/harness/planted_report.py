# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report may be made of: three images on each other, in two accounts and Regions, as values."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.details import NotRead
from ansible_collections.golden.ami.plugins.module_utils._ami.images import Ami, Disk
from ansible_collections.golden.ami.plugins.module_utils._ami.prune_result import Told
from ansible_collections.golden.ami.plugins.module_utils._ami.references import Reference
from ansible_collections.golden.ami.plugins.module_utils._report.assemble import assemble
from ansible_collections.golden.ami.plugins.module_utils._report.facts import Facts, Named, Wanted, World
from harness.insides import AFTER, BEFORE, kept

NOW = datetime.datetime(2026, 11, 22, 17, 0, tzinfo=datetime.UTC)
HOME, AWAY = Place("111111111111", "eu-west-1"), Place("222222222222", "us-east-1")
DEBIAN = "ami-0dead0beef0000001"
# What somebody may call things who means harm.
HOSTILE = "</title><script>alert('x')</script>|`*[a](javascript:1)"


def ami(image: str, version: str, number: int, days: float, place: Place = HOME, **given: t.Any) -> Ami:
    tags = {"golden:image": image, "golden:version": version, **given.pop("tags", {})}
    known: dict[str, t.Any] = {
        "place": place,
        "image_id": f"ami-{number:017x}",
        "name": f"{image}-{version}",
        "description": "",
        "state": "available",
        "owner": place.account,
        "created": NOW - datetime.timedelta(days=days),
        "deprecated_at": None,
        "protected": False,
        "public": False,
        "architecture": "x86_64",
        "snapshots": (Disk(f"snap-{number:017x}", "/dev/xvda", 8, True),),
        "tags": tags,
        "source_image_id": None,
        "source_region": None,
    }
    return Ami(**{**known, **given})


def _made(source: str, tested: str = "passed 2026-11-21T09:41:07Z by run 4f2a") -> dict[str, str]:
    return {"golden:source-ami": source, "golden:tested": tested}


def _named(channel: str, image: Ami, days: float, **given: t.Any) -> Named:
    told = {"version": image.version, "how": "promoted", "by": "arn:aws:sts::111111111111:assumed-role/release/jo"}
    since = NOW - datetime.timedelta(days=days)
    return Named(channel, image.place, image.image_id, since, **{**told, **given})


def _pruned(image: Ami, action: str, reason: str) -> Told:
    return Told(image, action, reason, None, image.state, image.state)


def _base() -> Facts:
    old = ami("base", "20261001060000", 11, 52, tags=_made(DEBIAN), deprecated_at=NOW - datetime.timedelta(days=15))
    new = ami("base", "20261115060000", 12, 7, tags=_made(DEBIAN))
    copy = ami("base", "20261115060000", 13, 7, AWAY, tags=_made(DEBIAN), source_image_id=new.image_id)
    pruning = (
        _pruned(new, "keep", "one of the newest 1 of base"),
        _pruned(copy, "keep", "one of the newest 1 of base"),
        _pruned(old, "disable", "beyond the newest 1 of base; deprecated 15 days ago"),
    )
    wanted = Wanted("base", "Debian 12, hardened, with the agents of the house")
    channels = (_named("stable", new, 6.2), _named("stable", copy, 6.2))
    return Facts(wanted, (HOME, AWAY), (old, new, copy), channels, pruning=pruning)


def _web(base: Facts) -> Facts:
    old_base, new_base = base.amis[0].image_id, base.amis[1].image_id
    first = ami("web", "20261002073000", 21, 51, tags=_made(old_base))
    second = ami("web", "20261116073000", 22, 6, tags=_made(new_base))
    copy = ami("web", "20261116073000", 23, 6, AWAY, tags=_made(new_base), source_image_id=second.image_id)
    third = ami("web", "20261121073000", 24, 1.2, tags=_made(new_base, "failed 2026-11-21T08:02:44Z by run 77c1"))
    latest = ami("web", "20261122150000", 25, 0.08, tags=_made(new_base))
    after = dataclasses.replace(AFTER, packages={**AFTER.packages, "nginx-light": "1.22.1-9+deb12u2"})
    broken = dataclasses.replace(
        after, services={**AFTER.services, "nginx.service": "enabled/failed"}, ports=AFTER.ports[:1]
    )
    contents = {
        "20261002073000": kept(BEFORE),
        "20261116073000": kept(AFTER),
        "20261121073000": kept(broken),
        "20261122150000": kept(after),
    }
    pruning = (
        _pruned(latest, "keep", "one of the newest 3 of web"),
        _pruned(third, "keep", "one of the newest 3 of web"),
        _pruned(second, "keep", "channel prod of web names it"),
        _pruned(copy, "keep", "channel prod of web names it"),
        _pruned(first, "deprecate", "beyond the newest 3 of web; not deprecated yet"),
    )
    channels = (
        _named("dev", latest, 0.05),
        _named("prod", second, 4.5),
        _named("prod", copy, 4.5),
        _named("dev", copy, 5.5),
    )
    wanted = Wanted("web", "nginx and the shop", "base")
    return Facts(wanted, (HOME, AWAY), (first, second, copy, third, latest), channels, contents, pruning)


def _wordpress(base: Facts) -> Facts:
    only = ami("wordpress", "20261003090000", 31, 50, tags=_made(base.amis[0].image_id))
    wanted = Wanted("wordpress", "The company's blog", "base")
    behind = (
        f"wordpress is behind: it was made from {base.amis[0].image_id} of base, the newest is {base.amis[1].image_id}."
        " Build it: -e image=wordpress, or -e rebuild_children=true"
    )
    pruning = (_pruned(only, "keep", "one of the newest 3 of wordpress"),)
    return Facts(wanted, (HOME,), (only,), (_named("prod", only, 49),), {}, pruning, behind)


def world() -> World:
    base = _base()
    web, wordpress = _web(base), _wordpress(base)
    made = World((base, web, wordpress))
    second, copy = web.amis[1], web.amis[2]
    made.references = {
        (HOME.region, second.image_id): (
            Reference("auto-scaling-group", "web-prod", "", *dataclasses.astuple(HOME)),
            *(Reference("instance", f"i-{n:017x}", "running", *dataclasses.astuple(HOME)) for n in range(1, 5)),
        ),
        (AWAY.region, copy.image_id): (Reference("instance", f"i-{9:017x}", "running", *dataclasses.astuple(AWAY)),),
        (HOME.region, wordpress.amis[0].image_id): (
            Reference("instance", f"i-{7:017x}", "running", *dataclasses.astuple(HOME)),
        ),
    }
    shared = frozenset({("UserId", AWAY.account)})
    amis = [one for facts in made.images for one in facts.amis]
    made.launch = {(one.place, one.image_id): shared if one.place == HOME else frozenset() for one in amis}
    made.others = {DEBIAN: ami("x", "x", 1, 90, image_id=DEBIAN, name="debian-12-amd64-20260920", tags={})}
    made.others[DEBIAN].tags.clear()
    made.not_read = [
        NotRead(AWAY, "references: auto-scaling-groups", "AccessDenied: not authorized to perform this operation")
    ]
    return made


def report(given: World | None = None) -> dict[str, t.Any]:
    return assemble(given or world(), NOW, 5)


def hostile() -> dict[str, t.Any]:
    """The same with names and tags that are markup."""
    made = world()
    web = made.images[1]
    bad = ami(
        "web",
        HOSTILE,
        29,
        0.5,
        name=HOSTILE,
        tags={"golden:version": HOSTILE, "golden:revoked": HOSTILE, **_made(HOSTILE)},
    )
    web.wanted = dataclasses.replace(web.wanted, description=HOSTILE)
    web.amis = (*web.amis, bad)
    web.channels = (*web.channels, _named("dev", bad, 0.4, by=HOSTILE))
    web.pruning = (*(web.pruning or ()), _pruned(bad, "delete", HOSTILE))
    made.not_read.append(NotRead(HOME, HOSTILE, HOSTILE))
    return report(made)
