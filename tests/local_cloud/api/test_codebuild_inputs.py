# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into a build and what comes out of it: sources, variables, credentials, artifacts, reports, events."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from build_project import ROLE, Project, context, phases
from golden_cloud.api import bus, permitted
from golden_cloud.ports import Timings


@pytest.fixture
def project(cloud: Any) -> Project:
    return Project(cloud)


@pytest.fixture
def s3(cloud: Any) -> Any:
    made = cloud.client("s3")
    made.create_bucket(Bucket="builds")
    return made


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            about = zipfile.ZipInfo(name)
            about.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            archive.writestr(about, text)
    return buffer.getvalue()


def spec(*commands: str, more: str = "") -> str:
    return f"version: 0.2\n{more}\nphases: {{build: {{commands: {json.dumps(commands)}}}}}\n"


def test_variables_of_all_kinds_and_secrets_that_stay_hidden(project: Project) -> None:
    cloud = project.cloud
    cloud.client("ssm").put_parameter(Name="/db/host", Value="db.internal", Type="SecureString")
    cloud.client("secretsmanager").create_secret(Name="login", SecretString='{"user": "me", "word": "hunter2"}')
    cloud.client("secretsmanager").create_secret(Name="key", SecretString="first line\nsecond line")
    build = project.run(
        spec(
            'echo "host $HOST word $WORD" | rev | rev',
            'echo "$KEY"',
            'test "$WORD" = hunter2 && test "$HOST" = db.internal && test "$USER_NAME" = me',
            "sh -c 'echo hunter2; exit 4'",
            more="env: {exported-variables: [WORD, PLAIN], secrets-manager: {KEY: key, USER_NAME: 'login:user'}}",
        ),
        environmentVariablesOverride=[
            {"name": "PLAIN", "value": "seen"},
            {"name": "HOST", "value": "/db/host", "type": "PARAMETER_STORE"},
            {"name": "WORD", "value": "login:word", "type": "SECRETS_MANAGER"},
        ],
    )
    log = project.log(build["id"])
    assert "host *** word ***" in log
    for hidden in ("hunter2", "db.internal", "second line"):
        assert hidden not in "\n".join(log) and hidden not in json.dumps(build["phases"], default=str)
    assert context(build, "BUILD")[1].endswith("sh -c 'echo ***; exit 4'. Reason: exit status 4")
    assert build["exportedEnvironmentVariables"] == [{"name": "PLAIN", "value": "seen"}]
    assert build["environment"]["environmentVariables"][1] == {
        "name": "HOST",
        "value": "/db/host",
        "type": "PARAMETER_STORE",
    }
    reads = [call for call in cloud.calls() if call["operation"] in ("GetSecretValue", "GetParameter")]
    assert len(reads) == 3
    assert all(":assumed-role/build/AWSCodeBuild-" in call["principal"] for call in reads)


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        ("PARAMETER_STORE", "Decrypted Variables Error", "parameter does not exist: none"),
        ("SECRETS_MANAGER", "Secrets Manager Error", "ResourceNotFoundException"),
    ],
)
def test_a_variable_that_is_not_there_ends_the_build(project: Project, kind: str, code: str, text: str) -> None:
    build = project.run(environmentVariablesOverride=[{"name": "X", "value": "none", "type": kind}])
    got, message = context(build, "DOWNLOAD_SOURCE")
    assert got == code and text in message and "INSTALL" not in phases(build)


def test_a_source_from_s3_and_a_second_one(project: Project, s3: Any) -> None:
    main = zipped(
        {"buildspec.yml": spec("./say.sh", 'cat "$CODEBUILD_SRC_DIR_more/data"'), "say.sh": "echo from the zip"}
    )
    s3.put_object(Bucket="builds", Key="in/source.zip", Body=main)
    s3.put_object(Bucket="builds", Key="more/data", Body=b"from the folder\n")
    taken = {"type": "S3", "location": "builds/more/", "sourceIdentifier": "more"}
    build = project.run(
        "", sourceTypeOverride="S3", sourceLocationOverride="builds/in/source.zip", secondarySourcesOverride=[taken]
    )
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    assert {"from the zip", "from the folder"} <= set(project.log(build["id"]))
    assert build["resolvedSourceVersion"] == "arn:aws:s3:::builds/in/source.zip"


