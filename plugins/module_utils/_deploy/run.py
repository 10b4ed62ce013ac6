# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_deploy does: a candidate, its health, and only then the default version and the channel."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
import typing as t

from .._ami import calls_parameters, promotion
from .._ami.calls import AmiError
from .._ami.moving import ChannelError
from .._ami.steps import ResultError, why
from .._packer.abandoned import make_owned, remove_abandoned
from .._packer.cleanup import Cleanup, sweep
from .._packer.environment import aws_environment, with_own_programs
from .._packer.errors import PackerError
from .._packer.keep import how_to_remove
from .._packer.log import tell_step
from .._packer.process import AncestorWatch, SignalTrap
from .._packer.record import dead_runs
from .._packer.room import require_room_to_build
from .._packer.secrets import Scrubber
from .._testing.commands import Commands
from .._testing.errors import Interrupted
from .._testing.setting import Setting
from .._testing.suite_run import check_suites
from .._testing.suites import Suite
from .candidate import Candidate
from .errors import DeployError
from .instance import Probe, make_record
from .refresh import ROLLBACK, Replacing
from .world import Plan, Progress, Result, World, make_plan, read_world, result_of


def run(module: t.Any) -> Result:
    """Deploy the version to the stage, unless it is there and healthy by what was decided before."""
    with SignalTrap() as trap:
        try:
            world = read_world(module)
            plan = make_plan(world)
            if not plan.changes:
                return result_of(world, plan, Progress(), changed=False)
            return _deploy(world, plan, trap)
        except PackerError as error:
            raise DeployError(str(error), **error.result) from error


def _deploy(world: World, plan: Plan, trap: SignalTrap) -> Result:
    temporary = pathlib.Path(tempfile.gettempdir())
    remove_abandoned(temporary)
    scratch = make_owned(temporary)
    setting = _setting(world, scratch, trap)
    try:
        if world.options.health.playbook:
            check_suites([Suite("health", "ansible", world.options.health.playbook)], setting)
        if world.check:
            return result_of(world, plan, Progress("would deploy"), changed=True)
        require_room_to_build()
        _sweep(world)
        return _Deployment(world, plan, setting).run()
    except Interrupted as error:
        raise DeployError(f"The deployment was not begun: {error}. Nothing was changed.") from error
    finally:
        setting.commands.end_rest()
        shutil.rmtree(scratch, ignore_errors=True)


def _setting(world: World, scratch: pathlib.Path, trap: SignalTrap) -> Setting:
    """What a playbook that asks for health runs with: no variables, and no secrets but the way to AWS."""
    environment = aws_environment(os.environ, world.access)
    environment["PATH"] = with_own_programs(environment.get("PATH", os.defpath))
    environment["TMPDIR"] = str(scratch)
    scrubber = Scrubber([world.access.secret_key, world.access.session_token])
    return Setting(
        commands=Commands(world.run_id, scratch, environment, scrubber.text, trap, AncestorWatch()),
        variables={},
        seconds=world.options.timeout,
        goss="goss",
        roles_path=world.options.roles_path,
        architectures=frozenset(),
        check=world.check,
    )


def _sweep(world: World) -> None:
    """Remove what killed deployments of the image left in the stage's account."""
    records = [
        record
        for record in dead_runs(world.access.endpoint_url, world.access.profile)
        if record.image == world.options.image and record.account == world.stage.account
    ]
    swept = sweep(world.cloud, records)
    for one in swept.removed:
        tell_step(world.log, f"removed {one['type']} {one['id']}, which a killed run had left")


