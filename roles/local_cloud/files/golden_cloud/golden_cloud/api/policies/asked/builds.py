# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of CodeBuild and CodePipeline ask for."""

from __future__ import annotations

from typing import Any

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.ask import Ask, first, pass_role
from golden_cloud.api.policies.asked.table import table


def _project(_call: Call, build_id: str) -> str:
    """The project of a build, by its id ``PROJECT:UUID`` or its ARN."""
    name = build_id.rpartition(":build/")[2] if build_id.startswith("arn:") else build_id
    return name.partition(":")[0] or "*"


def _report_group(_call: Call, arn: str) -> str:
    """The group of a report, by its ARN, which ends in ``report/GROUP:ID``."""
    name = arn.rpartition(":report/")[2].partition(":")[0]
    return arn if "report-group/" in arn else f"report-group/{name or '*'}"


def _passes_service_role(call: Call) -> list[Ask]:
    role = first(call, "serviceRole")
    return [pass_role(role, "codebuild.amazonaws.com")] if role else []


def _starts_with_role(call: Call) -> list[Ask]:
    role = first(call, "serviceRoleOverride")
    return [pass_role(role, "codebuild.amazonaws.com")] if role else []


CODEBUILD = table(
    "codebuild",
    """
    * ListProjects ListBuilds ListReports ListReportGroups ListSourceCredentials ImportSourceCredentials
    * DeleteSourceCredentials ListCuratedEnvironmentImages
    CreateProject project/{name}
    UpdateProject project/{name}
    DeleteProject project/{name}
    BatchGetProjects project/{names}
    InvalidateProjectCache project/{projectName}
    StartBuild project/{projectName}
    ListBuildsForProject project/{projectName}
    StopBuild project/{id|project}
    RetryBuild project/{id|project}
    BatchGetBuilds project/{ids|project}
    BatchDeleteBuilds project/{ids|project}
    CreateWebhook project/{projectName}
    DeleteWebhook project/{projectName}
    CreateReportGroup report-group/{name}
    UpdateReportGroup {arn}
    DeleteReportGroup {arn}
    BatchGetReportGroups {reportGroupArns}
    ListReportsForReportGroup {reportGroupArn}
    BatchGetReports {reportArns|report}
    DescribeTestCases {reportArn|report}
    DeleteReport {arn|report}
    """,
    ways={"project": _project, "report": _report_group},
    more={
        "CreateProject": _passes_service_role,
        "UpdateProject": _passes_service_role,
        "StartBuild": _starts_with_role,
    },
)


def _passes_roles(call: Call) -> list[Ask]:
    """The pipeline's role, and those that its actions have of their own."""
    pipeline: Any = call.parameters.get("pipeline") or {}
    stages = [stage for stage in pipeline.get("stages") or [] if isinstance(stage, dict)]
    actions = [action for stage in stages for action in stage.get("actions") or [] if isinstance(action, dict)]
    roles = [pipeline.get("roleArn"), *(action.get("roleArn") for action in actions)]
    return [pass_role(str(role), "codepipeline.amazonaws.com") for role in dict.fromkeys(roles) if role]


CODEPIPELINE = table(
    "codepipeline",
    """
    * ListPipelines ListActionTypes
    CreatePipeline {pipeline.name} +TagResource?tags
    UpdatePipeline {pipeline.name}
    GetPipeline {name}
    DeletePipeline {name}
    GetPipelineState {name}
    StartPipelineExecution {name}
    StopPipelineExecution {pipelineName}
    GetPipelineExecution {pipelineName}
    ListPipelineExecutions {pipelineName}
    ListActionExecutions {pipelineName}
    ListRuleExecutions {pipelineName}
    PutApprovalResult {pipelineName}/{stageName}/{actionName}
    RetryStageExecution {pipelineName}/{stageName}
    RollbackStage {pipelineName}/{stageName}
    OverrideStageCondition {pipelineName}/{stageName}
    EnableStageTransition {pipelineName}/{stageName}
    DisableStageTransition {pipelineName}/{stageName}
    TagResource {resourceArn}
    UntagResource {resourceArn}
    ListTagsForResource {resourceArn}
    """,
    more={"CreatePipeline": _passes_roles, "UpdatePipeline": _passes_roles},
)
