# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provisioner that fails: the build fails with its words, and nothing stays of it.

A shell without ``pipefail`` hides what fails in front of a pipe from everybody, Packer and this collection included: a
script that wants to be heard sets it, and then it is.
"""

from __future__ import annotations

import subprocess

import pytest
from harness.builds import TEMPLATE
from harness.signals import hear_signals
from reliability.boundaries import complete_images, settle
from reliability.ground import Row

PIPED = """\
#!/bin/bash
set -e -o pipefail
(echo the installer says no; exit 7) | tail -n 1
echo never comes here"""
# What stands behind the pipe ends first: the writer gets SIGPIPE, 128 + 13.
CUT = """\
#!/bin/bash
set -e -o pipefail
yes | head -n 1
echo never comes here"""
INLINE = TEMPLATE.replace(
    'script           = "${path.root}/provision.sh"',
    'inline_shebang = "/bin/bash -e"\n    inline = ["set -o pipefail", "(echo the installer says no; exit 7) | cat"]',
)


@pytest.mark.row("good build", representative=True)
def test_a_good_build_is_one_ami(row: Row) -> None:
    """What all the other rows are measured by: the frame sees a good build as good."""
    row.bench.image("web", "echo hello | sudo tee /etc/greeting")
    result = row.bench.build("web")
    assert not result.failed, result
    assert result.outcome == "built", result
    assert row.good(result, "web")["Name"].startswith("web-")


@pytest.mark.row("provisioner")
@pytest.mark.parametrize(
    ("script", "template", "status"), [(PIPED, TEMPLATE, 7), (CUT, TEMPLATE, 141), ("true", INLINE, 7)]
)
def test_a_failure_before_a_pipe_is_heard(row: Row, script: str, template: str, status: int) -> None:
    row.bench.image("web", script, template=template)
    result = row.bench.build("web")
    assert result.rc != 0, result
    assert result.outcome == "failed", result
    assert f"status: {status}" in result.msg, result
    if status == 7:
        assert "the installer says no" in result.log
    assert "never comes here" not in result.log
    assert not result.leftovers, result


@pytest.mark.row("provisioner", representative=True)
def test_a_play_whose_reader_goes_away_tells_the_truth(row: Row) -> None:
    """``ansible-playbook … | head -n 1``: nobody reads what the build prints, and a shell would see the reader's status."""
    row.bench.image("web")
    play = subprocess.Popen(
        row.cloud.argv("build_ami.yml", "-e", "image=web"),
        cwd=row.bench.directory,
        env=row.bench.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=hear_signals,
    )
    assert play.stdout is not None
    assert play.stdout.readline()
    play.stdout.close()
    code = play.wait(timeout=900)
    settle(row)
    images = row.images()
    whole = complete_images(row.cloud, images)
    assert images == whole, "what is there is whole"
    if not whole:
        assert code != 0
    for image in whole:
        row.complete(image, "web")


@pytest.mark.row("provisioner")
def test_a_failing_build_behind_a_pipe(row: Row) -> None:
    """``set -o pipefail; ansible-playbook … | tee log``, as in CI: the status is the play's, the log has the reason."""
    row.bench.image("web", PIPED)
    command = 'set -o pipefail; "$@" 2>&1 | tee play.log'
    done = subprocess.run(
        ["bash", "-c", command, "bash", *row.cloud.argv("build_ami.yml", "-e", "image=web")],
        cwd=row.bench.directory,
        env=row.bench.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    said = (row.bench.directory / "play.log").read_text()
    assert done.returncode == 2, said
    assert "Script exited with non-zero exit status: 7" in " ".join(said.split()), said
