# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""INT, TERM, HUP and KILL at each boundary between two steps of a build.

Either the build was interrupted, says so and by what, and nothing is left; or it was so far that it made a whole AMI.
After a KILL of the module nobody is left to clean up: ``build_sweep`` does it.

The module gets each signal at each boundary, ansible-playbook INT and KILL at each and the others at three, Packer all
of them at three. A signal goes out as soon as the boundary shows in the record of calls or in the log, so a step
may have begun by then.
"""

from __future__ import annotations

import os
import signal
import typing as t

import pytest
from harness.builds import Result, Started
from harness.signals import SIGNALS, packer_process, wait_for
from reliability.boundaries import BOUNDARIES, BY_NAME, Boundary, complete_images, logs, outcomes, settle, wait_until
from reliability.ground import Row

SAMPLED = ["security group made", "provisioner runs", "AMI begun"]
# What Packer ends a build for by itself, and what it calls it. Of the others it dies.
CANCELS = {"INT": "interrupt", "TERM": "terminated"}
REPRESENTATIVE = ("module", "INT", "provisioner runs")


def combinations() -> list[t.Any]:
    found = [("module", name, boundary.name) for name in SIGNALS for boundary in BOUNDARIES]
    found += [("ansible-playbook", name, boundary.name) for name in ("INT", "KILL") for boundary in BOUNDARIES]
    found += [("ansible-playbook", name, sampled) for name in ("TERM", "HUP") for sampled in SAMPLED]
    found += [("packer", name, sampled) for name in SIGNALS for sampled in SAMPLED]
    return [
        pytest.param(
            *one,
            id="-".join(one).replace(" ", "_"),
            marks=pytest.mark.row("signals", representative=one == REPRESENTATIVE),
        )
        for one in found
    ]


@pytest.mark.parametrize(("victim", "name", "boundary"), combinations())
def test_nothing_is_left(row: Row, victim: str, name: str, boundary: str) -> None:
    where = BY_NAME[boundary]
    row.bench.image("web", script(where))
    started = row.bench.start_play("web") if victim == "ansible-playbook" else row.bench.start("web")
    wait_until(row, where, started)
    send(started, victim, name)
    result = started.finish()
    settle(row)
    assert_truth(row, result, victim, name)


def script(boundary: Boundary) -> str:
    """One that says that it is at work, and does not end by itself where it is to be interrupted."""
    return f"echo at work on the instance\n{'sleep 900' if boundary.words.startswith('at work') else 'true'}"


def send(started: Started, victim: str, name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    if victim != "packer":
        os.kill(started.pid, number)
        return
    packer = wait_for(lambda: packer_process(started.pid), 10, "Packer runs")
    # Packer's outer process ignores an INT of its own: a terminal sends it to the whole group.
    (os.killpg if name == "INT" else os.kill)(packer, number)


def assert_truth(row: Row, result: Result, victim: str, name: str) -> None:
    images = row.images()
    whole = complete_images(row.cloud, images)
    if whole:
        # It was too late to interrupt anything.
        assert len(images) == 1, f"{images}\n{result}"
        assert_ami_is_told(row, result, victim, whole[0])
    else:
        assert result.rc != 0, result
    if victim == "module" and name == "KILL":
        assert_swept(row, result)
    elif victim == "module":
        assert_module_says(result, name, interrupted=not whole)
    elif victim == "packer":
        assert_packer_is_named(result, name, whole)
    else:
        # Nobody reads the module's result any more, but it wrote down how it ended.
        assert outcomes(row) == ["built" if whole else "interrupted"], result
    for image in whole:
        row.complete(image, "web")


def assert_ami_is_told(row: Row, result: Result, victim: str, image: str) -> None:
    """In the result where there is one, and in the log whatever became of who would have read the result."""
    if victim != "ansible-playbook" and result.rc == 0:
        assert result.amis == [image], result
    assert any(image in log for log in logs(row)), f"no log tells of {image}\n{result}"


def assert_swept(row: Row, result: Result) -> None:
    assert result.rc == -signal.SIGKILL, result
    swept = row.bench.sweep("web")
    assert swept.rc == 0, swept
    assert not swept.values["left"], swept


def assert_module_says(result: Result, name: str, *, interrupted: bool) -> None:
    assert not result.leftovers, result
    if not interrupted:
        assert result.outcome == "built", result
        return
    assert f"SIG{name}" in result.msg, result
    if result.values.get("run_id"):
        assert result.outcome == "interrupted", result


def assert_packer_is_named(result: Result, name: str, whole: list[str]) -> None:
    assert not result.leftovers, result
    if whole:
        assert result.outcome == "built", result
        return
    assert result.outcome == "failed", result
    if name in CANCELS:
        assert f"The build of web was ended: Packer received {CANCELS[name]}." in result.msg, result
    else:
        number = signal.Signals[f"SIG{name}"]
        assert result.values["rc"] == -number, result
        assert f"Packer was killed by signal {number:d}" in result.msg, result
