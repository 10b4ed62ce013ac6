# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phases of a build do; each raises ``Failure`` when it fails."""

from __future__ import annotations

import gzip
import secrets

from golden_cloud.api import permitted, runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.codebuild import artifacts, log, source, variables
from golden_cloud.api.codebuild.backend import codebuild_backends
from golden_cloud.api.codebuild.build import Build
from golden_cloud.api.codebuild.buildspec import Artifacts, Buildspec, BuildspecError, Report, parse
from golden_cloud.api.codebuild.credentials import BuildCredentials
from golden_cloud.api.codebuild.junit import NotJUnit, TestCase
from golden_cloud.api.codebuild.junit import parse as parse_junit
from golden_cloud.api.codebuild.outcome import Failure
from golden_cloud.api.codebuild.project import bucket_and_key
from golden_cloud.api.codebuild.reports import Report as TestReport
from golden_cloud.api.codebuild.reports import group_arn, group_name
from golden_cloud.api.codebuild.shell import Failed, Shell
from golden_cloud.api.errors import CloudError
from golden_cloud.ports import MachineError

YAML_ERROR = "YAML_FILE_ERROR"
COMMAND_ERROR = "COMMAND_EXECUTION_ERROR"
CLIENT_ERROR = "CLIENT_ERROR"
BUILDSPEC = "buildspec.yml"
INLINE = "the project's own"
IN_S3 = f"arn:{PARTITION}:s3:::"


