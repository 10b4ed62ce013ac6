# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CodePipeline keeps: pipelines, their executions, and each try of an action."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from moto.core.base_backend import BackendDict, BaseBackend

Declaration = dict[str, Any]
"""As the API takes and gives it."""

SUPERSEDED, QUEUED, PARALLEL = "SUPERSEDED", "QUEUED", "PARALLEL"

ActionStatus = Literal["InProgress", "Abandoned", "Succeeded", "Failed"]
Status = Literal["InProgress", "Stopping", "Stopped", "Succeeded", "Superseded", "Failed", "Cancelled"]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Artifact:
    """A bundle in an artifact store."""

    bucket: str
    key: str

    def describe(self) -> dict[str, str]:
        return {"bucket": self.bucket, "key": self.key}


@dataclass(frozen=True)
class Revision:
    """What a source action has found."""

    action: str
    artifact: str
    id: str
    summary: str
    url: str
    created: datetime


@dataclass
class ActionRun:
    """One try of an action."""

    stage: str
    declaration: Declaration
    region: str
    role_arn: str
    configuration: dict[str, str]
    """With the values of its variables."""
    inputs: dict[str, Artifact]
    outputs: dict[str, Artifact] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    status: ActionStatus = "InProgress"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    updated_by: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    summary: str | None = None
    error: dict[str, str] | None = None
    log_stream: str | None = None
    percent: int | None = None
    revision: Revision | None = None
    token: str | None = None
    """Of an approval."""
    told: bool = False
    """Of an approval: whether its topic has been told."""

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def order(self) -> int:
        return int(self.declaration.get("runOrder", 1))

    @property
    def category(self) -> str:
        return str(self.declaration["actionTypeId"]["category"])

    @property
    def provider(self) -> str:
        return str(self.declaration["actionTypeId"]["provider"])

    @property
    def in_progress(self) -> bool:
        return self.status == "InProgress"

    def end(self, status: ActionStatus, summary: str | None = None, error: dict[str, str] | None = None) -> None:
        self.status, self.updated = status, now()
        self.summary, self.error = summary or self.summary, error
        self.percent = 100 if status == "Succeeded" and self.percent is not None else self.percent


@dataclass
class StageRun:
    """An execution's way through a stage."""

    name: str
    status: str = "InProgress"
    attempt: int = 1
    """Counts the tries of the stage, for which an action that failed runs anew."""
    automatic_retries: int = 0
    manual_retries: int = 0
    last_retry: str | None = None
    current: dict[str, ActionRun] = field(default_factory=dict)
    """The latest try of each action that has been started."""


@dataclass
class Execution:
    """A run of a pipeline."""

    pipeline: str
    version: int
    declaration: Declaration
    mode: str
    trigger: dict[str, str]
    variables: dict[str, str]
    type: str = "STANDARD"
    target: str | None = None
    """Of a rollback: the execution whose artifacts it takes."""
    source_revisions: dict[str, dict[str, str]] = field(default_factory=dict)
    request_token: str | None = None
    status: Status = "InProgress"
    summary: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    stop_reason: str | None = None
    attempt: int = 1
    position: int = 0
    """Index of the stage that it is in, or waits for."""
    waiting: bool = True
    arrived: datetime = field(default_factory=now)
    """When it began to wait."""
    stages: dict[str, StageRun] = field(default_factory=dict)
    runs: list[ActionRun] = field(default_factory=list)
    """All tries of all actions."""
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.status in ("InProgress", "Stopping")

    @property
    def stage_declaration(self) -> Declaration:
        stage: Declaration = self.declaration["stages"][self.position]
        return stage

    @property
    def stage(self) -> StageRun:
        """The one that it is in; only when it does not wait."""
        return self.stages[self.stage_declaration["name"]]

    @property
    def in_progress(self) -> list[ActionRun]:
        return [run for run in self.runs if run.in_progress]

    @property
    def last_position(self) -> int:
        """A rollback ends with its stage."""
        return self.position if self.type == "ROLLBACK" else len(self.declaration["stages"]) - 1

    def enter(self, status: Status, summary: str | None = None) -> None:
        self.status, self.summary, self.updated = status, summary, now()

    def run(self, run_id: str) -> ActionRun | None:
        return next((run for run in self.runs if run.id == run_id), None)


@dataclass
class Transition:
    """The way into a stage."""

    enabled: bool
    reason: str | None
    changed_by: str
    changed: datetime


@dataclass
class Pipeline:
    name: str
    arn: str
    tags: dict[str, str]
    versions: list[Declaration]
    """The first is version 1."""
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    executions: list[Execution] = field(default_factory=list)
    """Oldest first."""
    transitions: dict[str, Transition] = field(default_factory=dict)
    last_in_stage: dict[str, str] = field(default_factory=dict)
    """Stage → the execution that entered it last."""

    @property
    def declaration(self) -> Declaration:
        return self.versions[-1]

    @property
    def version(self) -> int:
        return len(self.versions)

    def execution(self, execution_id: str | None) -> Execution | None:
        return next((e for e in self.executions if e.id == execution_id), None)

    def lets_into(self, stage: str) -> bool:
        transition = self.transitions.get(stage)
        return transition is None or transition.enabled


class CloudCodePipelineBackend(BaseBackend):
    """The pipelines of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.pipelines: dict[str, Pipeline] = {}


codepipeline_backends: BackendDict[CloudCodePipelineBackend] = BackendDict(CloudCodePipelineBackend, "codepipeline")
