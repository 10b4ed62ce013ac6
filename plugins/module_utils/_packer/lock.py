# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import datetime
import time

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

from .._ami.calls import AmiError
from .._ami.lock_parameter import ParameterLock
from .._ami.owner import Owner, this_process
from .errors import PackerError
from .lock_file import FileLock
from .process import AncestorWatch, SignalTrap

# How often is looked whether it is free: a file costs nothing, a parameter a call.
_POLL_FILE = 0.5
_POLL_PARAMETER = 5.0
_SLICE = 0.1
# How long a build takes at most that has no timeout, and what comes before and after Packer; clocks may differ, too.
_LONGEST = 12 * 3600.0
_MARGIN = 1800.0


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long to wait, what ends it before, and who is told. Seconds."""

    timeout: float
    trap: SignalTrap
    watch: AncestorWatch
    tell: c.Callable[[str], None]


def lifetime(timeout: float | None, placements: int) -> float:
    """After how many seconds a lock may be taken from its owner: when its build cannot be running any more."""
    return (timeout or _LONGEST) * max(placements, 1) + _MARGIN


def _is_denied(error: AmiError) -> bool:
    denied = is_boto3_error_code(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"], error.exception)
    return isinstance(error.exception, denied)


class BuildLock:
    """One build of an image at a time: on this machine by a file, everywhere by an SSM parameter."""

    def __init__(
        self, image: str, run: str, life: float, file: FileLock, parameter: ParameterLock | None, patience: Patience
    ) -> None:
        self._image = image
        self._run = run
        self._life = life
        self._file = file
        self._parameter = parameter
        self._patience = patience
        self._owner: Owner | None = None
        # Whether another build was in the way: then the world may be another one than it was.
        self.waited = False
        # Whether it is still there for all that this build is over.
        self.stuck = False

    def __enter__(self) -> BuildLock:
        until = time.monotonic() + self._patience.timeout
        with contextlib.ExitStack() as undo:
            undo.callback(self._file.release)
            self._wait(self._file.take, _POLL_FILE, until)
            if self._parameter:
                try:
                    self._wait(self._take_parameter, _POLL_PARAMETER, until)
                except AmiError as error:
                    raise self._failed(error, self._parameter) from error
            undo.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        try:
            if self._parameter and self._owner:
                self._parameter.release(self._owner)
        except AmiError as error:
            self.stuck = True
            warn(
                f"The lock of this build, the SSM parameter {self._parameter.name if self._parameter else ''}, could not"
                f" be removed ({error.message}: {error.exception}). Builds on other machines wait until it expires, or the"
                " next build on this machine or ./taskw sweep removes it. That needs ssm:DeleteParameter."
            )
        finally:
            self._file.release()

    def _take_parameter(self, owner: Owner) -> str | None:
        if self._parameter is None:
            return None
        holder = self._parameter.take(owner, self._is_over)
        self._owner = owner if holder is None else None
        return holder

    def _is_over(self, other: Owner) -> bool:
        """Whoever held the file that this run holds now is over, whatever has become of the machine since."""
        previous = self._file.previous
        return (previous is not None and previous.run == other.run) or other.is_dead()

    def _wait(self, take: c.Callable[[Owner], str | None], poll: float, until: float) -> None:
        told = ""
        while holder := take(self._own()):
            self.waited = True
            self._give_up_on(holder, until)
            if holder != told:
                self._patience.tell(f"Wait for {holder}, which builds {self._image}")
                told = holder
            self._sleep(min(poll, max(until - time.monotonic(), 0)), holder)

    def _own(self) -> Owner:
        now = datetime.datetime.now(datetime.UTC)
        return this_process(self._run, now, now + datetime.timedelta(seconds=self._life))

    def _sleep(self, seconds: float, holder: str) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            lost = self._patience.watch.lost()
            if self._patience.trap.received or lost:
                why = (
                    f"the module got {self._patience.trap.received.name}"
                    if self._patience.trap.received
                    else (f"the process {lost.pid if lost else 0} that waited for the result is gone")
                )
                raise PackerError(f"Nothing of {self._image} was built: {why} while it waited for {holder}.")
            time.sleep(_SLICE)

    def _give_up_on(self, holder: str, until: float) -> None:
        if time.monotonic() < until:
            return
        waited = f", and {self._patience.timeout:g} s were not enough to wait for it" if self._patience.timeout else ""
        name = f" or, when it is dead, remove the SSM parameter {self._parameter.name}" if self._parameter else ""
        raise PackerError(
            f"{self._image} is being built by {holder}{waited}. Wait for it (lock_timeout says how long), end it{name}."
        )

    def _failed(self, error: AmiError, parameter: ParameterLock) -> PackerError:
        said = (
            f"The SSM parameter {parameter.name}, by which only one build of an image runs at a time, could not be"
            f" taken: {error.message}: {error.exception}. Nothing was launched."
        )
        if _is_denied(error):
            return PackerError(
                f"{said} With record the module needs ssm:GetParameter, ssm:PutParameter and ssm:DeleteParameter on"
                " /golden/*: allow them, or set record to false."
            )
        return PackerError(f"{said} Build again when that is over.{self._undone(parameter)}")

    def _undone(self, parameter: ParameterLock) -> str:
        """Remove what a call made whose answer got lost; else a sentence."""
        try:
            gone = parameter.remove_of(self._run, self._own())
            why = "another run is about to remove it"
        except AmiError as error:
            gone, why = False, f"{error.message}: {error.exception}"
        if gone:
            return ""
        self.stuck = True
        return (
            f" Whether this build has left its lock there is not known ({why}): if it names {self._run}, builds on other"
            " machines wait until it expires, or is removed."
        )
