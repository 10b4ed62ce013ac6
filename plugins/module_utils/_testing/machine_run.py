# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module machine_test does: the suites of an image on a machine that is there, by the engines of ami_test."""

from __future__ import annotations

import collections.abc as c
import datetime
import os
import pathlib
import secrets
import shutil
import tempfile
import typing as t

from .._packer.abandoned import make_owned, remove_abandoned
from .._packer.environment import with_own_programs
from .._packer.errors import PackerError
from .._packer.process import AncestorWatch, SignalTrap
from .._packer.secrets import Scrubber
from .._packer.state import make_private
from .cases import BUILD, Ran
from .commands import Commands
from .errors import Interrupted, TestError
from .machine_options import Options, read_options, without_launch
from .machine_results import failures, lines, message, suite_line, write_report
from .setting import Setting
from .ssh import REMOTE, Connection
from .suite_run import check_suites, run_suite

_ARCHITECTURES = {"aarch64": "arm64"}
_QUICK = 60.0

Result = dict[str, t.Any]


class _Run:
    """One run of the module. C(scratch) is its own directory."""

    def __init__(self, options: Options, scratch: pathlib.Path, trap: SignalTrap) -> None:
        self.options = options
        environment = {**os.environ, "PATH": with_own_programs(os.environ.get("PATH", os.defpath))}
        self.commands = Commands(
            f"golden-{secrets.token_hex(6)}",
            scratch,
            {**environment, "TMPDIR": str(scratch)},
            Scrubber([options.variables[name] for name in options.secrets]).text,
            trap,
            AncestorWatch(),
        )

    def setting(self, architectures: frozenset[str]) -> Setting:
        options = self.options
        return Setting(
            self.commands, options.variables, options.seconds, options.goss, options.roles_path, architectures
        )

    def check(self) -> Result:
        """Read the test files only."""
        check_suites(self.options.suites, self.setting(frozenset()))
        told = [f"{suite.name}: would run on {self.options.way.address}" for suite in self.options.suites]
        return self._result([], told)

    def test(self, now: datetime.datetime) -> Result:
        """Run all suites, also when one of the first has failed. What was brought to the machine is gone then."""
        options = self.options
        connection = Connection(options.way, self.commands.scratch, self.commands)
        try:
            setting = self.setting(self._architecture(connection))
            check_suites(options.suites, setting)
            make_private(options.results)
            for old in options.results.glob(f"{options.name}-{BUILD}-*"):
                old.unlink()
            try:
                ran = [self._suite(connection, setting, index) for index in range(len(options.suites))]
            finally:
                self._remove(connection)
        finally:
            connection.close()
        for one in ran:
            write_report(options.results, options.name, options.way.address, one, now)
        result = self._result(ran, lines(ran))
        if not all(one.passed for one in ran):
            raise TestError(message(options.name, ran, options.results), **result)
        return result

    def _suite(self, connection: Connection, setting: Setting, index: int) -> Ran:
        suite = self.options.suites[index]
        log = self.options.results / f"{self.options.name}-{BUILD}-{suite.name}.log"
        return run_suite(suite, connection, setting, BUILD, log)

    def _architecture(self, connection: Connection) -> frozenset[str]:
        """What the machine is. At the same time it shows that one gets in."""
        ended = connection.run("uname -m && sudo -n true", timeout=_QUICK)
        if ended.code:
            way = self.options.way
            said = " ".join(ended.text.split())[-300:] or f"ssh ended with {ended.code}"
            raise TestError(
                f"{way.user} cannot log in on {way.address}, port {way.port}, or has no sudo without a password: {said}."
                " Correct host, port, user or private_key_file."
            )
        machine = ended.lines[0].strip()
        return frozenset({_ARCHITECTURES.get(machine, machine)})

    def _remove(self, connection: Connection) -> None:
        """An image that is made of the machine must not have the tests in it."""
        ended = connection.remove(timeout=_QUICK)
        if ended.code:
            said = " ".join(ended.text.split())[-300:]
            raise TestError(f"{REMOTE} could not be removed from {self.options.way.address}: {said}. Remove it.")

    def _result(self, ran: c.Sequence[Ran], table: c.Sequence[str]) -> Result:
        options = self.options
        return {
            "changed": False,
            "suites": [suite_line(options.results, options.name, one) for one in ran],
            "failures": failures(ran),
            "table": list(table),
            "results_dir": str(options.results),
        }


def run(module: t.Any) -> Result:
    """Test the machine. Raises TestError when a test fails."""
    options = read_options(module.params)
    temporary = pathlib.Path(tempfile.gettempdir())
    remove_abandoned(temporary)
    scratch = make_owned(temporary)
    with SignalTrap() as trap:
        runs = _Run(options, scratch, trap)
        try:
            return runs.check() if module.check_mode else runs.test(datetime.datetime.now(datetime.UTC))
        except Interrupted as error:
            raise TestError(f"The tests of {options.name} were stopped: {error}.") from error
        except TestError as error:
            raise TestError(without_launch(str(error)), **error.result) from error
        except PackerError as error:
            raise TestError(str(error), **error.result) from error
        finally:
            runs.commands.end_rest()
            shutil.rmtree(scratch, ignore_errors=True)
