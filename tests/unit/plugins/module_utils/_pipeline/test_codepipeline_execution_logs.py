# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the lines of builds come from."""

from __future__ import annotations

import typing as t

import botocore.client
import pytest
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_execution_logs import (
    Logs,
    Place,
    place_of_arn,
)

BUILD = {"provider": "CodeBuild", "external_execution_id": "web:1", "region": "us-east-1", "log_stream_arn": None}


class Client:
    """Answers of CodeBuild and CloudWatch Logs."""

    def __init__(self, lines: list[list[str]], place: dict[str, str]) -> None:
        self.lines, self.place = lines, place
        self.made: list[tuple[str, str | None]] = []
        self.reads = 0

    def make(self, service: str, region: str | None) -> t.Any:
        self.made.append((service, region))
        return self

    def batch_get_builds(self, **_given: object) -> dict[str, t.Any]:
        return {"builds": [{"logs": self.place}]}

    def get_log_events(self, **given: t.Any) -> dict[str, t.Any]:
        self.reads += 1
        page = int(given.get("nextToken", 0))
        lines = self.lines[page] if page < len(self.lines) else []
        return {
            "events": [{"message": line} for line in lines],
            "nextForwardToken": str(min(page + 1, len(self.lines))),
        }


def test_new_lines_are_read_to_the_end_and_only_once() -> None:
    client = Client([["a\n", "b\nc\n"], ["d"]], {"groupName": "g", "streamName": "s"})
    logs = Logs(client.make, pytest.fail)
    assert logs.new_lines(BUILD) == ["a", "b", "c", "d"]
    assert logs.new_lines(BUILD) == []
    client.lines.append(["e"])
    assert logs.new_lines(BUILD) == ["e"]
    assert set(client.made) == {("codebuild", "us-east-1"), ("logs", "us-east-1")}


@pytest.mark.parametrize(
    "action",
    [{**BUILD, "provider": "Lambda"}, {**BUILD, "external_execution_id": None}],
)
def test_an_action_without_a_log(action: dict[str, t.Any]) -> None:
    client = Client([["a"]], {"groupName": "g", "streamName": "s"})
    assert Logs(client.make, pytest.fail).new_lines(action) == []
    assert client.made == []


def test_a_build_that_has_no_stream_yet() -> None:
    client = Client([["a"]], {})
    logs = Logs(client.make, pytest.fail)
    assert logs.new_lines(BUILD) == []
    client.place = {"groupName": "g", "streamName": "s"}
    assert logs.new_lines(BUILD) == ["a"]


def test_the_log_of_commands_is_named_by_an_arn() -> None:
    arn = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/codepipeline/web:log-stream:a/b"
    assert place_of_arn(arn) == Place("eu-west-1", "/aws/codepipeline/web", "a/b")
    assert place_of_arn("arn:aws:s3:::x") is None
    client = Client([["a"]], {})
    assert Logs(client.make, pytest.fail).tail({**BUILD, "provider": "Commands", "log_stream_arn": arn}) == ["a"]
    assert client.made == [("logs", "eu-west-1")]


def test_what_may_not_be_read_is_warned_of_once() -> None:
    client = Client([["a"]], {})
    warnings: list[str] = []

    def denied(**_given: object) -> t.NoReturn:
        error: t.Any = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise botocore.client.ClientError(error, "BatchGetBuilds")

    client.batch_get_builds = denied  # type: ignore[method-assign]
    logs = Logs(client.make, warnings.append)
    assert [logs.new_lines(BUILD), logs.tail(BUILD)] == [[], []]
    assert len(warnings) == 1
    assert "AccessDeniedException" in warnings[0]
