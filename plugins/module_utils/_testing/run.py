# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_test does: whether there is something to test, and whether it has passed already."""

from __future__ import annotations

import collections.abc as c
import datetime
import os
import pathlib
import shutil
import tempfile
import typing as t

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami.quarantine import TESTED_TAG
from .._packer.abandoned import make_owned, remove_abandoned
from .._packer.environment import aws_environment, with_own_programs
from .._packer.errors import PackerError
from .._packer.process import AncestorWatch, SignalTrap
from .._packer.secrets import Scrubber
from . import tagging
from .apply import apply
from .commands import Commands
from .errors import Interrupted, TestError
from .machines import architectures
from .matrix import Cell, make_cells
from .names import CHECK_MODE
from .setting import Setting, find_program
from .ssh import SESSION
from .suite_run import check_suites
from .suites import Suite
from .world import Result, World, read_world


def run(module: t.Any) -> Result:
    """Test AMIs, or say why what they say of their tests still holds."""
    with SignalTrap() as trap:
        try:
            world = read_world(module)
            if not world.options.anything:
                return _untested(world)
            if not world.options.force and all(tagging.passed_same(ami, world.digest) for ami in world.here):
                return _tested_before(world)
            return _test(world, trap)
        except PackerError as error:
            raise TestError(str(error), **error.result) from error
        except Interrupted as error:
            raise TestError(f"The tests were not begun: {error}. Nothing was launched.") from error


def _untested(world: World) -> Result:
    said = (
        f"{world.named} has no tests, so it is not tagged as tested, and a channel with the gate tested stays closed to it: name"
        " some under tests in its definition."
    )
    warn(said)
    return {**world.result("untested"), "table": [said]}


def _tested_before(world: World) -> Result:
    """The same tests have passed on the same matrix. What lacks the tags elsewhere gets them."""
    after = tagging.told(world.here[0])
    steps = world.steps(after)
    if not world.check:
        world.take(steps)
    said = f"{world.named} has {after[TESTED_TAG]}: the same tests are not run again"
    return {**world.result("unchanged", steps, after if steps else {}), "table": [said]}


def _test(world: World, trap: SignalTrap) -> Result:
    """Whatever can be known to be wrong is told before anything is launched, in check mode too."""
    options = world.options
    types = architectures(world.cloud, options)
    cells = make_cells(world.here, options.instance_types, options.subnet_ids, options.user_data, types)
    temporary = pathlib.Path(tempfile.gettempdir())
    remove_abandoned(temporary)
    scratch = make_owned(temporary)
    try:
        setting = _setting(world, cells, scratch, trap)
        _require_programs(options.ssh_interface, setting.commands.path)
        own = [Suite(CHECK_MODE, "ansible", options.playbook)] if options.playbook else []
        check_suites([*options.suites, *own], setting)
        return _planned(world, cells) if world.check else apply(world, cells, setting)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _require_programs(interface: str, path: str) -> None:
    """What it takes to reach instances."""
    needed = {"ssh": "OpenSSH's client", "ssh-keygen": "OpenSSH's client"}
    if interface == SESSION:
        needed |= {"aws": "the AWS CLI", "session-manager-plugin": "the Session Manager plugin of the AWS CLI"}
    for program, of in needed.items():
        if find_program(program, path) is None:
            raise TestError(f"There is no {program}, which is part of {of}: install it. Nothing was launched.")


def _setting(world: World, cells: c.Sequence[Cell], scratch: pathlib.Path, trap: SignalTrap) -> Setting:
    options = world.options
    environment = aws_environment(os.environ, world.access)
    environment["PATH"] = with_own_programs(environment.get("PATH", os.defpath))
    environment["TMPDIR"] = str(scratch)
    hidden = [options.variables[name] for name in options.secrets]
    scrubber = Scrubber([*hidden, world.access.secret_key, world.access.session_token])
    return Setting(
        commands=Commands(world.run_id, scratch, environment, scrubber.text, trap, AncestorWatch()),
        variables=options.variables,
        seconds=options.timeout,
        goss=options.goss,
        roles_path=options.roles_path,
        architectures=frozenset(cell.ami.architecture for cell in cells),
        check=world.check,
    )


def _planned(world: World, cells: c.Sequence[Cell]) -> Result:
    options = world.options
    after = tagging.tags_of(tagging.PASSED, world.digest, world.run_id, datetime.datetime.now(datetime.UTC))
    names = ", ".join([*(suite.name for suite in options.suites), *([CHECK_MODE] if options.playbook else [])])
    again = ", and again after a restart" if options.reboot else ""
    told = [
        f"{cell.name}: would launch {cell.ami.image_id} as {cell.instance_type} and run {names}{again}"
        for cell in cells
    ]
    result = world.result("would test", world.steps(after), after)
    return {**result, "cells": [cell.line() for cell in cells], "table": told}
