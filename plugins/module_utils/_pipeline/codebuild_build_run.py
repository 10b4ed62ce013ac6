# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module codebuild_build does."""

from __future__ import annotations

import collections.abc as c
import contextlib
import typing as t
import uuid

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami.calls import AmiError
from .._ami.cloud import Cloud
from .._ami.steps import ResultError, why
from .._packer.process import AncestorWatch, SignalTrap
from .._packer.secrets import Scrubber, texts
from . import codebuild_calls as calls
from .codebuild_build_options import check_options, start_request
from .codebuild_build_result import SUCCEEDED, Build, failure, is_complete, told
from .codebuild_calls import CodeBuildError
from .codebuild_follow import Followed, Log, World, follow
from .codebuild_log import BuildLog
from .codebuild_shown import hide_variables, secret_values

Result = dict[str, t.Any]
Params = dict[str, t.Any]


def run(module: t.Any) -> Result:
    params = dict(module.params)
    secrets = _hide_given(module, params)
    check_options(params)
    scrubber = Scrubber(secrets)
    # From before the build is started: a signal in the moment between would leave one that nobody knows of.
    with SignalTrap() as trap:
        try:
            return _Run(module, params, trap, scrubber).run()
        except AmiError:
            # AWS's words may repeat what it refuses.
            module.no_log_values.update(texts(secrets))
            raise


def _hide_given(module: t.Any, params: Params) -> list[str]:
    """The values that a result, which repeats the options, must not have."""
    overrides = params["overrides"] or {}
    given = overrides.get("environment_variables")
    if not given:
        return []
    module.params["overrides"] = {**overrides, "environment_variables": hide_variables(given)}
    return list(secret_values(given).values())


