# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
import typing as t

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami.calls import AmiError
from .._ami.cloud import Cloud
from .cleanup import clean_up
from .errors import PackerError
from .finish import finish
from .keep import make_key_pair
from .login import Login, read_login
from .naming import new_version
from .options import BuildOptions
from .outputs import Before, look_before, remember_outputs
from .placement import lacks_capacity, placement_text
from .plan import Plan
from .profile import Profile, profile_path, table, write_profile
from .progress import by_phase, durations
from .room import room_to_begin, tolerated
from .run import Launch, Run, RunFacts, run_packer
from .sources import selected_sources
from .tags import artifact_tags, git_commit, run_tags
from .workspace import Workspace
from .world import World, remember_durations

Result = dict[str, t.Any]


def run_facts(
    options: BuildOptions, plan: Plan, world: World, run_id: str, log_path: pathlib.Path, now: datetime.datetime
) -> RunFacts:
    version = options.version or new_version(world.images, now)
    name = f"{options.name}-{version}"
    tags = artifact_tags(
        image=options.name,
        version=version,
        run_id=run_id,
        ami_name=name,
        fingerprint=plan.fingerprint,
        parts=plan.parts,
        source_ami=world.source_ami,
        commit=git_commit(pathlib.Path(options.chdir)),
        versions=world.versions,
        environment={**os.environ, **options.environment},
        now=now,
        extra=options.tags,
    )
    return RunFacts(run_id, version, name, tags, run_tags(options.name, run_id), log_path)


def describe_plan(options: BuildOptions, plan: Plan, world: World) -> Result:
    """The part of the result that the plan knows: the same in check mode."""
    versions = world.versions
    return {
        "changed": plan.build,
        "reason": plan.reason,
        "image": options.name,
        "fingerprint": plan.fingerprint,
        "fingerprint_parts": {name: part.digest[:16] for name, part in plan.parts.items()},
        "source_ami": world.source_ami,
        "source_amis": world.base.sources,
        "versions": {"packer": versions.packer, "plugins": versions.plugins, "ansible": versions.ansible},
        "version": plan.current.version if plan.current and not plan.build else None,
        "artifacts": [],
        "durations": [],
        "profile_path": None,
        "profile_table": [],
        "ssh": None,
        "log_path": None,
        "run_id": None,
        "leftovers": [],
        "diff": plan.diff,
    }


def apply(cloud: Cloud, options: BuildOptions, workspace: Workspace, plan: Plan, launch: Launch) -> Result:
    """Build what a plan says, and leave a profile of it, however it ends."""
    facts, profile = launch.facts, launch.profile
    result = describe_plan(options, plan, launch.world)
    result.update(version=facts.version, log_path=str(facts.log_path), run_id=facts.run_id)
    outcome = "failed"
    try:
        made = _built(cloud, options, workspace, plan, launch)
        outcome = "built"
    except PackerError as error:
        outcome = error.result.pop("outcome", outcome)
        times = _times(options, plan, facts, profile, outcome)
        raise PackerError(str(error), **{**result, **error.result, **times, "changed": True}) from error
    except BaseException:
        _times(options, plan, facts, profile, outcome)
        raise
    times = _times(options, plan, facts, profile, outcome)
    with tolerated("The next build cannot tell what time is left: how long the steps took could not be written down"):
        remember_durations(options.name, durations(profile))
    return {**result, **made, **times}


def _times(options: BuildOptions, plan: Plan, facts: RunFacts, profile: Profile, outcome: str) -> Result:
    """Where the time went, for the result and in a file."""
    profile.close()
    path = profile_path(options.name, facts.version)
    about = {"image": options.name, "version": facts.version, "run": facts.run_id, "fingerprint": plan.fingerprint}
    written = False
    with tolerated("The profile of the build could not be written"):
        write_profile(path, profile, {**about, "outcome": outcome})
        written = True
    return {
        "durations": [dataclasses.asdict(duration) for duration in by_phase(durations(profile))],
        "profile_path": str(path) if written else None,
        "profile_table": table(profile),
    }


def _built(cloud: Cloud, options: BuildOptions, workspace: Workspace, plan: Plan, launch: Launch) -> Result:
    if options.on_error == "keep":
        _make_key(cloud, launch)
    before = look_before(options, workspace.template)
    try:
        ran, login = _run_where_there_is_room(cloud, options, workspace, launch)
    except PackerError:
        # Packer was not even started, but there may be a key.
        if launch.key and not clean_up(cloud, launch.record, []).text():
            launch.record.remove()
        raise
    _tell_outputs(options, workspace, before)
    finished = finish(cloud, options, plan, launch.facts, ran, login)
    artifacts = [dataclasses.asdict(artifact) for artifact in finished.artifacts]
    return {"artifacts": artifacts, "leftovers": finished.cleanup.remaining, "ssh": None}


def _tell_outputs(options: BuildOptions, workspace: Workspace, before: Before) -> None:
    """What the build wrote beside its template is known from now on, and said once: should it be more than a result."""
    with tolerated("What the build wrote beside its template will count as a change of it"):
        new = remember_outputs(options, workspace.template, before)
        if new:
            warn(
                f"The build wrote {', '.join(new)} in {options.chdir}: results, which do not count as the image's content."
            )


def _make_key(cloud: Cloud, launch: Launch) -> None:
    launch.profile.step("Make a key pair", "prepare")
    try:
        with room_to_begin():
            launch.key = make_key_pair(cloud, launch.record, launch.facts.run_tags)
    except PackerError:
        # EC2 was told of none, so there is nothing to find again.
        launch.record.remove()
        raise
    except AmiError:
        # It may have one all the same: the answer may be what got lost.
        if not clean_up(cloud, launch.record, []).text():
            launch.record.remove()
        raise


def _run_where_there_is_room(
    cloud: Cloud, options: BuildOptions, workspace: Workspace, launch: Launch
) -> tuple[Run, t.Callable[[], Login]]:
    """Run Packer with each placement in turn, until one has the capacity. What a try left is removed before the next.

    Gives as well how one logs in there.
    """
    placements = options.placements
    keep = [launch.key.pair_id] if launch.key else []
    for position, placement in enumerate(placements, start=1):
        ran = run_packer(options, workspace, launch, placement)
        login = _login(options, launch, placement)
        if position == len(placements) or ran.stop or not lacks_capacity(ran.code, ran.errors):
            return ran, login
        there, next_one = (workspace.scrubber.text(placement_text(one)) for one in (placement, placements[position]))
        warn(f"No capacity for {there}: trying {next_one}.")
        if clean_up(cloud, ran.record, keep).text():
            return ran, login
    raise AssertionError("Internal error: there is always a placement.")


def _login(options: BuildOptions, launch: Launch, placement: dict[str, t.Any]) -> t.Callable[[], Login]:
    values = {**placement, **options.local_variables, **options.variables}
    template = launch.world.template
    return lambda: read_login(template, selected_sources(template, options.only, options.excluded), values)
