# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job enters its role by GitHub's OIDC, and again before the session ends; a refusal is told with what to do."""

from __future__ import annotations

import collections.abc as c
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.session import Session
from harness.oidc import Sts, served_sts

PROGRAM = Path(__file__).parents[4] / "roles" / "scaffold" / "files" / "aws_session.py"
ROLE = "arn:aws:iam::123456789012:role/images"
CHAINED = "arn:aws:iam::210987654321:role/builder"
BY_OIDC, BY_ROLE = ("AssumeRoleWithWebIdentity", ROLE), ("AssumeRole", CHAINED)


@dataclass
class Job:
    """A job of GitHub, and what its steps have in their environment."""

    directory: Path
    sts: Sts
    environment: dict[str, str]

    def prepare(self, **other: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, "ROLE": ROLE, "REGION": "eu-west-1", **other}
        argv = [sys.executable, str(PROGRAM), "prepare"]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def told(self) -> dict[str, str]:
        lines = Path(self.environment["GITHUB_ENV"]).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def later(self, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, Credentials]:
        """An SDK in a later step, and what it asks for credentials."""
        for name, value in {**self.environment, **self.told()}.items():
            monkeypatch.setenv(name, value)
        session = Session()
        credentials = session.get_credentials()
        assert credentials
        return session, credentials


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> c.Iterator[Job]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with served_sts() as sts:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_ENV": str(tmp_path / "env"),
            "AWS_ENDPOINT_URL_STS": sts.address,
            **sts.oidc,
        }
        yield Job(tmp_path, sts, environment)


def test_later_steps_are_the_role(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    made = job.prepare()
    assert (made.returncode, made.stderr) == (0, "")
    assert "arn:aws:sts::123456789012:assumed-role/images/github" in made.stdout
    session, credentials = job.later(monkeypatch)
    assert (session.get_config_variable("region"), session.get_config_variable("profile")) == ("eu-west-1", "github")
    assert credentials.get_frozen_credentials().access_key == "ASIA0000000000000001"
    # The one session serves all that ask while enough of it is left.
    assert job.sts.entered == [BY_OIDC]


def test_nothing_secret_is_printed_or_for_others_to_read(job: Job) -> None:
    made = job.prepare(CHAINED_ROLE=CHAINED)
    said = made.stdout + made.stderr + Path(job.environment["GITHUB_ENV"]).read_text()
    for secret in ("hidden", "word-1", "bearer-of", "ASIA"):
        assert secret not in said
    directory = job.directory / "golden-aws"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()} == {
        "config": 0o600,
        "session.json": 0o600,
    }


@pytest.mark.parametrize("chained", ["", CHAINED])
def test_a_session_that_nears_its_end_is_entered_again(job: Job, monkeypatch: pytest.MonkeyPatch, chained: str) -> None:
    """With another token of GitHub: the first one has long ended by then."""
    job.sts.lasts = timedelta(minutes=5)
    assert job.prepare(CHAINED_ROLE=chained).returncode == 0
    _session, credentials = job.later(monkeypatch)
    first = credentials.get_frozen_credentials().access_key
    job.sts.entered.clear()
    tokens = len(job.sts.tokens)
    job.sts.lasts = timedelta(hours=1)
    second = credentials.get_frozen_credentials().access_key
    assert second != first
    assert len(job.sts.tokens) == tokens + 1
    assert job.sts.entered == ([BY_OIDC, BY_ROLE] if chained else [BY_OIDC])
    # Now enough is left.
    assert credentials.get_frozen_credentials().access_key == second
    assert len(job.sts.tokens) == tokens + 1


def test_a_role_that_does_not_trust_github(job: Job) -> None:
    job.sts.trusts = False
    made = job.prepare()
    assert made.returncode == 1
    assert (
        f"AWS does not let GitHub's OIDC into {ROLE}: AccessDenied. The role has to trust the provider" in made.stderr
    )
    assert "Traceback" not in made.stderr


def test_a_role_that_does_not_trust_the_first_one(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = job.sts.operation

    def refusing(query: dict[str, list[str]], signed: str | None) -> tuple[int, str]:
        job.sts.trusts = query["Action"] != ["AssumeRole"]
        return operation(query, signed)

    monkeypatch.setattr(job.sts, "operation", refusing)
    made = job.prepare(CHAINED_ROLE=CHAINED)
    assert made.returncode == 1
    assert f"{CHAINED} cannot be entered: " in made.stderr
    assert "AccessDenied" in made.stderr


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong"}, "GitHub's OIDC answered 401"),
        ({"ROLE": "images"}, "role has to be the ARN of a role"),
        ({"ROLE": ""}, "role has to be the ARN of a role"),
        ({"CHAINED_ROLE": "builder\n[x]"}, "chained_role has to be the ARN of a role"),
        ({"REGION": ""}, "region has to be a Region of AWS"),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, "The runner has keys of its own"),
    ],
)
def test_what_is_refused_says_what_to_do(job: Job, other: dict[str, str], said: str) -> None:
    made = job.prepare(**other)
    assert made.returncode == 1
    assert said in made.stderr
    assert "Traceback" not in made.stderr
    assert job.sts.entered == []


def test_without_the_permission_it_is_named(job: Job) -> None:
    del job.environment["ACTIONS_ID_TOKEN_REQUEST_URL"]
    made = job.prepare()
    assert made.returncode == 1
    assert "id-token: write" in made.stderr
