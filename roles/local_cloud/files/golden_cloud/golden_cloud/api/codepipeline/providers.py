# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of actions: what CodePipeline has, what their configuration takes, and which of them work here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionType:
    """An action type of AWS's own."""

    required: frozenset[str]
    optional: frozenset[str]
    """Configuration that it must have, and that it may have."""
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    minutes: int = 60
    """Longest time that an action takes."""
    refused: str = ""
    """Why no such action can be declared here."""
    refused_values: tuple[tuple[str, str, str], ...] = ()
    """Option, value (in lower case), why."""
    refused_options: frozenset[str] = frozenset()
    """Options that there are on AWS alone."""
    refused_defaults: tuple[tuple[str, str], ...] = ()
    """Options whose default is refused."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODEBUILD = ActionType(
    _words("ProjectName"),
    _words("PrimarySource EnvironmentVariables BatchEnabled CombineArtifacts"),
    (1, 5),
    (0, 5),
    2160,
    refused_values=(
        ("BatchEnabled", "true", "there are no batch builds here"),
        ("CombineArtifacts", "true", "there are no batch builds here"),
    ),
)

_TYPES: dict[tuple[str, str, str], ActionType] = {
    ("Source", "AWS", "CodeCommit"): ActionType(
        _words("RepositoryName BranchName"),
        _words("PollForSourceChanges OutputArtifactFormat"),
        (0, 0),
        (1, 1),
        refused_values=(("OutputArtifactFormat", "codebuild_clone_ref", "a source is a zip archive here: CODE_ZIP"),),
    ),
    ("Source", "AWS", "S3"): ActionType(
        _words("S3Bucket S3ObjectKey"),
        _words("PollForSourceChanges AllowOverrideForS3ObjectKey"),
        (0, 0),
        (1, 1),
        refused_values=(
            ("PollForSourceChanges", "true", "no bucket is polled here; have an EventBridge rule start the pipeline"),
        ),
        refused_defaults=(("PollForSourceChanges", "buckets are not polled here, so it must say false"),),
    ),
    ("Source", "AWS", "CodeStarSourceConnection"): ActionType(
        _words("ConnectionArn FullRepositoryId BranchName"),
        _words("OutputArtifactFormat DetectChanges"),
        (0, 0),
        (1, 1),
    ),
    ("Build", "AWS", "CodeBuild"): _CODEBUILD,
    ("Test", "AWS", "CodeBuild"): _CODEBUILD,
    ("Approval", "AWS", "Manual"): ActionType(
        frozenset(), _words("CustomData NotificationArn ExternalEntityLink"), (0, 0), (0, 0), 10_080
    ),
    ("Deploy", "AWS", "S3"): ActionType(
        _words("BucketName Extract"),
        _words("ObjectKey KMSEncryptionKeyARN CacheControl CannedACL"),
        (1, 1),
        (0, 0),
        refused_options=_words("CannedACL"),
    ),
    ("Invoke", "AWS", "Lambda"): ActionType(
        _words("FunctionName"), _words("UserParameters"), (0, 5), (0, 5), refused="there are no functions here"
    ),
    ("Compute", "AWS", "Commands"): ActionType(
        frozenset(), frozenset(), (1, 10), (0, 1), refused="give the commands to a project of CodeBuild"
    ),
}

_ELSEWHERE = {
    ("Source", "AWS"): _words("ECR"),
    ("Build", "AWS"): _words("ECRBuildAndPublish"),
    ("Test", "AWS"): _words("DeviceFarm"),
    ("Deploy", "AWS"): _words(
        "CodeDeploy CodeDeployToECS CloudFormation CloudFormationStackSet CloudFormationStackInstances ECS "
        "ElasticBeanstalk AppConfig OpsWorks ServiceCatalog Alexa EC2 EKS Lambda"
    ),
    ("Invoke", "AWS"): _words("StepFunctions InspectorScan CodePipeline"),
    ("Source", "ThirdParty"): _words("GitHub"),
}
"""What there is on AWS alone."""


def find(category: str, owner: str, provider: str) -> ActionType | None:
    return _TYPES.get((category, owner, provider))


def only_on_aws(category: str, owner: str, provider: str) -> bool:
    return owner == "Custom" or provider in _ELSEWHERE.get((category, owner), ())
