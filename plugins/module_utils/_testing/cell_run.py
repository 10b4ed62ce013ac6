# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The life of one instance of the matrix: launched, ready, tested, restarted, tested again, terminated."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import pathlib
import tempfile

from .._ami.calls import AmiError
from .._ami.steps import why
from .._inside.contents import Contents
from .._inside.parsing import NotContents, parse
from .._inside.script import SCRIPT
from .cases import BOOT, REBOOT, Case, Ran
from .commands import Commands
from .machines import Gone, Ground, Machine
from .matrix import Cell
from .names import CHECK_MODE, READY
from .options import Options
from .ready import Deadline, Readiness, wait_for_ssh, wait_until_ready
from .setting import Setting
from .ssh import Connection, Way, proxy_of
from .suite_run import run_suite
from .suites import Suite

# Gone when the instance has restarted: what is below /run does not outlast it.
_MARK = "/run/golden-test-before-reboot"
_MARKED = "the instance has not restarted: it is the same boot"


@dataclasses.dataclass
class CellRun:
    """What became of a cell.

    C(not_launched) is why there was no instance, and C(broken_off) why AWS could not be asked any more: neither says anything
    about the AMI.
    """

    cell: Cell
    ran: list[Ran] = dataclasses.field(default_factory=list)
    not_launched: str | None = None
    broken_off: str | None = None
    instance_id: str | None = None
    contents: Contents | None = None
    contents_unread: str | None = None
    ssh_seconds: float | None = None
    ready_seconds: float | None = None
    reboot_seconds: float | None = None

    @property
    def outcome(self) -> str:
        if any(not one.passed for one in self.ran):
            return "failed"
        if self.not_launched:
            return "not launched"
        if self.broken_off:
            return "broken off"
        return "passed" if self.ran else "failed"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is run in each cell, and where what it showed goes."""

    options: Options
    setting: Setting
    region: str
    directory: pathlib.Path
    tell: c.Callable[[str], None]

    @property
    def suites(self) -> list[Suite]:
        return list(self.options.suites)

    def log(self, cell: Cell, phase: str, suite: str) -> pathlib.Path:
        return self.options.results / f"{cell.name}-{phase}-{suite}.log"


class _Life:
    def __init__(self, plan: Plan, ground: Ground, result: CellRun) -> None:
        self.plan = plan
        self.ground = ground
        self.result = result
        self.commands: Commands = plan.setting.commands
        # Short: a socket of SSH's is in it.
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=plan.directory))
        self.machine: Machine | None = None

    def live(self) -> None:
        cell = self.result.cell
        try:
            self.machine = Machine(self.ground, cell, self.commands)
        except AmiError as error:
            self.result.not_launched = why(error)
            return
        self.result.instance_id = self.machine.id
        self.plan.tell(f"{cell.name}: launched {self.machine.id}")
        connection = self._boot(self.machine)
        if connection is None:
            return
        try:
            # Before tests, which may change something.
            self._look_inside(connection)
            self._test(connection, BOOT)
            if self.plan.options.reboot and self._reboot(self.machine, connection):
                self._test(connection, REBOOT)
        finally:
            connection.close()

    def _boot(self, machine: Machine) -> Connection | None:
        options = self.plan.options
        deadline = Deadline(options.timeout)
        try:
            found = machine.wait_until_running(options.timeout)
        except Gone as error:
            self._report(BOOT, [Case("the instance runs", "failed", str(error), seconds=deadline.spent)], deadline)
            return None
        running = Case("the instance runs", seconds=deadline.spent)
        proxy = proxy_of(options.ssh_interface, self.plan.region)
        way = Way(machine.address(found), options.ssh_username, self.ground.key.private_key, proxy)
        connection = Connection(way, self.directory, self.commands)
        ssh = wait_for_ssh(connection, deadline, machine.gone)
        ready = wait_until_ready(connection, options.ports, deadline, ssh)
        self.result.ssh_seconds, self.result.ready_seconds = ready.ssh_seconds, ready.ready_seconds
        return connection if self._report(BOOT, [running, *ready.cases], deadline) else None

    def _report(self, phase: str, cases: c.Sequence[Case], deadline: Deadline) -> bool:
        self._add(Ran(READY, "golden.ami", phase, tuple(cases), deadline.spent))
        return all(case.good for case in cases)

    def _add(self, ran: Ran) -> None:
        self.result.ran.append(ran)
        bad = len(ran.bad)
        said = f"{bad} of {len(ran.cases)} failed" if bad else f"{len(ran.cases)} passed"
        self.plan.tell(f"{self.result.cell.name}: {ran.phase}: {ran.suite}: {said} ({ran.seconds:.1f} s)")

    def _test(self, connection: Connection, phase: str) -> None:
        suites = self.plan.suites
        playbook = self.plan.options.playbook
        if playbook and phase == BOOT:
            suites.append(Suite(CHECK_MODE, "ansible", playbook))
        for suite in suites:
            log = self.plan.log(self.result.cell, phase, suite.name)
            self._add(run_suite(suite, connection, self.plan.setting, phase, log))

    def _look_inside(self, connection: Connection) -> None:
        """What is inside is told, and is no test: that it cannot be read fails nothing."""
        ended = connection.feed("sudo -n sh -s", SCRIPT.encode(), timeout=self.plan.options.timeout)
        try:
            self.result.contents = parse(ended.text)
        except NotContents as error:
            self.result.contents_unread = str(error)

    def _reboot(self, machine: Machine, connection: Connection) -> bool:
        options = self.plan.options
        deadline = Deadline(options.timeout)
        marked = connection.run(f"sudo -n touch {_MARK}", timeout=options.timeout)
        if marked.code:
            why = f"{options.ssh_username} cannot become root by sudo: {' '.join(marked.text.split())[-300:]}"
            return self._report(REBOOT, [Case("the restart begins", "failed", why)], deadline)
        connection.close()
        machine.reboot()
        ssh = wait_for_ssh(connection, deadline, machine.gone, f"test ! -e {_MARK} || {{ echo '{_MARKED}'; exit 1; }}")
        ready: Readiness = wait_until_ready(connection, options.ports, deadline, ssh)
        self.result.reboot_seconds = ready.ready_seconds
        return self._report(REBOOT, ready.cases, deadline)

    def end(self) -> None:
        """Terminate, without waiting for it: what is left is looked for when all cells have ended."""
        if self.machine is None:
            return
        try:
            self.machine.terminate()
        except AmiError as error:
            self.plan.tell(f"{self.result.cell.name}: {self.machine.id} could not be terminated yet: {why(error)}")


def run_cell(plan: Plan, ground: Ground, cell: Cell) -> CellRun:
    """Run a cell to its end, whatever happens in it. Raises Interrupted when the module is to end."""
    result = CellRun(cell)
    life = _Life(plan, ground, result)
    try:
        life.live()
    except AmiError as error:
        result.broken_off = why(error)
        plan.tell(f"{cell.name}: broken off: {result.broken_off}")
    finally:
        life.end()
    return result