class _Deployment:
    def __init__(self, world: World, plan: Plan, setting: Setting) -> None:
        self.world = world
        self.plan = plan
        self.setting = setting
        self.progress = Progress("failed")
        self.candidate = Candidate(world, plan, self.progress)
        # What was left when the instance was removed, and whether it stays on purpose.
        self.ended = Cleanup()
        self.kept = False
        self.replacing: Replacing | None = None

    def tell(self, text: str) -> None:
        tell_step(self.world.log, self.setting.commands.scrub(text))

    def run(self) -> Result:
        """Raises DeployError when nothing has moved, with the reason. Whatever happens, nothing is half moved."""
        try:
            self.candidate.make()
            if not self._ask():
                self.progress.outcome = "unhealthy"
                raise DeployError(self._why())
            self._move()
        except Interrupted as error:
            self.progress.outcome = "interrupted"
            raise self._taken_back(f"The deployment of {self._named()} was stopped: {error}.", error) from error
        except AmiError as error:
            raise self._taken_back(f"{self._named()} could not be deployed: {why(error)}.", error) from error
        except (ResultError, ChannelError, PackerError) as error:
            raise self._taken_back(str(error), error) from error
        except BaseException:
            self._undo()
            raise
        self.progress.outcome = "deployed"
        result = result_of(self.world, self.plan, self.progress, changed=True)
        if self.ended.text():
            raise DeployError(f"{self._named()} is deployed.{self.ended.text()}", **result)
        return result

    def _taken_back(self, message: str, error: Exception) -> DeployError:
        """With the launch template as it was, and the channel where it was."""
        after = f"{self._undo()}{self.ended.text()}"
        known = getattr(error, "result", {})
        more = {name: known[name] for name in ("restored", "not_restored") if name in known}
        result = result_of(self.world, self.plan, self.progress, changed=False)
        return DeployError(message + (after.lstrip() if message.endswith("\n") else after), **result, **more)

    def _undo(self) -> str:
        """What was there is there again, as far as AWS lets it; sentences about that.

        First what needs no wait. What an Auto Scaling group may still launch from stays.
        """
        options, candidate = self.world.options, self.candidate
        made = candidate.made
        problem = candidate.restore()
        group = self.replacing.give_back() if self.replacing else ""
        held = made and self.replacing is not None and self.replacing.holds
        if not held and not problem:
            problem = candidate.remove()
        if problem:
            return f"{problem}{group}"
        as_it_was = f"the channel {options.channel} is as it was"
        if held:
            said = (
                f" The launch template {options.template} has its former default; its version {candidate.version} stays, for the"
                f" group may launch from it; {as_it_was}."
            )
        elif self.plan.template:
            said = f" The launch template {options.template} and the channel {options.channel} are as they were."
        elif made:
            said = f" The launch template {options.template}, which was made for it, is removed; {as_it_was}."
        else:
            said = f" The launch template {options.template} was not made; {as_it_was}."
        return f"{said}{group}"

    def _ask(self) -> bool:
        world, plan = self.world, self.plan
        if world.options.group and plan.scaling:
            commands = self.setting.commands
            group = world.options.group
            self.replacing = Replacing(world, plan, group, plan.scaling, commands, self.progress, self.tell)
            return self.replacing.healthy(self.candidate)
        record = make_record(world, str(self.setting.scratch))
        record.write()
        probe = Probe(world, plan, self.setting, record, self.progress, self.tell)
        try:
            healthy = probe.healthy(self.candidate)
            if not healthy:
                probe.read_console()
                self.kept = world.options.keep
        finally:
            self.ended = probe.remove(kept=self.kept)
        return healthy

    def _move(self) -> None:
        """The default version, and then the channel; both or none."""
        world, plan = self.world, self.plan
        self.candidate.accept()
        if not plan.promotion.changes:
            return
        by = calls_parameters.get_caller(world.accounts.home.sts())
        # What was asked, whatever the channel that it came from names by now.
        pinned = world.pinned(plan.promotion.version)
        promotion.apply(pinned.options.promotion, pinned.promotion(), plan.promotion, by)

    def _named(self) -> str:
        return f"Version {self.plan.promotion.version} of {self.world.options.image} ({self.plan.image_id})"

    def _why(self) -> str:
        bad = [one for one in self.progress.answers if not one.healthy]
        rolled = [one for one in self.progress.answers if one.check == ROLLBACK and one.healthy]
        lines = [f"  {one.check} of {one.subject}: {one.said}" for one in [*bad, *rolled]]
        console = [f"  console: {line}" for line in self.progress.console]
        head = f"{self._named()} is not healthy in {self.world.options.channel}, so nothing is moved:"
        kept = []
        if self.kept:
            kept = [
                f"The instance {self.progress.instance_id} in {self.world.stage} stays, as keep_unhealthy asks for, and costs"
                f" money: {how_to_remove(self.world.options.image)}"
            ]
        return "\n".join([head, *lines, *console, *kept, ""]).rstrip("\n") + "\n"
