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
from .._ami.processes import host_name, own_process
from .argv import build_argv
from .copies import Additions
from .credentials import CredentialsWatch
from .errors import PackerError
from .keep import NO_KEY, KeyPair
from .learn import Learner
from .log import RunLog
from .manifest import Artifact, read_manifest, split_artifact_id, together
from .messages import Message, artifact_ids, builder_type, parse_line
from .options import BuildOptions
from .process import MARK, AncestorWatch, SignalTrap, Stop, Supervised
from .profile import Profile
from .progress import Duration, Progress, by_phase, durations
from .record import RunRecord
from .room import room_to_begin, tolerated
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
    profile: Profile
    tags_handed_over: bool
    run_tags_handed_over: bool
    image_tags: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    # Why an AMI that it names as a result is none.
    refused: str = ""

    @property
    def phases(self) -> list[Duration]:
        return by_phase(durations(self.profile))


@dataclasses.dataclass
class Launch:
    """What all tries to run Packer for a build have in common."""

    facts: RunFacts
    world: World
    record: RunRecord
    profile: Profile
    trap: SignalTrap
    watch: AncestorWatch
    credentials: CredentialsWatch
    key: KeyPair | None = None


def new_record(options: BuildOptions, workspace: Workspace, run_id: str, account: str | None) -> RunRecord:
    own = own_process()
    access = options.access
    return RunRecord(
        run_id=run_id,
        image=options.name,
        region=options.region,
        endpoint_url=access.endpoint_url,
        profile=access.profile,
        pid=own.pid,
        started=own.started,
        host=host_name(),
        scratch=str(workspace.path),
        account=account,
        locks=options.record,
        learned=Learned(began=time.time()),
    )


class _Reader:
    """Takes Packer's lines: to the log, to the record, and what is data among them to be kept."""

    def __init__(
        self, log: RunLog, record: RunRecord, workspace: Workspace, learner: Learner, credentials: CredentialsWatch
    ) -> None:
        self.log = log
        self.record = record
        self.messages: list[Message] = []
        self.errors: list[str] = []
        self._learner = learner
        self._credentials = credentials
        self._scrub = workspace.scrubber.text
        self._original = workspace.original

    def __call__(self, line: str) -> None:
        self._credentials.heard()
        message = parse_line(line)
        if message is None:
            self.log.write(self._original(line))
            return
        if message.kind == "artifact":
            self.messages.append(message)
        if message.is_error:
            self.errors.append(self._scrub(self._original(message.text)))
        if message.text:
            if not message.is_error and self._learner.hear(message.text):
                self._write_record()
            self.log.write(self._original(message.text))

    def _write_record(self) -> None:
        """Should this run be killed, the next finds less without it; this run knows all the same."""
        with tolerated("What the build makes could not be written down, and it goes on"):
            self.record.write()


def _artifacts(workspace: Workspace, reader: _Reader) -> list[Artifact]:
    """From the manifest, and from Packer's artifact messages: of what post-processors make only these tell."""
    told = [
        artifact
        for target, ids in artifact_ids(reader.messages).items()
        for artifact_id in ids
        for artifact in split_artifact_id(target, builder_type(target), artifact_id)
    ]
    path = workspace.manifest
    written = read_manifest(path.read_bytes(), str(path)) if path.exists() else []
    return together(written, told)


def _additions(workspace: Workspace, launch: Launch) -> Additions:
    """What the template does not see to by itself. A legacy one cannot: its variables are strings."""
    template = launch.world.template
    tags_itself = template.hcl and "golden_run_tags" in template.declared
    return Additions(
        manifest=None if "golden_manifest" in template.declared else workspace.manifest,
        run_tags={} if tags_itself else launch.facts.run_tags,
        key_pair=None if "golden_keypair_name" in template.declared else launch.key,
    )


def _variables(
    options: BuildOptions, workspace: Workspace, launch: Launch, placement: dict[str, t.Any]
) -> dict[str, t.Any]:
    facts = launch.facts
    return {
        **placement,
        "source_ami": launch.world.base.given,
        "region": options.region,
        "golden_image": options.name,
        "golden_version": facts.version,
        "golden_run_tags": facts.run_tags,
        "golden_tags": facts.tags,
        "golden_ami_name": facts.ami_name,
        "golden_manifest": str(workspace.manifest),
        **(launch.key.variables() if launch.key else NO_KEY),
    }


def run_packer(
    options: BuildOptions,
    workspace: Workspace,
    launch: Launch,
    placement: dict[str, t.Any],
) -> Run:
    """Run ``packer build``. What it leaves is on record before it starts."""
    facts, profile, record, template = launch.facts, launch.profile, launch.record, launch.world.template
    with room_to_begin():
        additions = _additions(workspace, launch)
        copy = workspace.copy(additions) if additions else None
        selection = workspace.select(_variables(options, workspace, launch, placement), copy)
        log = RunLog(facts.log_path, workspace.scrubber, Progress(earlier_durations(options.name), profile))
        record.write()
    declared = template.declared
    tagged = not additions.run_tags or (copy is not None and copy.tagged)
    reader = _Reader(log, record, workspace, Learner(record.learned, tagged=tagged), launch.credentials)
    launch.credentials.heard()
    argv = build_argv(
        workspace.executable, selection, on_error=options.on_error, parallel_builds=options.parallel_builds
    )
    log.step("Start Packer", "start", f" for {facts.ami_name}")
    supervised = Supervised(
        argv,
        environment=workspace.environment({MARK: facts.run_id}),
        directory=options.chdir,
        scratch=workspace.path,
    )
    try:
        code, stop = supervised.run(
            reader,
            timeout=options.timeout,
            trap=launch.trap,
            watch=launch.watch,
            expired=launch.credentials.expired,
        )
    finally:
        log.close()
        profile.step("Read the result", "verify")
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
        profile,
        # A legacy template can read them, but not hand them over: it knows strings only.
        tags_handed_over="golden_tags" in declared and template.hcl,
        run_tags_handed_over=tagged,
    )