def test_a_source_from_codecommit_is_a_clone(project: Project) -> None:
    git = project.cloud.client("codecommit")
    url = git.create_repository(repositoryName="images")["repositoryMetadata"]["cloneUrlHttp"]
    text = spec("git log --format=%s", "git remote get-url origin", "cat data").encode()
    first = git.put_file(
        repositoryName="images", branchName="main", fileContent=text, filePath="buildspec.yml", commitMessage="one"
    )["commitId"]
    second = git.put_file(
        repositoryName="images",
        branchName="main",
        fileContent=b"later",
        filePath="data",
        commitMessage="two",
        parentCommitId=first,
    )["commitId"]
    taken = {"sourceTypeOverride": "CODECOMMIT", "sourceLocationOverride": url}
    for depth in ({"gitCloneDepthOverride": 0}, {}):
        build = project.run("", sourceVersion="main", **taken, **depth)
        assert {"one", "two", "later", url} <= set(project.log(build["id"])), project.log(build["id"])
    assert (build["resolvedSourceVersion"], build["sourceVersion"]) == (second, "main")
    build = project.run("", sourceVersion=first, **{**taken, "gitCloneDepthOverride": 1})
    assert build["resolvedSourceVersion"] == first and context(build, "BUILD")[0] == "COMMAND_EXECUTION_ERROR"
    build = project.run("", sourceVersion="none", **taken)
    assert "reference not found" in context(build, "DOWNLOAD_SOURCE")[1]
    build = project.run("", **{**taken, "sourceLocationOverride": url + "-none"})
    assert "RepositoryDoesNotExistException" in context(build, "DOWNLOAD_SOURCE")[1]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"sourceTypeOverride": "S3", "sourceLocationOverride": "builds/none.zip"}, "NoSuchKey"),
        ({"sourceTypeOverride": "S3", "sourceLocationOverride": "no-bucket/none.zip"}, "NoSuchBucket"),
        ({"sourceTypeOverride": "GITHUB", "sourceLocationOverride": "https://github.com/a/b.git"}, "type GITHUB"),
    ],
)
def test_a_source_that_cannot_be_had(project: Project, s3: Any, source: dict[str, str], message: str) -> None:
    code, text = context(project.run(**source), "DOWNLOAD_SOURCE")
    assert code == "CLIENT_ERROR" and message in text


FILES = spec(
    "mkdir -p out/d && echo one > out/a.txt && echo two > out/d/b.txt && echo no > out/d/c.log && chmod 755 out/a.txt",
    more="artifacts: {files: ['**/*'], base-directory: out, exclude-paths: ['**/*.log'], name: 'app-$(echo 7)'}",
)


def test_artifacts_as_a_zip_and_as_files(project: Project, s3: Any) -> None:
    place = {"type": "S3", "location": "builds", "path": "p", "name": "app.zip", "packaging": "ZIP"}
    build = project.run(FILES, artifactsOverride={**place, "encryptionDisabled": True})
    assert build["artifacts"]["location"] == "arn:aws:s3:::builds/p/app.zip"
    content = s3.get_object(Bucket="builds", Key="p/app.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.txt", "d/b.txt"]
        assert archive.getinfo("a.txt").external_attr >> 16 & 0o777 == 0o755
    assert len(build["artifacts"]["sha256sum"]) == 64

    plain = {"type": "S3", "location": "builds", "namespaceType": "BUILD_ID", "overrideArtifactName": True}
    build = project.run(FILES, artifactsOverride=plain)
    prefix = f"{build['id'].split(':')[1]}/app-7"
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="builds", Prefix=prefix)["Contents"]]
    assert keys == [f"{prefix}/a.txt", f"{prefix}/d/b.txt"]
    told = s3.head_object(Bucket="builds", Key=keys[0])
    assert told["ServerSideEncryption"] == "aws:kms" and ":key/" in told["SSEKMSKeyId"]