class Steps:
    """Of one build."""

    spec: Buildspec
    shell: Shell

    def __init__(
        self, cloud: runtime.Cloud, build: Build, build_log: log.BuildLog, credentials: BuildCredentials
    ) -> None:
        self._cloud = cloud
        self._build = build
        self._log = build_log
        self._credentials = credentials

    def submit(self) -> None:
        """The log is there before anything that it can tell of."""
        try:
            self._log.open(self._credentials.principal)
        except CloudError as error:
            raise Failure("ACCESS_DENIED", log.refused(self._build, error)) from None

    def provision(self) -> None:
        environment = self._build.asked["environment"]
        self._log.say(f"Waiting for a container of {environment['image']}")
        try:
            builder = self._cloud.builders.start(
                self._build.key,
                environment["image"],
                environment["type"],
                privileged=bool(environment["privilegedMode"]),
            )
        except MachineError as error:
            raise Failure("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", str(error)) from None
        self._log.say(f"Running in {builder.about}")
        self.shell = Shell(self._cloud.builders, self._build.key, builder, self._log)

    def download(self) -> None:
        """Sources, buildspec and variables: all that the commands need."""
        asked = self._build.asked
        versions = {v["sourceIdentifier"]: v["sourceVersion"] for v in asked.get("secondarySourceVersions") or []}
        directories = {}
        every = [("", asked["source"], asked.get("sourceVersion"))]
        every += [(s["sourceIdentifier"], s, versions.get(s["sourceIdentifier"])) for s in asked["secondarySources"]]
        for identifier, one, version in every:
            fetched = source.fetch(self._build, one, version, self._credentials)
            directory = f"{self.shell.directory}/src{secrets.randbelow(10**9):09d}/src"
            try:
                self.shell.unpack(directory, fetched.archive or source.NOTHING)
            except Failed as error:
                raise Failure(CLIENT_ERROR, f"the source can't be unpacked: {error}") from None
            directories[identifier] = directory
            if not identifier:
                with self._cloud.changing():
                    self._build.resolved_source = fetched.version
        self._log.say(f"CODEBUILD_SRC_DIR={directories['']}")
        self._read_buildspec(directories[""])
        given = variables.given(self._build, self.spec, self._credentials, self._log)
        self.shell.prepare(variables.own(self._build, directories, self._credentials) | given, directories[""])

    def _read_buildspec(self, directory: str) -> None:
        text = self._buildspec_text(directory)
        try:
            self.spec = parse(text)
        except BuildspecError as error:
            raise Failure(YAML_ERROR, str(error)) from None
        self.shell.kind = self.spec.shell
        self.shell.session = self.spec.version != "0.1"
        self._log.say(f"The buildspec is {self._place_of_buildspec(directory)}")
        for name, phase in self.spec.phases.items():
            for tool in phase.runtimes:
                self._log.say(f"phases.{name}.runtime-versions: {tool} is not chosen here; the image's own is used")
        if self._build.asked["cache"]["type"] != "NO_CACHE" and self.spec.cache_paths:
            self._log.say("cache: nothing is kept between builds here; the build begins without a cache")

    def _named_buildspec(self) -> str:
        return str(self._build.asked["source"].get("buildspec") or "")

    def _place_of_buildspec(self, directory: str) -> str:
        """A path in the container, an ARN, or that it is the text itself."""
        named = self._named_buildspec()
        if named.startswith(IN_S3):
            return named
        return INLINE if "\n" in named or ":" in named else f"{directory}/{named or BUILDSPEC}"

    def _buildspec_text(self, directory: str) -> str:
        path = self._place_of_buildspec(directory)
        if path.startswith(IN_S3):
            return source.object_of(self._credentials, path).decode(errors="replace")
        if path == INLINE:
            return self._named_buildspec()
        try:
            return self.shell.quiet("cat", path).decode(errors="replace")
        except Failed:
            raise Failure(YAML_ERROR, f"stat {path}: no such file or directory") from None

    # --- commands -----------------------------------------------------------------------------------------

    def commands(self, name: str, *, succeeding: bool) -> None:
        """A phase of the buildspec, again as often as its ``on-failure`` says."""
        phase = self.spec.phase(name)
        tries = 0
        while True:
            failure = self._once(name, succeeding=succeeding)
            tries += 1
            if failure is None or self._build.ended is not None:
                return
            if not phase.on_failure.retries_after(failure.message, tries):
                raise failure
            self._log.say(f"Retrying phase {name.upper()} ({tries} of {phase.on_failure.retries}): {failure.message}")

    def _once(self, name: str, *, succeeding: bool) -> Failure | None:
        """The commands up to the first that fails, and what comes ``finally``."""
        phase = self.spec.phase(name)
        user = phase.run_as or self.spec.run_as
        failure = self._each(phase.commands, user, succeeding)
        return self._each(phase.last, user, succeeding and failure is None) or failure

    def _each(self, commands: tuple[str, ...], user: str | None, succeeding: bool) -> Failure | None:
        for command in commands:
            if self._build.ended is not None:
                return None
            self._log.say(f"Running command {command}")
            status = self.shell.command(command, succeeding=succeeding, user=user)
            if status and self._build.ended is None:
                self._log.say(f"Command did not exit successfully {command} exit status {status}")
                text = f"Error while executing command: {command}. Reason: exit status {status}"
                return Failure(COMMAND_ERROR, text)
        return None

    # --- what is left of it -------------------------------------------------------------------------------

    def upload(self, *, artifacts: bool) -> None:
        """Exported variables, reports and, when the build was come to, artifacts."""
        self._export()
        for report in self.spec.reports:
            self._report(report)
        if not artifacts:
            return
        if self.spec.artifacts is not None:
            self._upload(self._build.asked["artifacts"], self.spec.artifacts)
        places = {one["artifactIdentifier"]: one for one in self._build.asked["secondaryArtifacts"]}
        for identifier, wanted in self.spec.secondary_artifacts.items():
            if identifier not in places:
                raise Failure(CLIENT_ERROR, f"the project has no secondary artifact {identifier}")
            self._upload(places[identifier], wanted)

    def _upload(self, place: dict[str, object], wanted: Artifacts) -> None:
        if place["type"] == "NO_ARTIFACTS":
            return
        if place["type"] != "S3":
            raise Failure(CLIENT_ERROR, "artifacts of type CODEPIPELINE go to CodePipeline: start the pipeline")
        files = artifacts.collect(self.shell, wanted)
        name = str(place["name"])
        if place.get("overrideArtifactName") and wanted.name:
            name = artifacts.expand(self.shell, wanted.name)
        self._log.say(f"Found {len(files)} file(s); uploading to {place['location']}")
        told = artifacts.upload(self._build, place, name, files, self._credentials)
        with self._cloud.changing():
            if "artifactIdentifier" in told:
                self._build.secondary_artifacts.append(told)
            else:
                self._build.artifacts = told

    def _export(self) -> None:
        """The values at the end of the commands."""
        found = []
        for name in variables.exportable(self._build, self.spec):
            value = self.shell.within(f'printf %s "${{{name}}}"')
            found.append({"name": name, "value": value})
        with self._cloud.changing():
            self._build.exported = found

    def _report(self, wanted: Report) -> None:
        if wanted.file_format != "JUNITXML":
            raise Failure(CLIENT_ERROR, f"reports of the format {wanted.file_format} are not read by the local cloud")
        try:
            files = artifacts.collect(self.shell, wanted.artifacts)
        except Failure as failure:
            # A build that has failed before its tests has none.
            self._log.say(f"Report {wanted.group}: {failure.message}")
            return
        cases: list[TestCase] = []
        for path, file in files.items():
            try:
                cases += parse_junit(file.content, path)
            except NotJUnit as error:
                self._log.say(f"Report {wanted.group}: {error}")
        self._keep_report(group_name(wanted.group, self._build.project), cases)

    def _keep_report(self, name: str, cases: list[TestCase]) -> None:
        build = self._build
        arn = group_arn(build.account_id, build.region, name)
        try:
            with self._cloud.changing():
                backend = codebuild_backends[build.account_id][build.region]
                wanted = ["CreateReport", "BatchPutTestCases", "UpdateReport"]
                for action in [*([] if name in backend.report_groups else ["CreateReportGroup"]), *wanted]:
                    permitted.require(self._credentials.principal, f"codebuild:{action}", arn)
                report = TestReport(backend.report_group(name), build.arn, cases)
                backend.reports[report.arn] = report
                build.reports.append(report.arn)
        except CloudError as error:
            raise Failure(CLIENT_ERROR, f"Error in UPLOAD_ARTIFACTS phase: {error.message}") from None

    def finalize(self) -> None:
        """The log, when it is to be in S3 as well."""
        wanted = self._build.asked["logsConfig"]["s3Logs"]
        if wanted["status"] != "ENABLED":
            return
        place = bucket_and_key(f"{wanted['location'].rstrip('/')}/{self._build.uuid}.gz")
        if place is None:
            raise Failure(CLIENT_ERROR, f"{wanted['location']} is no place in S3")
        content = gzip.compress(("\n".join(self._log.text) + "\n").encode())
        about = {"location": place[0], "encryptionDisabled": wanted["encryptionDisabled"]}
        artifacts.put(self._build, about, place[1], content, self._credentials)
