# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The state of a pipeline and its executions as results show them. Tokens of approvals stay out of it."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .codepipeline_calls import Resource
from .codepipeline_execution_result import stamp


def _action_state(action: c.Mapping[str, t.Any]) -> Resource:
    latest = action.get("latestExecution") or {}
    error = latest.get("errorDetails") or {}
    return {
        "name": action["actionName"],
        "status": latest.get("status"),
        "since": stamp(latest.get("lastStatusChange")),
        "summary": latest.get("summary"),
        "error_code": error.get("code"),
        "error_message": error.get("message"),
        "external_execution_id": latest.get("externalExecutionId"),
        "external_execution_url": latest.get("externalExecutionUrl"),
        "updated_by": latest.get("lastUpdatedBy"),
        "revision": (action.get("currentRevision") or {}).get("revisionId"),
    }


def stage_state(state: c.Mapping[str, t.Any]) -> Resource:
    transition = state.get("inboundTransitionState") or {}
    latest = state.get("latestExecution") or {}
    inbound = state.get("inboundExecutions") or [one for one in [state.get("inboundExecution")] if one]
    return {
        "name": state["stageName"],
        "execution_id": latest.get("pipelineExecutionId"),
        "status": latest.get("status"),
        "inbound_execution_ids": [one["pipelineExecutionId"] for one in inbound],
        "transition_enabled": transition.get("enabled", True),
        "disabled_reason": transition.get("disabledReason"),
        "actions": [_action_state(one) for one in state.get("actionStates") or []],
    }


def execution_line(summary: c.Mapping[str, t.Any]) -> Resource:
    """One of the list of executions."""
    trigger = summary.get("trigger") or {}
    return {
        "id": summary["pipelineExecutionId"],
        "status": summary["status"],
        "status_summary": summary.get("statusSummary"),
        "started": stamp(summary.get("startTime")),
        "updated": stamp(summary.get("lastUpdateTime")),
        "execution_mode": summary.get("executionMode"),
        "execution_type": summary.get("executionType"),
        "rolled_back_to": (summary.get("rollbackMetadata") or {}).get("rollbackTargetPipelineExecutionId"),
        "stop_reason": (summary.get("stopTrigger") or {}).get("reason"),
        "trigger": {"type": trigger.get("triggerType"), "detail": trigger.get("triggerDetail")},
        "revisions": [
            {
                "action": one["actionName"],
                "revision": one.get("revisionId"),
                "summary": one.get("revisionSummary"),
                "url": one.get("revisionUrl"),
            }
            for one in summary.get("sourceRevisions") or []
        ],
    }