def test_artifacts_that_are_not_there_or_go_elsewhere(project: Project, s3: Any) -> None:
    place = {"type": "S3", "location": "builds"}
    build = project.run(spec("true", more="artifacts: {files: [none]}"), artifactsOverride=place)
    assert context(build, "UPLOAD_ARTIFACTS") == ("CLIENT_ERROR", "no matching artifact paths found: none")
    build = project.run(FILES, artifactsOverride={"type": "S3", "location": "no-bucket"})
    assert "NoSuchBucket" in context(build, "UPLOAD_ARTIFACTS")[1]
    more = "artifacts: {secondary-artifacts: {log: {files: [x]}}}"
    second = [{"type": "S3", "location": "builds", "artifactIdentifier": "log", "packaging": "ZIP", "name": "log.zip"}]
    build = project.run(spec("echo > x", more=more), secondaryArtifactsOverride=second)
    assert build["secondaryArtifacts"][0]["artifactIdentifier"] == "log"
    assert s3.get_object(Bucket="builds", Key="log.zip")["Body"].read(2) == b"PK"


def test_the_log_goes_to_s3_as_well_and_where_it_is_told(project: Project, s3: Any) -> None:
    build = project.run(
        spec("echo hello"),
        logsConfigOverride={
            "cloudWatchLogs": {"status": "ENABLED", "groupName": "g", "streamName": "s"},
            "s3Logs": {"status": "ENABLED", "location": "builds/logs"},
        },
    )
    uuid = build["id"].split(":")[1]
    assert (build["logs"]["groupName"], build["logs"]["streamName"]) == ("g", f"s/{uuid}")
    assert build["logs"]["deepLink"].endswith(f"log-group/g/log-events/s$252F{uuid}")
    assert "hello" in project.log(build["id"])
    kept = gzip.decompress(s3.get_object(Bucket="builds", Key=f"logs/{uuid}.gz")["Body"].read())
    assert b"\nhello\n" in kept
    build = project.run(spec("echo hello"), logsConfigOverride={"cloudWatchLogs": {"status": "DISABLED"}})
    assert build["buildStatus"] == "SUCCEEDED" and "groupName" not in build["logs"]


ASK = (
    "python3 -c \"import os; print('uri', os.environ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'],"
    " os.environ['AWS_ENDPOINT_URL'])\""
)


def test_the_containers_credentials_are_the_roles_and_change(cloud_with: Callable[..., Any]) -> None:
    cloud = cloud_with(Timings(save_delay=0.05, build_credentials=2, build_credentials_renewal=1))
    project = Project(cloud)
    identifier = project.start(spec(ASK, "sleep 60"))
    project.wait_for_line(identifier, "uri /")
    _word, path, endpoint = next(line for line in project.log(identifier) if line.startswith("uri /")).split()
    assert endpoint == cloud.endpoint
    seen = []
    for _unused in range(2):
        told = json.loads(cloud.app.container_credentials(path))
        assert told["RoleArn"] == ROLE
        keys = {"AccessKeyId": told["AccessKeyId"], "SecretAccessKey": told["SecretAccessKey"]}
        keys["SessionToken"] = told["Token"]
        who = cloud.client("sts", keys=keys).get_caller_identity()["Arn"]
        assert who == f"arn:aws:sts::123456789012:assumed-role/build/AWSCodeBuild-{identifier.split(':')[1]}"
        seen.append(told["AccessKeyId"])
        time.sleep(1.2)
    assert len(set(seen)) == 2
    assert cloud.app.container_credentials(path + "x") is None
    project.api.stop_build(id=identifier)
    cloud.settle()
    assert cloud.app.container_credentials(path) is None


JUNIT = """<testsuite name="unit"><testcase name="good" time="1"/>
<testcase name="bad"><failure message="no"/></testcase></testsuite>"""


