# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What a run works with: options, AMIs, and the clients that reach them."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import pathlib
import secrets
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from .._ami import calls, own_amis
from .._ami.accounts import Accounts, Place
from .._ami.cloud import Cloud
from .._ami.images import Ami
from .._ami.steps import Step, lines_of, take
from .._ami.tagging import plan_steps
from .._packer.environment import AwsAccess
from .._packer.options import aws_access
from .._packer.state import state_directory
from . import tagging
from .errors import TestError
from .options import Options, read_options

Result = dict[str, t.Any]


def _run_id() -> str:
    return f"golden-{datetime.datetime.now(datetime.UTC).strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(3)}"


@dataclasses.dataclass(frozen=True)
class World:
    """C(amis) are all that get the tags, C(here) those of them that are tested. C(home) is where instances are launched."""

    options: Options
    access: AwsAccess
    home: Place
    clouds: c.Mapping[Place, Cloud]
    amis: tuple[Ami, ...]
    check: bool
    digest: str
    run_id: str = dataclasses.field(default_factory=_run_id)

    @property
    def here(self) -> list[Ami]:
        return [ami for ami in self.amis if ami.place == self.home]

    @property
    def cloud(self) -> Cloud:
        return self.clouds[self.home]

    @property
    def log(self) -> pathlib.Path:
        """Where the steps of the run are told."""
        given = self.options.log_path
        return pathlib.Path(given) if given else state_directory() / "logs" / f"{self.run_id}.log"

    @property
    def image(self) -> str:
        """What it is called for people."""
        return self.here[0].image or self.here[0].image_id

    @property
    def named(self) -> str:
        """For a sentence."""
        first = self.here[0]
        ids = ", ".join(ami.image_id for ami in self.here)
        return f"Version {first.version} of {first.image} ({ids})" if first.image and first.version else ids

    def result(self, outcome: str, steps: c.Sequence[Step] = (), after: c.Mapping[str, str] | None = None) -> Result:
        """What every result has."""
        return {
            "changed": bool(steps),
            "outcome": outcome,
            "image": self.here[0].image,
            "version": self.here[0].version,
            "run_id": self.run_id,
            "digest": self.digest,
            "results_dir": str(self.options.results),
            "log_path": str(self.log),
            "cells": [],
            "failures": [],
            "table": [],
            "actions": lines_of(steps),
            "diff": {
                "before": {f"{ami.place}/{ami.image_id}": tagging.told(ami) for ami in self.amis},
                "after": {f"{ami.place}/{ami.image_id}": {**tagging.told(ami), **(after or {})} for ami in self.amis},
            },
        }

    def steps(self, tags: c.Mapping[str, str]) -> list[Step]:
        """What it takes for all AMIs to have these tags."""
        return [step for some in plan_steps(tagging.to_tag(self.amis, tags), tags) for step in some]

    def take(self, steps: c.Sequence[Step]) -> None:
        take([[step] for step in steps], self._perform)

    def _perform(self, step: Step) -> None:
        ec2 = self.clouds[step.place].ec2(step.place.region)
        calls.create_tags(ec2, list(step.resources), ansible_dict_to_boto3_tag_list(step.arguments["tags"]))


def read_world(module: t.Any) -> World:
    """Read the options, and find the AMIs. Refuses what cannot be tested."""
    access = aws_access(module)
    params = module.params
    options = read_options(params, access.endpoint_url)
    accounts = Accounts(module.client, module.region, params["role_name"])
    places = accounts.places(params["accounts"], params["regions"])
    home = Place(accounts.home_account, module.region)
    clouds = own_amis.clouds_of(accounts, list(dict.fromkeys([home, *places])))
    amis = own_amis.find_own(clouds, options.image_ids, options.image, options.version)
    world = World(options, access, home, clouds, tuple(amis), module.check_mode, options.digest)
    _refuse_unfit(world)
    return world


def _refuse_unfit(world: World) -> None:
    if not world.here:
        where = ", ".join(str(ami.place) for ami in world.amis)
        raise TestError(
            f"None of the AMIs is in {world.home}, where instances would be launched; they are in {where}: set region to one of"
            " theirs. Nothing was launched."
        )
    if len({(ami.image, ami.version) for ami in world.amis}) > 1:
        told = ", ".join(f"{ami.image_id} is {ami.version} of {ami.image}" for ami in world.amis)
        raise TestError(
            f"These are AMIs of several versions: {told}. Test one version at a time. Nothing was launched."
        )
    for ami in world.here:
        if ami.state != "available":
            raise TestError(
                f"{ami.image_id} in {ami.place} is {ami.state}, so no instance can be launched from it. Test one that is"
                " available. Nothing was launched."
            )
