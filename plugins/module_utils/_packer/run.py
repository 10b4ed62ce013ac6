# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import pathlib
import time
import typing as t

from .._ami.leftovers import Learned
from .argv import build_argv
from .errors import PackerError
from .learn import Learner
from .log import RunLog
from .manifest import Artifact, read_manifest, split_artifact_id
from .messages import Message, artifact_ids, parse_line
from .options import BuildOptions
from .process import MARK, AncestorWatch, SignalTrap, Stop, Supervised
from .progress import Duration, Progress, by_phase
from .record import RunRecord, host_name, own_process
from .workspace import Workspace
from .world import World, earlier_durations


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """What a run is called, and what it will call its things."""

    run_id: str
    version: str
    ami_name: str
    tags: dict[str, str]
    run_tags: dict[str, str]
    log_path: pathlib.Path


@dataclasses.dataclass
class Run:
    """How Packer ended, and what it said."""

    code: int
    stop: Stop | None
    record: RunRecord
    artifacts: list[Artifact]
    lines: list[str]
    errors: list[str]
    durations: list[Duration]
    tags_handed_over: bool
    run_tags_handed_over: bool
    image_tags: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)

    @property
    def phases(self) -> list[Duration]:
        return by_phase(self.durations)


def _record(options: BuildOptions, workspace: Workspace, facts: RunFacts, account: str | None) -> RunRecord:
    own = own_process()
    access = options.access
    return RunRecord(
        run_id=facts.run_id,
        image=options.name,
        region=options.region,
        endpoint_url=access.endpoint_url,
        profile=access.profile,
        pid=own.pid,
        started=own.started,
        host=host_name(),
        scratch=str(workspace.path),
        account=account,
        learned=Learned(began=time.time()),
    )


class _Reader:
    """Takes Packer's lines: to the log, to the record, and what is data among them to be kept."""

    def __init__(self, log: RunLog, record: RunRecord, workspace: Workspace, learner: Learner) -> None:
        self.log = log
        self.record = record
        self.messages: list[Message] = []
        self.errors: list[str] = []
        self._learner = learner
        self._scrub = workspace.scrubber.text

    def __call__(self, line: str) -> None:
        message = parse_line(line)
        if message is None:
            self.log.write(line)
            return
        if message.kind == "artifact":
            self.messages.append(message)
        if message.is_error:
            self.errors.append(self._scrub(message.text))
        if message.text:
            if not message.is_error and self._learner.hear(message.text):
                self.record.write()
            self.log.write(message.text)


def _artifacts(workspace: Workspace, reader: _Reader) -> list[Artifact]:
    """From the manifest; where a template writes none, from Packer's artifact messages, which are data as well."""
    if workspace.manifest.exists():
        return read_manifest(workspace.manifest.read_text(encoding="utf-8"), str(workspace.manifest))
    return [
        artifact
        for target, ids in artifact_ids(reader.messages).items()
        for artifact_id in ids
        for artifact in split_artifact_id(target, target.partition(".")[0], artifact_id)
    ]


def _variables(
    options: BuildOptions, workspace: Workspace, facts: RunFacts, world: World, placement: dict[str, t.Any]
) -> dict[str, t.Any]:
    return {
        **placement,
        "source_ami": world.source_ami,
        "region": options.region,
        "golden_image": options.name,
        "golden_version": facts.version,
        "golden_run_tags": facts.run_tags,
        "golden_tags": facts.tags,
        "golden_ami_name": facts.ami_name,
        "golden_manifest": str(workspace.manifest),
    }


def run_packer(
    options: BuildOptions,
    workspace: Workspace,
    facts: RunFacts,
    world: World,
    placement: dict[str, t.Any],
    trap: SignalTrap,
    watch: AncestorWatch,
    account: str | None = None,
) -> Run:
    """Run ``packer build``. What it leaves is on record before it starts, with the AWS account that it is in."""
    selection = workspace.select(_variables(options, workspace, facts, world, placement), facts.run_tags)
    log = RunLog(facts.log_path, workspace.scrubber, Progress(earlier_durations(options.name)))
    record = _record(options, workspace, facts, account)
    record.write()
    declared = world.template.declared
    tagged = "golden_run_tags" in declared or not world.template.hcl
    reader = _Reader(log, record, workspace, Learner(record.learned, only_regions=tagged))
    argv = build_argv(
        workspace.executable, selection, on_error=options.on_error, parallel_builds=options.parallel_builds
    )
    log.step("Start Packer", f" for {facts.ami_name}")
    supervised = Supervised(
        argv,
        environment=workspace.environment({MARK: facts.run_id}),
        directory=options.chdir,
        scratch=workspace.path,
    )
    try:
        code, stop = supervised.run(reader, timeout=options.timeout, trap=trap, watch=watch)
    finally:
        log.close()
    artifacts: list[Artifact] = []
    if code == 0:
        try:
            artifacts = _artifacts(workspace, reader)
        except PackerError as error:
            reader.errors.append(str(error))
            code = 1
    return Run(
        code,
        stop,
        record,
        artifacts,
        list(log.lines),
        reader.errors,
        log.progress.durations(),
        tags_handed_over="golden_tags" in declared,
        run_tags_handed_over=tagged,
    )