def test_reports_of_tests(project: Project, refused: Any) -> None:
    build = project.run(
        spec(f"echo '{JUNIT}' > r.xml", "exit 1", more="reports: {tests: {files: [r.xml]}, none: {files: [n.xml]}}")
    )
    assert len(build["reportArns"]) == 1
    report = project.api.batch_get_reports(reportArns=build["reportArns"])["reports"][0]
    assert (report["status"], report["executionId"]) == ("FAILED", build["arn"])
    assert report["testSummary"]["statusCounts"]["FAILED"] == 1 and report["testSummary"]["total"] == 2
    group = "arn:aws:codebuild:us-east-1:123456789012:report-group/image-tests"
    assert project.api.list_reports_for_report_group(reportGroupArn=group)["reports"] == build["reportArns"]
    cases = project.api.describe_test_cases(reportArn=report["arn"], filter={"status": "FAILED"})["testCases"]
    assert [(case["name"], case["message"], case["testSuiteName"]) for case in cases] == [("bad", "no", "unit")]
    with refused("ResourceAlreadyExistsException"):
        project.api.create_report_group(name="image-tests", type="TEST", exportConfig={"exportConfigType": "NO_EXPORT"})
    project.api.delete_report_group(arn=group, deleteReports=True)
    assert project.api.list_reports()["reports"] == []


def test_what_the_service_role_may_not_fails_in_its_phase(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    denied: set[str] = set()
    asked: list[tuple[str, str]] = []

    def decide(principal: str, action: str, _resource: str, _context: Any) -> str | None:
        asked.append((principal, action))
        return f"{principal} is not authorized to perform: {action}" if action in denied else None

    monkeypatch.setattr(permitted, "decide", decide)
    ec2 = project.cloud.client("ec2")
    network = {
        "vpcId": ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    project.api.update_project(name="image", vpcConfig=network)
    report = spec(f"echo '{JUNIT}' > r.xml", more="reports: {tests: {files: [r.xml]}}")
    assert project.run(report)["buildStatus"] == "SUCCEEDED"
    sessions = {principal for principal, action in asked if action.startswith(("logs:", "ec2:Cr", "codebuild:"))}
    assert len(sessions) == 1 and ":assumed-role/build/AWSCodeBuild-" in sessions.pop()
    for action, phase, code in (
        ("logs:CreateLogStream", "SUBMITTED", "ACCESS_DENIED"),
        ("ec2:CreateNetworkInterface", "PROVISIONING", "VPC_CLIENT_ERROR"),
        ("codebuild:CreateReport", "UPLOAD_ARTIFACTS", "CLIENT_ERROR"),
    ):
        denied.clear()
        denied.add(action)
        got, message = context(project.run(report), phase)
        assert got == code and action in message


def test_events_tell_of_each_phase_and_of_the_end(project: Project) -> None:
    seen: list[dict[str, Any]] = []

    def listener(event: bus.Event) -> None:
        seen.append(event.document())

    bus.listen(listener)
    try:
        build = project.run(spec("exit 9"))
    finally:
        bus._listeners.remove(listener)
    states = [e for e in seen if e["detail-type"] == "CodeBuild Build State Change"]
    assert [e["detail"]["build-status"] for e in states] == ["IN_PROGRESS", "FAILED"]
    last = states[-1]
    assert (last["source"], last["resources"]) == ("aws.codebuild", [build["arn"]])
    assert last["detail"]["additional-information"]["logs"]["stream-name"] == build["logs"]["streamName"]
    steps = [e["detail"] for e in seen if e["detail-type"] == "CodeBuild Build Phase Change"]
    assert [step["completed-phase"] for step in steps] == list(phases(build))
    failed = next(step for step in steps if step["completed-phase"] == "BUILD")
    assert failed["completed-phase-context"] == (
        "[COMMAND_EXECUTION_ERROR: Error while executing command: exit 9. Reason: exit status 9]"
    )
    json.dumps(seen)
