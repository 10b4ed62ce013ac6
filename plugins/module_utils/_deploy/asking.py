# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Asks instances how they are, one check after the other, until they are healthy or the time is over."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import http.client
import pathlib
import time
import typing as t
import urllib.error

from ansible.module_utils.urls import open_url

from .._ami import calls as ami_calls
from .._testing.commands import Commands
from .._testing.ready import Deadline, wait_for_ssh
from .._testing.setting import Setting
from .._testing.ssh import Connection, Way
from .._testing.suite_run import run_suite
from .._testing.suites import Suite
from . import calls
from .health import PLAYBOOK, STATUS, TARGET, URL, Answer, Reply, Url, judge_reply, judge_status, judge_target
from .options import ADDRESS
from .world import World

_POLL = 2.0
# Seconds that an answer may take, and how much of it is read.
_PATIENCE = 10
_BYTES = 1 << 20
# How long EC2 may not know an instance that it has just launched.
_GRACE = 30.0
_OVER = ("shutting-down", "terminated", "stopping", "stopped")
RUNS = "instance"


def fetch(asked: str, wanted: Url) -> Reply:
    """Ask a URL, without proxies and without following where it leads: another machine would answer for this one."""
    try:
        with open_url(
            asked,
            headers=dict(wanted.headers),
            timeout=_PATIENCE,
            validate_certs=wanted.validate_certs,
            use_proxy=False,
            follow_redirects="none",
        ) as answer:
            return Reply(int(answer.status), answer.read(_BYTES).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        with error:
            text = error.read(_BYTES).decode("utf-8", "replace")
            return Reply(int(error.code), text, str(error.headers.get("Location") or ""))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Reply(None, error=str(getattr(error, "reason", error)) or type(error).__name__)


@dataclasses.dataclass(frozen=True)
class Access:
    """How the run logs in on its instance; C(setting) is what a playbook runs with."""

    setting: Setting
    key: pathlib.Path
    directory: pathlib.Path


class Asking:
    """The checks of one instance. Each waits for the last one; C(deadline) is for all of them together."""

    def __init__(
        self, world: World, commands: Commands, instance_id: str, tell: c.Callable[[str], None], access: Access | None
    ) -> None:
        self._world = world
        self._commands = commands
        self._id = instance_id
        self._tell = tell
        self._access = access
        self._began = time.monotonic()
        self._address = ""

    def settle(self, deadline: Deadline) -> list[Answer]:
        """Until all is healthy, or the first is not and will not be in time. That one is the last."""
        answers: list[Answer] = []
        for name, ask in self._checks(playbook=True):
            answers.append(self._until(name, ask, deadline))
            if not answers[-1].healthy:
                break
        return answers

    def wait_until_running(self, deadline: Deadline) -> Answer:
        return self._until(RUNS, self._runs, deadline)

    def bake(self, seconds: float) -> Answer | None:
        """Whether all stays healthy for that long: the first that is not, if there is one."""
        if not seconds:
            return None
        self._tell(f"{self._id}: bake for {seconds:g} s")
        baking = Deadline(seconds)
        while baking.left:
            self._commands.pause(min(_POLL, baking.left))
            worst = self.ask_once()
            if worst is not None:
                said = f"{worst.said}, after {baking.spent:.0f} s of the bake time of {seconds:g} s"
                return dataclasses.replace(worst, said=said, seconds=baking.spent)
        return None

    def ask_once(self) -> Answer | None:
        """The first that is not healthy now; None when all are."""
        for name, ask in self._checks(playbook=False):
            answer = ask()
            if not answer.healthy:
                return dataclasses.replace(answer, check=name, subject=self._id)
        return None

    def _checks(self, *, playbook: bool) -> list[tuple[str, c.Callable[[], Answer]]]:
        health = self._world.options.health
        checks: list[tuple[str, c.Callable[[], Answer]]] = [(RUNS, self._runs)]
        checks += [(STATUS, self._status)] if health.status_checks else []
        checks += [(TARGET, self._target)] if health.target_group else []
        checks += [(URL, self._url)] if health.url else []
        checks += [(PLAYBOOK, self._playbook)] if health.playbook and playbook else []
        return checks

    def _until(self, name: str, ask: c.Callable[[], Answer], deadline: Deadline) -> Answer:
        began = time.monotonic()
        while True:
            answer = ask()
            spent = time.monotonic() - began
            if answer.healthy or answer.final or not deadline.left:
                break
            self._commands.pause(min(_POLL, deadline.left))
        late = "" if answer.healthy or answer.final else f" (not within {deadline.seconds:g} s)"
        done = dataclasses.replace(answer, check=name, subject=self._id, said=answer.said + late, seconds=spent)
        self._tell(f"{self._id}: {name}: {'healthy' if done.healthy else 'not healthy'}: {done.said} ({spent:.1f} s)")
        return done

    # The checks

    def _described(self) -> dict[str, t.Any] | None:
        return next(iter(ami_calls.describe_instances(self._world.ec2, [self._id])), None)

    def _runs(self) -> Answer:
        found = self._described()
        if found is None:
            return Answer(RUNS, False, "it is gone", final=time.monotonic() - self._began > _GRACE)
        state = str(found["State"]["Name"])
        public = found.get("PublicIpAddress") if self._world.options.address == "public_ip" else None
        self._address = str(public or found.get("PrivateIpAddress") or "")
        why = (found.get("StateReason") or {}).get("Message") or found.get("StateTransitionReason")
        said = f"{state} ({why})" if why and state in _OVER else state
        return Answer(RUNS, state == "running" and bool(self._address), said, final=state in _OVER)

    def gone(self) -> str | None:
        answer = self._runs()
        return answer.said if answer.final else None

    def _status(self) -> Answer:
        return self._or_gone(judge_status(calls.describe_status(self._world.ec2, self._id)))

    def _target(self) -> Answer:
        arn = str(self._world.options.health.target_group)
        return self._or_gone(judge_target(calls.describe_target(self._world.elbv2, arn, self._id)))

    def _url(self) -> Answer:
        wanted = self._world.options.health.url
        if wanted is None:
            raise AssertionError("Internal error!")  # pragma: no cover
        host = f"[{self._address}]" if ":" in self._address else self._address
        asked = wanted.url.replace(ADDRESS, host)
        return self._or_gone(judge_reply(asked, fetch(asked, wanted), wanted))

    def _or_gone(self, answer: Answer) -> Answer:
        """That an instance is gone explains what it does not answer."""
        gone = None if answer.healthy else self.gone()
        return (
            dataclasses.replace(answer, said=f"{answer.said}; the instance is {gone}", final=True) if gone else answer
        )

    def _playbook(self) -> Answer:
        access, path = self._access, self._world.options.health.playbook
        if access is None or path is None:
            raise AssertionError("Internal error!")  # pragma: no cover
        way = Way(self._address, self._world.options.ssh_username, access.key)
        connection = Connection(way, access.directory, self._commands)
        try:
            ssh = wait_for_ssh(connection, Deadline(self._world.options.timeout), self.gone)
            if not ssh.good:
                return Answer(PLAYBOOK, False, f"SSH: {ssh.message}", final=True)
            log = self._world.log.with_suffix(".playbook.log")
            ran = run_suite(Suite("health", "ansible", path), connection, access.setting, "deploy", log)
        finally:
            connection.close()
        told = "; ".join(" ".join(case.lines()) for case in ran.bad)
        return Answer(PLAYBOOK, ran.passed, told or f"{len(ran.cases)} tasks passed", final=True)
