# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import secrets
import shutil
import typing as t

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami.artifacts import find_own_images
from .._ami.cloud import Cloud
from .._ami.lock_parameter import ParameterLock
from . import checks
from .apply import apply, describe_plan, run_facts
from .bases import Base
from .cleanup import account_of, sweep
from .credentials import CredentialsWatch
from .galaxy import Installer
from .given import refuse_missing
from .hiding import Given
from .keep import notes
from .lock import BuildLock, Patience, lifetime
from .lock_file import FileLock, lock_path
from .log import tell_step
from .naming import refuse_taken_version, refuse_unfit
from .options import BuildOptions, read_build_options
from .others import after_others
from .placement import placement_names
from .plan import Plan
from .probe import Probe, plain_base
from .process import AncestorWatch, SignalTrap
from .profile import Profile
from .record import RunRecord, dead_runs
from .requirements import read_requirements
from .room import require_room_to_build, require_room_to_look, room_to_begin, tolerated
from .run import Launch, new_record
from .sources import Source, refuse_ownerless, selected_sources
from .state import state_directory
from .template import load_template
from .validate import stand_ins
from .variables import check_declared
from .versions import Versions, find_executable, read_versions
from .workspace import Workspace
from .world import World, make_plan, read_world

Module = t.Any
Result = dict[str, t.Any]


def _run_id() -> str:
    return f"golden-{datetime.datetime.now(datetime.UTC).strftime('%Y%m%d%H%M%S')}-{secrets.token_hex(3)}"


def _unchanged(options: BuildOptions, plan: Plan, world: World) -> Result:
    result = describe_plan(options, plan, world)
    if plan.current:
        artifact = {"name": options.name, "builder": None, "region": options.region}
        ids = {"ami_id": plan.current.image_id, "snapshot_ids": list(plan.current.snapshot_ids)}
        result["artifacts"] = [{**artifact, **ids}]
    return result