class _Run:
    """One task: the options, CodeBuild, and what wants it to end."""

    def __init__(self, module: t.Any, params: Params, trap: SignalTrap, scrubber: Scrubber) -> None:
        self._params = params
        self._check: bool = module.check_mode
        self._cloud = Cloud(module.client, module.region)
        self._region: str = self._cloud.codebuild().meta.region_name
        self._trap = trap
        self._watch = AncestorWatch()
        self._scrubber = scrubber

    def run(self) -> Result:
        state = self._params["state"]
        if state == "started":
            return self._start()
        build = self._read(self._params["build_id"])
        if state == "retried":
            return self._retry(build)
        return self._stop(build) if state == "stopped" else self._finish(build)

    def _start(self) -> Result:
        project = self._params["project"]
        request = start_request(self._params["overrides"])
        action = {
            "action": "start",
            "project": project,
            "build_id": None,
            "reason": _otherwise(self._params["overrides"]),
        }
        if self._check:
            if calls.read_project(self._cloud.codebuild(), project) is None:
                raise CodeBuildError(f"There is no CodeBuild project {project} in {self._region}. Create it first.")
            return {"changed": True, "build": None, "actions": [action]}
        # Else botocore, which repeats a call whose answer got lost, would start two.
        token = self._params["idempotency_token"] or str(uuid.uuid4())
        request["idempotencyToken"] = token
        return self._begin(lambda: calls.start_build(self._cloud.codebuild(), project, request), action)

    def _retry(self, build: Build) -> Result:
        if not is_complete(build):
            raise CodeBuildError(
                f"The build {build['id']} is still running: wait for it with state finished, or stop it first."
            )
        reason = f"{build['id']} has ended: {build['buildStatus']}"
        action = {"action": "retry", "project": build["projectName"], "build_id": None, "reason": reason}
        if self._check:
            return {"changed": True, "build": None, "actions": [action]}
        token = self._params["idempotency_token"] or str(uuid.uuid4())
        return self._begin(lambda: calls.retry_build(self._cloud.codebuild(), build["id"], token), action)

    def _begin(self, begin: c.Callable[[], Build], action: Result) -> Result:
        """A build of our own: nobody else would stop it."""
        with self._log() as log:
            reason = self._reason_to_end()
            if reason:
                raise CodeBuildError(f"{reason}. No build was started.")
            build = begin()
            result = {"changed": True, "actions": [{**action, "build_id": build["id"]}]}
            if not self._params["wait"]:
                return {**result, "build": told(build, [])}
            log.step(f"{build['id']} is started")
            try:
                followed, lines = self._follow(build["id"], log)
            except AmiError as error:
                text = f"The build {build['id']} is started and runs on, but cannot be followed: {why(error)}"
                raise ResultError(text, **result, build=told(build, [])) from error
            if followed.end == "interrupted":
                raise self._stopped_for(followed, lines, result)
        return self._ended(followed, lines, result)

    def _finish(self, build: Build) -> Result:
        """A build of somebody else: it is waited for, and that is all."""
        result: Result = {"changed": False, "actions": []}
        if self._check:
            return {**result, "build": told(build, [])}
        with self._log() as log:
            followed, lines = self._follow(build["id"], log)
        if followed.end == "interrupted":
            text = f"{followed.reason}. The build {build['id']} runs on: this task did not start it."
            raise ResultError(text, **result, build=told(followed.build, lines))
        return self._ended(followed, lines, result)

    def _stop(self, build: Build) -> Result:
        if is_complete(build):
            return {"changed": False, "actions": [], "build": told(build, [])}
        action = {"action": "stop", "project": build["projectName"], "build_id": build["id"], "reason": "it is running"}
        result = {"changed": True, "actions": [action]}
        if self._check:
            return {**result, "build": told(build, [])}
        stopped = calls.stop_build(self._cloud.codebuild(), build["id"])
        if is_complete(stopped) or not self._params["wait"]:
            return {**result, "build": told(stopped, [])}
        with self._log() as log:
            followed, lines = self._follow(build["id"], log)
        if followed.end != "complete":
            text = f"The build {build['id']} was told to stop, and is still {followed.build.get('currentPhase')}."
            raise ResultError(text, **result, build=told(followed.build, lines))
        return {**result, "build": told(followed.build, lines)}

    def _read(self, build_id: str) -> Build:
        build = calls.read_build(self._cloud.codebuild(), build_id)
        if build is None:
            raise CodeBuildError(f"There is no build {build_id} in {self._region}.")
        return build

    @contextlib.contextmanager
    def _log(self) -> c.Iterator[BuildLog]:
        log = BuildLog(self._params["log_path"], self._scrubber)
        try:
            yield log
        finally:
            log.close()

    def _follow(self, build_id: str, screen: BuildLog) -> tuple[Followed, list[str]]:
        world = World(
            read_build=lambda: self._read(build_id),
            read_log=lambda group, stream, token: calls.read_log(self._cloud.logs(), group, stream, token),
            interrupted=self._reason_to_end,
        )
        log = Log(world, screen, warn)
        followed = follow(world, log, screen, timeout=self._params["wait_timeout"])
        return followed, [self._scrubber.text(line) for line in log.tail]

    def _reason_to_end(self) -> str | None:
        if self._trap.received:
            return f"The module got {self._trap.received.name}"
        lost = self._watch.lost()
        return f"The process {lost.pid} that waited for the result is gone" if lost else None

    def _stopped_for(self, followed: Followed, lines: list[str], result: Result) -> ResultError:
        build_id = followed.build["id"]
        try:
            build: Build = calls.stop_build(self._cloud.codebuild(), build_id)
        except AmiError as error:
            text = f"{followed.reason}. The build {build_id} could not be stopped, and runs on: {why(error)}"
            return ResultError(text, **result, build=told(followed.build, lines))
        return ResultError(f"{followed.reason}. The build {build_id} was stopped.", **result, build=told(build, lines))

    def _ended(self, followed: Followed, lines: list[str], result: Result) -> Result:
        build = followed.build
        full = {**result, "build": told(build, lines)}
        if followed.end == "timeout":
            text = (
                f"The build {build['id']} is not over after the wait_timeout of {self._params['wait_timeout']} s: it is in phase"
                f" {build.get('currentPhase')}, and runs on. Wait for it with state finished, or end it with state stopped."
            )
            raise ResultError(text, **full)
        if build["buildStatus"] == SUCCEEDED:
            return full
        raise ResultError(self._scrubber.text(failure(build, lines)), **full)


def _otherwise(overrides: Params | None) -> str:
    names = sorted(name for name, value in (overrides or {}).items() if value is not None)
    return f"with another {', '.join(names)} than the project has" if names else "as the project says"
