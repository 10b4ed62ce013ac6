# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are given to a build in each way there is, and a provisioner that says them aloud.

They are looked for in all that is printed (with -vvv, live progress included), in the result, in tags, parameters, logs,
profiles and records, in the cloud's record of calls, in what is left on the disk, and in the process list while the
build runs, that of the instance included. The environment of a process may hold them: that is the way to hand them on.
A provisioner that encodes a secret in a way of its own gives it away: nobody can know all encodings.
"""

from __future__ import annotations

import collections.abc as c
import json
import secrets as randomness
import typing as t

import pytest
from harness.builds import TEMPLATE, Result, Started
from reliability.ground import REGION, Row
from reliability.terminal import play_in_a_terminal
from reliability.watching import Watch, files_with

# Packer would hand the variables over on the instance's command line.
PRIVATE = TEMPLATE.replace('script           = "', 'use_env_var_file = true\n    script           = "')
SAYS = """\
echo "the secret is $SECRET."
echo "the secret is $SECRET" >&2
printf '%s\\n' "$SECRET"
"""
# Where the test itself puts them.
INPUT = ("arguments.json", "given.json", "given.pkrvars.json")


def token() -> str:
    return f"s3cr3t-{randomness.token_hex(12)}"


def by_secret_variables(row: Row, secret: str) -> Started:
    return row.bench.start("web", secret_variables={"secret": secret})


def by_variables(row: Row, secret: str) -> Started:
    """The template says that it is sensitive."""
    return row.bench.start("web", variables={"secret": secret})


def by_environment_option(row: Row, secret: str) -> Started:
    arguments = row.bench.arguments("web", environment={"PKR_VAR_secret": secret})
    return row.bench.start_module("packer_build", arguments)


def by_environment(row: Row, secret: str) -> Started:
    return row.bench.start("web", environment={"PKR_VAR_secret": secret})


def by_variable_file(row: Row, secret: str) -> Started:
    given = row.bench.directory / "given.pkrvars.json"
    given.write_text(json.dumps({"secret": secret}))
    return row.bench.start("web", var_files=[str(given)])


def by_play(row: Row, secret: str) -> Started:
    given = row.bench.directory / "given.json"
    given.write_text(json.dumps({"image_secret_variables": {"secret": secret}}))
    return row.bench.start_play("web", "-vvv", "-e", f"@{given}")


def by_environment_of_a_play(row: Row, secret: str) -> Started:
    return row.bench.start_play("web", "-vvv", environment={"PKR_VAR_secret": secret})


WAYS: list[c.Callable[[Row, str], Started]] = [
    by_play,
    by_environment_of_a_play,
    by_secret_variables,
    by_variables,
    by_environment_option,
    by_environment,
    by_variable_file,
]


def cloud_text(row: Row) -> str:
    """All that the cloud tells of images, snapshots, instances and parameters."""
    ec2, ssm = row.cloud.client("ec2", REGION), row.cloud.client("ssm", REGION)
    told: list[t.Any] = [
        ec2.describe_images(Owners=["self"]),
        ec2.describe_snapshots(OwnerIds=["self"]),
        ec2.describe_instances(),
        ec2.describe_tags(),
        ssm.get_parameters_by_path(Path="/golden", Recursive=True),
    ]
    return json.dumps(told, default=str)


def assert_hidden(row: Row, result: Result, watch: Watch, secret: str) -> None:
    words = [secret, *(line for line in secret.splitlines() if len(line) > 3), json.dumps(secret)[1:-1]]
    assert watch.looks > 20
    assert watch.command_lines == set(), "in the process list"
    assert watch.open_files == set(), "in files that others can read"
    for name, text in (("stdout", result.stdout), ("stderr", result.stderr)):
        assert not any(word in text for word in words), f"{name}: {text}"
    home = row.cloud.home
    assert files_with(words, home, row.bench.directory, row.bench.temporary, row.bench.ansible, except_for=INPUT) == []
    assert not any(word in cloud_text(row) for word in words), "in the cloud"


def said_aloud(row: Row) -> bool:
    """The provisioner has said it, and the log has it hidden: else the row would prove nothing."""
    logs = (row.cloud.home / "golden.ami" / "logs").glob("*.log")
    newest = max(logs, key=lambda one: one.stat().st_mtime).read_text()
    return any(f"the secret is {mask}" in newest for mask in ("********", "<sensitive>"))


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, id=way.__name__, marks=pytest.mark.row("secrets", representative=way is by_play))
        for way in WAYS
    ],
)
@pytest.mark.parametrize("end", ["exit 3", "exit 0"], ids=["fails", "is good"])
def test_it_is_nowhere(row: Row, way: c.Callable[[Row, str], Started], end: str) -> None:
    secret = token()
    row.bench.image("web", f"{SAYS}{end}", template=PRIVATE)
    with Watch([secret], row.bench.temporary) as watch:
        result = way(row, secret).finish()
    assert said_aloud(row), result
    assert_hidden(row, result, watch, secret)
    assert (result.rc == 0) == (end == "exit 0"), result
    for ami in row.images():
        row.complete(ami, "web")


@pytest.mark.row("secrets")
@pytest.mark.parametrize("verbosity", [(), ("-vvv",)], ids=["quiet", "-vvv"])
def test_it_is_not_shown_while_it_builds(row: Row, verbosity: tuple[str, ...]) -> None:
    """In a terminal, where the steps come while they happen, and with -vvv all that Packer and the instance say."""
    secret = token()
    row.bench.image("web", f"{SAYS}sleep 5\nexit 3", template=PRIVATE)
    given = row.bench.directory / "given.json"
    given.write_text(json.dumps({"image_secret_variables": {"secret": secret}}))
    with Watch([secret], row.bench.temporary) as watch:
        shown = play_in_a_terminal(row.bench, "web", *verbosity, "-e", f"@{given}")
    # Ansible breaks long lines, and between two pieces there may be a colour.
    readable = "".join(shown.text.split())
    result = Result(shown.rc, shown.raw + readable, "", shown.seconds)
    assert said_aloud(row), shown.text
    assert_hidden(row, result, watch, secret)
    assert shown.rc == 2, shown.text
    live = "the secret is <sensitive>" if verbosity else "] Start Packer"
    assert shown.seconds - shown.when(live) > 5, "it was shown before the end"


@pytest.mark.row("secrets")
def test_a_secret_of_several_lines_is_nowhere(row: Row) -> None:
    """Such as a private key, with quotes in it. Each line by itself is a secret."""
    secret = f"{token()}\n{token()} 'it' \"is\" \\ $HOME\n{token()}\n"
    row.bench.image("web", f"{SAYS}exit 3", template=PRIVATE)
    with Watch([secret, *secret.splitlines()], row.bench.temporary) as watch:
        result = row.bench.start("web", secret_variables={"secret": secret}).finish()
    assert said_aloud(row), result
    assert_hidden(row, result, watch, secret)
    assert result.rc != 0


@pytest.mark.row("secrets")
def test_the_key_of_aws_is_nowhere(row: Row) -> None:
    """It is given to the module, which hands it to Packer; a provisioner on this machine says it aloud."""
    credentials = (row.cloud.home / "golden.ami" / "local_cloud" / row.cloud.name / "credentials").read_text()
    values = dict(line.split(" = ") for line in credentials.splitlines() if " = " in line)
    access, secret = values["aws_access_key_id"], values["aws_secret_access_key"]
    local = 'provisioner "shell-local" {\n    inline = ["echo the secret is $AWS_SECRET_ACCESS_KEY"]\n  }\n  provisioner "shell" {'
    row.bench.image("web", "exit 3", template=PRIVATE.replace('provisioner "shell" {', local))
    with Watch([secret], row.bench.temporary) as watch:
        result = row.bench.start("web", access_key=access, secret_key=secret, profile=None).finish()
    assert said_aloud(row), result
    assert watch.command_lines == set()
    assert watch.open_files == set()
    assert secret not in result.stdout + result.stderr
    # The cloud itself keeps what it made.
    kept = (*INPUT, "credentials", "cloud.json", "serve.json")
    assert (
        files_with(
            [secret], row.cloud.home, row.bench.directory, row.bench.temporary, row.bench.ansible, except_for=kept
        )
        == []
    )
    assert result.rc != 0
