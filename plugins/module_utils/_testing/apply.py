# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The instances of a run: launched and tested at a time, removed whatever happens, and judged."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import datetime
import pathlib
import time

# AnsibleAWSModule.warn hands warnings on in a way that ansible-core calls deprecated.
from ansible.module_utils.common.warnings import warn

from .._ami.calls import AmiError
from .._ami.leftovers import Learned
from .._ami.processes import host_name, own_process
from .._ami.steps import Step, why
from .._inside import store
from .._packer.cleanup import Cleanup, clean_up
from .._packer.log import tell_step
from .._packer.record import RunRecord
from .._packer.room import require_room_to_build, tolerated
from .._packer.state import make_private
from . import results, tagging
from .cell_run import CellRun, Plan, run_cell
from .errors import Interrupted, TestError
from .machines import prepare
from .matrix import Cell
from .setting import Setting
from .world import Result, World

# Instances at a time.
_THREADS = 8


def apply(world: World, cells: c.Sequence[Cell], setting: Setting) -> Result:
    """Test on all instances. Raises TestError when the AMI failed, or could not be tested everywhere."""
    require_room_to_build()
    _begin_results(world.options.results)
    record = _record(world, setting)
    record.write()
    began, stopped, runs, ended = time.monotonic(), "", list[CellRun](), Cleanup()
    try:
        runs = _run_cells(world, cells, setting, record)
    except Interrupted as error:
        stopped = str(error)
    finally:
        setting.commands.end_rest()
        ended = _clean_up(world, record)
    left = {"leftovers": [*ended.remaining, *ended.unseen], "seconds": round(time.monotonic() - began, 1)}
    if stopped:
        told = {**world.result("interrupted"), **left}
        said = f"The tests of {world.named} were stopped: {stopped}. It is not tagged."
        raise TestError(f"{said}{ended.text()}{ended.advice(world.image)}", **told)
    return _judge(world, runs, left, ended)


def _begin_results(directory: pathlib.Path) -> None:
    try:
        make_private(directory)
        results.remove_old(directory)
    except OSError as error:
        raise TestError(
            f"results_dir: {directory} can't be written to: {error.strerror or error}. Name another directory. Nothing was"
            " launched."
        ) from error


def _record(world: World, setting: Setting) -> RunRecord:
    """By which a sweep finds what this run leaves, should it be killed."""
    own = own_process()
    return RunRecord(
        run_id=world.run_id,
        image=world.image,
        region=world.home.region,
        endpoint_url=world.access.endpoint_url,
        profile=world.access.profile,
        pid=own.pid,
        started=own.started,
        host=host_name(),
        scratch=str(setting.scratch),
        account=world.home.account,
        learned=Learned(began=time.time()),
    )


def _run_cells(world: World, cells: c.Sequence[Cell], setting: Setting, record: RunRecord) -> list[CellRun]:
    """A cell that fails stops none of the others."""

    def tell(text: str) -> None:
        tell_step(world.log, setting.commands.scrub(text))

    ground = prepare(world.cloud, world.options, record)
    plan = Plan(world.options, setting, world.home.region, setting.scratch, tell)
    with concurrent.futures.ThreadPoolExecutor(min(_THREADS, len(cells))) as pool:
        waiting = [pool.submit(run_cell, plan, ground, cell) for cell in cells]
        return [one.result() for one in waiting]


def _clean_up(world: World, record: RunRecord) -> Cleanup:
    """Remove all that carries the run's id. What could not be removed stays on record for a sweep."""
    done = clean_up(world.cloud, record, ())
    if done.settled() and not done.remaining:
        record.remove()
    return done


def _judge(world: World, runs: c.Sequence[CellRun], left: Result, ended: Cleanup) -> Result:
    now = datetime.datetime.now(datetime.UTC)
    directory = world.options.results
    with tolerated("The JUnit files could not be written"):
        results.write_reports(directory, world.image, runs, now)
    outcome = results.outcome_of(runs)
    after: dict[str, str] = {}
    steps: list[Step] = []
    if outcome != "incomplete":
        after = tagging.tags_of(outcome, world.digest, world.run_id, now)
        steps = world.steps(after)
    told = {
        **world.result(outcome, steps, after),
        **left,
        "cells": [results.cell_line(directory, run) for run in runs],
        "failures": results.failures(runs),
        "table": results.lines(runs),
    }
    with tolerated("The summary could not be written"):
        told["summary_path"] = str(results.write_summary(directory, told))
    world.take(steps)
    _keep_contents(world, runs, now)
    if outcome != "passed":
        raise TestError(results.message(world.named, runs, directory) + ended.text(), **told)
    if ended.text():
        raise TestError(f"{world.named} passed its tests.{ended.text()}{ended.advice(world.image)}", **told)
    return told


def _keep_contents(world: World, runs: c.Sequence[CellRun], now: datetime.datetime) -> None:
    """What is inside the version, as its first instance told. That it can't be kept is no failure of the AMI."""
    for run in runs:
        if run.contents_unread:
            warn(f"{run.cell.name}: {run.contents_unread}")
    told = next(((run.cell.ami, run.contents) for run in runs if run.contents), None)
    if told is None or not (told[0].image and told[0].version):
        return
    ami, contents = told
    kept = store.Kept(contents, ami.image_id, now.isoformat(timespec="seconds"))
    try:
        store.write(world.cloud.ssm(world.home.region), str(ami.image), str(ami.version), kept)
    except AmiError as error:
        warn(f"What is inside could not be kept: {why(error)}")
