# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies to eight Regions against one that takes as long, and waiting for AMIs against botocore's own waiter."""

from __future__ import annotations

import random
import typing as t
from statistics import mean

import boto3
from ansible_collections.golden.ami.plugins.module_utils._ami.copy_run import ARGUMENT_SPEC, run
from harness.calls import calls_since, mark, reads
from harness.cloud import Cloud
from harness.faults import settings
from harness.planted_amis import HOME_REGION, Amis
from harness.progress import FAIR, MISLEADING, Progress, unevenly
from harness.waits import Noticed, by_botocore, by_ours
from promise import Promise, say, timed

How = t.Callable[[random.Random], Progress]
REGIONS = 8
# One copy takes up to so much longer or shorter than the one before it, as a part of that.
SPREAD = 0.03
WAITS = 300


class Module:
    """What a module gives to its run(): options, and clients that are made anew each time, each with its session."""

    check_mode = False
    region = HOME_REGION

    def __init__(self, cloud: Cloud, options: dict[str, t.Any]) -> None:
        self.params = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()} | options
        self._known = settings(cloud)

    def client(self, service: str, region: str | None = None, **more: t.Any) -> t.Any:
        keys = {"aws_access_key_id": self._known["access_key"], "aws_secret_access_key": self._known["secret_key"]}
        endpoint = f"http://127.0.0.1:{self._known['port']}"
        given = {name: value for name, value in {**keys, **more}.items() if name != "profile_name"}
        return boto3.session.Session().client(service, region_name=region, endpoint_url=endpoint, **given)


def plant(cloud: Cloud, count: int) -> list[str]:
    """Versions of one image, with tags on their snapshots, as builds make them."""
    amis = Amis(cloud)
    made = [amis.plant(**{"golden:version": str(number)}) for number in range(count)]
    ec2 = amis.client("ec2")
    ec2.create_tags(Resources=[*map(amis.snapshot, made)], Tags=[{"Key": "golden:image", "Value": amis.image}])
    return made


def slow_down(cloud: Cloud, seconds: float) -> None:
    """Start the cloud again, with copies that take their time."""
    cloud.play("local_cloud.yml", "-e", "local_cloud_state=absent")
    cloud.extra["GOLDEN_CLOUD_TIMINGS"] = f"image_pending={seconds}"
    up = cloud.play("local_cloud.yml")
    if up.rc != 0:
        raise SystemExit(up.output)


def copy(cloud: Cloud, image_id: str, regions: list[str]) -> float:
    """Seconds that the module takes, its clients included."""
    before = mark(cloud)
    seconds, result = timed(lambda: run(Module(cloud, {"image_ids": [image_id], "regions": regions})))
    noticed = ", ".join(f"{one['seconds']:g}" for one in result["copies"])
    asked = reads(calls_since(cloud, before))
    say(f"copied to {len(regions)} Regions in {seconds:.1f} s (ready was noticed after {noticed} s), {dict(asked)}")
    return float(seconds)


def measure_copies(cloud: Cloud, takes: float) -> list[Promise]:
    first, second, third = plant(cloud, 3)
    slow_down(cloud, takes)
    known = sorted(one["RegionName"] for one in cloud.client("ec2").describe_regions()["Regions"])
    regions = [region for region in known if region != HOME_REGION][:REGIONS]
    say(f"each copy takes {takes:g} s; of the first one nothing is known")
    copy(cloud, first, regions)
    one = copy(cloud, second, regions[:1])
    eight = copy(cloud, third, regions)
    return [
        Promise(f"a copy to {REGIONS} Regions / the {takes:g} s that each takes", eight / takes, 1.10),
        Promise(f"a copy to {REGIONS} Regions / a copy to one", eight / one, 1.10),
    ]


def measure_waiting() -> list[Promise]:
    """On a clock of their own, with copies from one minute to half an hour, of which nothing is known before."""
    chance = random.Random(6)
    ready = [chance.uniform(60, 1800) for _wait in range(WAITS)]
    theirs = [by_botocore(when) for when in ready]

    def ours(how: How | None, spread: float | None) -> list[Noticed]:
        """C(spread): up to such a part longer or shorter than the one before took, if that is known."""
        return [
            by_ours(
                when,
                expected=when * (1 + chance.uniform(-spread, spread)) if spread else None,
                asked=1,
                progress=how(chance) if how else None,
            )
            for when in ready
        ]

    say(
        "delay as a part of botocore's where nothing is known, and where the one before took up to 3 % or 30 % more or less"
    )
    for how in (None, *FAIR, *MISLEADING):
        parts = [_delay(ours(how, spread)) / _delay(theirs) for spread in (None, SPREAD, 0.3)]
        name = how.__name__.replace("_", " ") if how else "not to be read"
        say(f"    progress {name + ':':<16}" + "".join(f"{part:8.2f}" for part in parts))
    alone = ours(unevenly, None)
    eight = [
        by_ours(
            *(when * (1 + chance.uniform(-SPREAD, SPREAD)) for _region in range(8)),
            expected=None,
            asked=1,
            progress=unevenly(chance),
        )
        for when in ready
    ]
    return [
        Promise("seconds until a ready AMI is noticed / botocore's waiter", _delay(alone) / _delay(theirs), 0.20),
        Promise("Describe calls of that / botocore's waiter", _calls(alone) / _calls(theirs), 1.0),
        Promise("Describe calls, waiting for 8 AMIs / waiting for one", _calls(eight) / _calls(alone), 1.5),
    ]


def _delay(waits: list[Noticed]) -> float:
    return mean(one.delay for one in waits)


def _calls(waits: list[Noticed]) -> float:
    return mean(one.calls for one in waits)
