# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build at work: its phases one after the other, in a job of its own; its end, whoever demands it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from golden_cloud.api import bus, runtime
from golden_cloud.api.codebuild import events
from golden_cloud.api.codebuild.build import Build, Ending
from golden_cloud.api.codebuild.credentials import BuildCredentials
from golden_cloud.api.codebuild.log import BuildLog
from golden_cloud.api.codebuild.outcome import Ended, Failure
from golden_cloud.api.codebuild.shell import Failed
from golden_cloud.api.codebuild.steps import Steps
from golden_cloud.ports import MachineError

TICK = 0.25
"""Seconds between two looks at the clock, the cloud and the log."""
_ENDINGS = {
    "STOPPED": ("", ""),
    "TIMED_OUT": ("BUILD_TIMED_OUT", "Build has timed out. "),
}
_COMMANDS = {"INSTALL": "install", "PRE_BUILD": "pre_build", "BUILD": "build", "POST_BUILD": "post_build"}

_at_work: dict[str, Run] = {}
"""By the build's key. Only for who holds the cloud's lock."""


def submit(build: Build) -> None:
    """Have a build done; only for who holds the lock."""
    cloud = runtime.current()
    build.begin("SUBMITTED")
    _at_work[build.key] = run = Run(cloud, build)
    cloud.jobs.submit(build.key, run.work)


def stop(build: Build) -> None:
    """End a build at once; its container follows. Only for who holds the lock."""
    run = _at_work.get(build.key)
    if run is not None:
        run.end("STOPPED")


class Run:
    """One build's way through its phases."""

    def __init__(self, cloud: runtime.Cloud, build: Build) -> None:
        self._cloud = cloud
        self._build = build
        self._ending = Ending()
        self._over = threading.Event()
        self._deadline = float("inf")
        self._log = BuildLog(build)
        self._credentials = BuildCredentials(build.role, build.region, build.uuid)
        self._steps = Steps(cloud, build, self._log, self._credentials)
        self._failed = False

    # --- the end, from outside ----------------------------------------------------------------------------

    def end(self, status: str, code: str | None = None, message: str = "") -> None:
        """Say that the build is over, as whoever asks from now on is told. Only for who holds the lock."""
        if self._build.ended is not None or not self._ending.demand(status):
            return
        default, text = _ENDINGS[status]
        if self._build.phases and self._build.phases[-1].ended is None:
            self._build.end_phase(status, default if code is None else code, message or text)
        self._build.complete(status)
        self._over.set()

    def _watch(self) -> None:
        """Until the build is over: keep its log current, see to its time, and to the end of the cloud."""
        while not self._over.wait(TICK):
            if self._cloud.closing:
                with self._cloud.changing():
                    self.end("STOPPED", "INTERNAL_SERVICE_ERROR", "The local cloud is ending.")
            elif time.monotonic() > self._deadline:
                with self._cloud.changing():
                    self.end("TIMED_OUT")
            self._log.flush()
        # What still runs in the container comes to its end, and with it the build's own thread.
        if self._ending.status is not None:
            self._remove()

    def _remove(self) -> None:
        try:
            self._cloud.builders.remove(self._build.key)
        except MachineError:
            runtime.LOG.exception("the container of %s could not be removed", self._build.id)

    # --- the way through ----------------------------------------------------------------------------------

    def work(self) -> None:
        watcher = threading.Thread(target=self._watch, name=f"watch-{self._build.key}", daemon=True)
        watcher.start()
        bus.publish(events.state_change(self._build))
        try:
            self._through()
        except Ended:
            self._log.say(f"Build ended: {self._ending.status}")
        except Exception as error:
            runtime.LOG.exception("build %s", self._build.id)
            self._fault(error)
        finally:
            self._over.set()
            watcher.join()
            self._remove()
            self._credentials.forget()
            self._log.flush()
        self._conclude()

    def _through(self) -> None:
        steps, build = self._steps, self._build
        if not self._phase("SUBMITTED", steps.submit, begun=True):
            self._complete()
            return
        self._phase("QUEUED", lambda: None)
        if not self._phase("PROVISIONING", steps.provision):
            self._complete()
            return
        minutes = build.asked["timeoutInMinutes"]
        self._deadline = time.monotonic() + minutes * self._cloud.config.timings.build_minute
        if self._phase("DOWNLOAD_SOURCE", steps.download):
            built = self._commands()
            self._phase("UPLOAD_ARTIFACTS", lambda: steps.upload(artifacts=built))
        self._phase("FINALIZING", steps.finalize)
        self._complete()

    def _commands(self) -> bool:
        """The phases of the buildspec; whether BUILD was come to, so that there can be artifacts."""
        built = False
        for kind, name in _COMMANDS.items():
            rule = self._steps.spec.phase(name).on_failure
            built = built or kind == "BUILD"
            done = self._phase(kind, lambda name=name: self._steps.commands(name, succeeding=not self._failed))  # type: ignore[misc]
            if done or rule.proceed:
                continue
            if rule.abort:
                return False
            if kind != "BUILD":
                return built
        return built

    def _phase(self, kind: str, action: Callable[[], None], *, begun: bool = False) -> bool:
        """Do what the phase does and write down how it went; ``Ended`` when the build is over meanwhile."""
        if not begun:
            with self._cloud.changing():
                self._check()
                self._build.begin(kind)
            if kind in _COMMANDS or kind == "UPLOAD_ARTIFACTS":
                self._log.say(f"Entering phase {kind}")
        failure: Failure | None = None
        try:
            action()
        except Failure as failed:
            failure = failed
        except (MachineError, Failed) as error:
            # That is how a command ends whose container is taken away.
            if self._ending.status is None:
                failure = Failure("INTERNAL_SERVICE_ERROR", str(error))
        self._end_phase(kind, failure)
        return failure is None

    def _end_phase(self, kind: str, failure: Failure | None) -> None:
        status = "FAILED" if failure else "SUCCEEDED"
        code, message = (failure.code, self._log.masked(failure.message)) if failure else ("", "")
        self._failed = self._failed or failure is not None
        with self._cloud.changing():
            self._check()
            phase = self._build.end_phase(status, code, message)
        if kind not in ("SUBMITTED", "QUEUED", "FINALIZING"):
            self._log.say(f"Phase complete: {kind} State: {status}")
            self._log.say(f"Phase context status code: {code} Message: {message}")
        bus.publish(events.phase_change(self._build, phase))

    def _check(self) -> None:
        if self._build.ended is not None:
            raise Ended

    def _complete(self) -> None:
        self._log.flush()
        with self._cloud.changing():
            self._check()
            self._build.complete("FAILED" if self._failed else "SUCCEEDED")

    def _fault(self, error: Exception) -> None:
        """A mistake in the local cloud, which the build tells as such."""
        with self._cloud.changing():
            if self._build.ended is None:
                self._build.interrupt("FAULT", f"A mistake in the local cloud: {error!r}; see its log.")

    def _conclude(self) -> None:
        with self._cloud.changing():
            _at_work.pop(self._build.key, None)
        if self._ending.status is not None and len(self._build.phases) > 1:
            bus.publish(events.phase_change(self._build, self._build.phases[-2]))
        bus.publish(events.phase_change(self._build, self._build.phases[-1]))
        bus.publish(events.state_change(self._build))
