# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""One instance of the candidate: launched, asked, and removed whatever happens."""

from __future__ import annotations

import collections.abc as c
import hashlib
import pathlib
import tempfile
import time

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from .._ami.calls import AmiError
from .._ami.leftovers import RUN_TAG, Learned
from .._ami.processes import host_name, own_process
from .._ami.steps import why
from .._packer.cleanup import Cleanup, clean_up
from .._packer.keep import KEPT, KeyPair, keep, make_key_pair
from .._packer.login import Login
from .._packer.record import RunRecord
from .._testing.ready import Deadline
from .._testing.setting import Setting
from . import calls
from .asking import Access, Asking
from .candidate import Candidate
from .health import TARGET, Answer, last_lines
from .world import Plan, Progress, World


def make_record(world: World, scratch: str) -> RunRecord:
    """By which a sweep finds what this run leaves, should it be killed."""
    own = own_process()
    return RunRecord(
        run_id=world.run_id,
        image=world.options.image,
        region=world.stage.region,
        endpoint_url=world.access.endpoint_url,
        profile=world.access.profile,
        pid=own.pid,
        started=own.started,
        host=host_name(),
        scratch=scratch,
        account=world.stage.account,
        learned=Learned(began=time.time()),
    )


class Probe:
    """The instance, its key where somebody logs in, and its place in the target group."""

    def __init__(
        self,
        world: World,
        plan: Plan,
        setting: Setting,
        record: RunRecord,
        progress: Progress,
        tell: c.Callable[[str], None],
    ) -> None:
        self._world = world
        self._plan = plan
        self._setting = setting
        self._record = record
        self._progress = progress
        self._tell = tell
        self._registered = False

    def healthy(self, candidate: Candidate) -> bool:
        """Launch it, and ask. What it answered is in the progress."""
        options, progress = self._world.options, self._progress
        key = None
        if options.health.playbook:
            key = make_key_pair(self._world.cloud, self._record, {RUN_TAG: self._world.run_id})
        launched = calls.run_from_template(
            self._world.ec2, candidate.template_id, candidate.version, **self._request(key)
        )
        progress.instance_id = str(launched["InstanceId"])
        self._record.learned.instances.append(progress.instance_id)
        self._record.write()
        self._tell(f"launched {progress.instance_id} from version {candidate.version} of {options.template}")
        # Short: a socket of SSH's is in it.
        directory = tempfile.mkdtemp(dir=self._setting.scratch)
        access = Access(self._setting, key.private_key, pathlib.Path(directory)) if key else None
        asking = Asking(self._world, self._setting.commands, progress.instance_id, self._tell, access)
        deadline = Deadline(options.timeout)
        if options.health.target_group:
            refused = self._register(asking, deadline)
            if refused is not None:
                progress.answers.append(refused)
                return False
        progress.answers += asking.settle(deadline)
        if progress.answers[-1].healthy:
            worst = asking.bake(options.bake)
            progress.answers += [worst] if worst else []
        return progress.answers[-1].healthy

    def _register(self, asking: Asking, deadline: Deadline) -> Answer | None:
        """Only an instance that runs can be registered: why it does not, if so."""
        runs = asking.wait_until_running(deadline)
        if not runs.healthy:
            return runs
        arn, instance_id = str(self._world.options.health.target_group), str(self._progress.instance_id)
        self._registered = True
        calls.register_target(self._world.elbv2, arn, instance_id)
        return None

    def _request(self, key: KeyPair | None) -> dict[str, object]:
        plan, options = self._plan, self._world.options
        told = {
            RUN_TAG: self._world.run_id,
            "Name": f"{options.image} {plan.promotion.version} for {options.channel}"[:256],
            "golden:image": options.image,
            "golden:version": plan.promotion.version,
        }
        tags = ansible_dict_to_boto3_tag_list(told)
        return {
            "ClientToken": hashlib.sha256(self._world.run_id.encode()).hexdigest(),
            # One that shuts itself down is gone, and costs nothing.
            "InstanceInitiatedShutdownBehavior": "terminate",
            # Whatever the launch template says for those that stay.
            "DisableApiTermination": False,
            "DisableApiStop": False,
            "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
            **({"KeyName": key.name} if key else {}),
        }

    def read_console(self) -> None:
        """What it showed last, for whoever looks for the cause."""
        instance_id = self._progress.instance_id
        if instance_id is None:
            return
        try:
            self._progress.console = last_lines(calls.get_console(self._world.ec2, instance_id))
        except AmiError as error:
            self._progress.console = [f"(the console could not be read: {why(error)})"]

    def remove(self, *, kept: bool) -> Cleanup:
        """Remove all that carries the run's id. What could not be removed stays on record for a sweep."""
        problem = self._deregister()
        spared = KEPT if kept else ()
        done = clean_up(self._world.cloud, self._record, (), spared=spared)
        if problem:
            done.problems.append(problem)
        self._progress.leftovers = [*done.remaining, *done.unseen]
        if kept and done.kept:
            keep(self._world.cloud, self._record, done.kept, Login(self._world.options.ssh_username))
        elif done.settled() and not done.remaining:
            self._record.remove()
        return done

    def _deregister(self) -> str:
        if not self._registered:
            return ""
        arn, instance_id = str(self._world.options.health.target_group), str(self._progress.instance_id)
        try:
            calls.deregister_target(self._world.elbv2, arn, instance_id)
        except AmiError as error:
            return f"{TARGET}: {why(error)}"
        return ""