class _Build:
    """One run of the module: read, plan, apply."""

    def __init__(self, module: Module, given: Given, trap: SignalTrap) -> None:
        self.module = module
        self.given = given
        self.trap = trap
        self.watch = AncestorWatch()
        self.options = read_build_options(given)
        self.template = load_template(self.options.template)
        # Before anything is refused: a refusal repeats the options as well, for whoever calls Ansible with -vvv.
        given.show_harmless(self.options, self.template)
        refuse_unfit(self.options.name, self.options.version, record=self.options.record)
        self.cloud = Cloud(module.client, self.options.region)
        self._check_declared()
        self.sources = self._checked_sources()
        self.executable = find_executable(self.options.executable)
        self.run_id = _run_id()
        self.record: RunRecord | None = None
        path = self.options.log_path
        self.log_path = pathlib.Path(path) if path else state_directory() / "logs" / f"{self.run_id}.log"

    def _check_declared(self) -> None:
        check_declared(self.template, [*self.options.variable_names, *placement_names(self.options.placements)])

    def _checked_sources(self) -> list[Source]:
        """The sources that are to be built. What can be known to be wrong with them is told before Packer starts."""
        sources = selected_sources(self.template, self.options.only, self.options.excluded)
        if not self.template.broken:
            refuse_ownerless(self.template, sources)
        refuse_missing(self.template, self.options)
        return sources

    def _versions(self) -> Versions:
        return read_versions(self.executable, self.options.plugin_path, self.template)

    def run(self) -> Result:
        now = datetime.datetime.now(datetime.UTC)
        if not self.module.check_mode:
            self._sweep()
        require_room_to_look()
        with Workspace(self.options, self.template, self.executable) as workspace:
            versions = self._initialised(workspace)
            world = self._read_world(workspace, versions)
            plan = make_plan(self.options, world, now)
            if not plan.build:
                return _unchanged(self.options, plan, world)
            refuse_taken_version(self.options, world.images)
            self._bring_requirements(workspace)
            self._validate(workspace, world)
            if self.module.check_mode:
                return describe_plan(self.options, plan, world)
            require_room_to_build()
            account = self._account(world)
            return self._build_locked(workspace, plan, world, account)

    def _build_locked(self, workspace: Workspace, plan: Plan, world: World, account: str | None) -> Result:
        lock = self._lock(account)
        before = new_record(self.options, workspace, self.run_id, account)
        # Before the lock: who is killed right after taking it leaves a record by which it is given back.
        with room_to_begin():
            before.write()
        try:
            with lock:
                return self._build_alone(workspace, plan, world, account, lock)
        finally:
            if lock.stuck:
                with tolerated("That this build left its lock could not be written down"):
                    (self.record or before).write()
            elif self.record is None:
                before.path.unlink(missing_ok=True)

    def _read_world(self, workspace: Workspace, versions: Versions) -> World:
        return read_world(
            self.cloud, self.options, self.template, versions, lambda: self._find_base(workspace, versions)
        )

    def _find_base(self, workspace: Workspace, versions: Versions) -> Base:
        """The base that a template finds by itself."""
        plain = plain_base(self.sources, self.options.variables)
        if plain is not None:
            return Base(found=plain)
        if self.template.broken or (self.options.init and versions.missing(self.template)):
            # The first is told when the template is validated, and the second has been told by now.
            return Base(known=False)
        ours = {**stand_ins(self.options), "source_ami": None, **self.options.placements[0]}
        probe = Probe(workspace, self.trap, self.watch)
        return probe.find(self.sources, workspace.select(ours), lambda: self._refuse_invalid(workspace, ours))

    def _build_alone(
        self, workspace: Workspace, plan: Plan, world: World, account: str | None, lock: BuildLock
    ) -> Result:
        """Look again, for another run may have built the image since, and build it when it did not."""
        now = datetime.datetime.now(datetime.UTC)
        renewed = self._renew(workspace) or lock.waited
        if renewed:
            self._sweep()
            now_there = self._read_world(workspace, self._initialised(workspace))
        else:
            now_there = dataclasses.replace(world, images=find_own_images(self.cloud, self.options.name))
        new_plan = after_others(make_plan(self.options, now_there, now), world.images, now_there.images)
        if not new_plan.build:
            return _unchanged(self.options, new_plan, now_there)
        refuse_taken_version(self.options, now_there.images)
        if renewed:
            self._bring_requirements(workspace)
            self._validate(workspace, now_there)
        facts = run_facts(self.options, new_plan, now_there, self.run_id, self.log_path, now)
        self.record = new_record(self.options, workspace, self.run_id, account)
        # Its client takes a moment, which is none of the profile's.
        credentials = CredentialsWatch.of(self.cloud)
        launch = Launch(facts, now_there, self.record, Profile(), self.trap, self.watch, credentials)
        return apply(self.cloud, self.options, workspace, new_plan, launch)

    def _renew(self, workspace: Workspace) -> bool:
        """Read the user's files again, for the fingerprint is made of what they hold now; says whether they changed."""
        before = self.template, self.options.requirements
        requirements = before[1] and read_requirements(str(before[1].path))
        self.options = dataclasses.replace(self.options, requirements=requirements)
        self.template = load_template(self.options.template)
        if before == (self.template, requirements):
            return False
        self.given.show_harmless(self.options, self.template)
        self._check_declared()
        workspace.renew(self.options, self.template)
        self.sources = self._checked_sources()
        return True

    def _account(self, world: World) -> str | None:
        # An AMI of ours says whose it is, which saves a call.
        return next((image.owner for image in world.images if image.owner), None) or account_of(self.cloud)

    def _lock(self, account: str | None) -> BuildLock:
        options = self.options
        where = (options.access.endpoint_url, account or options.access.profile, options.region)
        return BuildLock(
            options.name,
            self.run_id,
            lifetime(options.timeout, len(options.placements)),
            FileLock(lock_path(options.name, *where)),
            ParameterLock(self.cloud, options.name) if options.record else None,
            Patience(options.lock_timeout, self.trap, self.watch, lambda text: tell_step(self.log_path, text)),
        )

    def _sweep(self) -> None:
        access = self.options.access
        swept = sweep(self.cloud, dead_runs(access.endpoint_url, access.profile))
        for one in swept.removed:
            warn(f"Removed {one['type']} {one['id']} in {one['region']}, which a killed build had left.")
        if swept.text():
            warn(f"An earlier build was killed.{swept.text()}")
        for note in notes(self.options.name, dead_runs(access.endpoint_url, access.profile, kept=True)):
            warn(note)
        for record in swept.foreign:
            warn(
                f"The build {record.run_id} of {record.image} was killed in the AWS account {record.account}, and this is"
                f" another: what it left is not looked for. Build with that account's credentials, or remove {record.path}."
            )

    def _initialised(self, workspace: Workspace) -> Versions:
        """The versions that the build will use. Missing plugins are brought first, for they are part of them."""
        versions = self._versions()
        if not (self.options.init and self.template.hcl and versions.missing(self.template)):
            return versions
        if self.module.check_mode:
            missing = ", ".join(versions.missing(self.template))
            warn(f"The template is not validated: 'packer init' would bring {missing} first.")
            return versions
        checks.init(workspace, self.trap, self.watch)
        return self._versions()

    def _bring_requirements(self, workspace: Workspace) -> None:
        """Into the workspace only, so check mode does it too: what cannot be brought is told there as well."""
        if self.options.requirements:
            for directory in (workspace.galaxy.roles, workspace.galaxy.collections):
                shutil.rmtree(directory, ignore_errors=True)
            installer = Installer(
                self.options.requirements,
                workspace.galaxy,
                workspace.environment(),
                workspace.path,
                self.options.timeout,
                self.trap,
                self.watch,
                lambda text: None if self.module.check_mode else tell_step(self.log_path, text),
                workspace.scrubber.text,
            )
            workspace.galaxy_paths = installer.install()

    def _validate(self, workspace: Workspace, world: World) -> None:
        if self.options.init and world.versions.missing(self.template):
            return
        ours = {**stand_ins(self.options), "source_ami": world.base.given, **self.options.placements[0]}
        self._refuse_invalid(workspace, ours)

    def _refuse_invalid(self, workspace: Workspace, ours: dict[str, t.Any]) -> None:
        selection = workspace.select(ours)
        checks.refuse_invalid(workspace, checks.validate(workspace, selection, self.trap, self.watch))


def run(module: Module) -> Result:
    """Build an image, or say why the one that is there will do."""
    given = Given(module)
    with given.hidden(), SignalTrap() as trap, room_to_begin():
        return given.legible(_Build(module, given, trap).run())
