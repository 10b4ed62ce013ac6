# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on report groups and reports."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from golden_cloud.api import constraints
from golden_cloud.api.codebuild.backend import CloudCodeBuildBackend
from golden_cloud.api.codebuild.build import now
from golden_cloud.api.codebuild.project import invalid
from golden_cloud.api.codebuild.reports import Report, ReportGroup
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError, UnsupportedOption

PAGE = 100


class ReportResponses:
    """Mixin of CodeBuild's response class."""

    _get_param: Any
    _get_action: Any
    body: Any

    @property
    def _backend(self) -> CloudCodeBuildBackend:
        raise NotImplementedError

    def create_report_group(self) -> ActionResult:
        given = self._report_options()
        backend = self._backend
        if given["name"] in backend.report_groups:
            raise CloudError("ResourceAlreadyExistsException", f"Report group already exists: {given['name']}")
        if given["type"] != "TEST":
            raise UnsupportedOption("CreateReportGroup", "type", "there are reports of tests here")
        export = self._export(given["exportConfig"])
        tags = given.get("tags") or []
        group = ReportGroup(backend.account_id, backend.region_name, given["name"], "TEST", export, tags)
        backend.report_groups[group.name] = group
        return ActionResult({"reportGroup": group.describe()})

    def update_report_group(self) -> ActionResult:
        given = self._report_options()
        group = self._group(given["arn"])
        if "exportConfig" in given:
            group.export = self._export(given["exportConfig"])
        group.tags = given.get("tags", group.tags)
        group.modified = now()
        return ActionResult({"reportGroup": group.describe()})

    def delete_report_group(self) -> EmptyResult:
        """One with reports goes with them, when that is asked for."""
        backend, arn = self._backend, self._get_param("arn")
        group = next((one for one in backend.report_groups.values() if one.arn == arn), None)
        if group is None:
            return EmptyResult()
        reports = [report.arn for report in self._backend.reports.values() if report.group is group]
        if reports and not self._get_param("deleteReports"):
            raise invalid("Cannot delete a report group with reports; set deleteReports")
        for report in reports:
            del backend.reports[report]
        del backend.report_groups[group.name]
        return EmptyResult()

    def batch_get_report_groups(self) -> ActionResult:
        known = {group.arn: group for group in self._backend.report_groups.values()}
        asked = self._get_param("reportGroupArns")
        return ActionResult(
            {
                "reportGroups": [known[arn].describe() for arn in asked if arn in known],
                "reportGroupsNotFound": [arn for arn in asked if arn not in known],
            }
        )

    def list_report_groups(self) -> ActionResult:
        by = {"CREATED_TIME": lambda g: g.created, "LAST_MODIFIED_TIME": lambda g: g.modified}
        key = by.get(self._get_param("sortBy"), lambda g: g.name)
        arns = [group.arn for group in sorted(self._backend.report_groups.values(), key=key)]
        return self._page(arns, "reportGroups", "ASCENDING")

    def batch_get_reports(self) -> ActionResult:
        known, asked = self._backend.reports, self._get_param("reportArns")
        return ActionResult(
            {
                "reports": [known[arn].describe() for arn in asked if arn in known],
                "reportsNotFound": [arn for arn in asked if arn not in known],
            }
        )

    def list_reports(self) -> ActionResult:
        return self._page(self._filtered(list(self._backend.reports.values())), "reports", "DESCENDING")

    def list_reports_for_report_group(self) -> ActionResult:
        group = self._group(self._get_param("reportGroupArn"))
        reports = [report for report in self._backend.reports.values() if report.group is group]
        return self._page(self._filtered(reports), "reports", "DESCENDING")

    def delete_report(self) -> EmptyResult:
        self._backend.reports.pop(self._get_param("arn"), None)
        return EmptyResult()

    def describe_test_cases(self) -> ActionResult:
        report = self._backend.reports.get(self._get_param("reportArn"))
        if report is None:
            raise CloudError("ResourceNotFoundException", f"Report cannot be found: {self._get_param('reportArn')}")
        wanted = self._get_param("filter") or {}
        cases = [
            case
            for case in report.describe_cases()
            if wanted.get("status") in (None, case["status"])
            and (wanted.get("keyword") or "") in f"{case['prefix']} {case['name']}"
        ]
        shown, token = page(cases, self._get_param("maxResults") or PAGE, self._get_param("nextToken"))
        return ActionResult({"testCases": shown, "nextToken": token})

    def _filtered(self, reports: list[Report]) -> list[str]:
        status = (self._get_param("filter") or {}).get("status")
        return [report.arn for report in reports if status in (None, report.status)]

    def _page(self, arns: list[str], name: str, usual: str) -> ActionResult:
        if self._get_param("sortOrder", usual) == "DESCENDING":
            arns = arns[::-1]
        shown, token = page(arns, self._get_param("maxResults") or PAGE, self._get_param("nextToken"))
        return ActionResult({name: shown, "nextToken": token})

    def _group(self, arn: str) -> ReportGroup:
        group = next((one for one in self._backend.report_groups.values() if one.arn == arn), None)
        if group is None:
            raise CloudError("ResourceNotFoundException", f"Report group cannot be found: {arn}")
        return group

    def _report_options(self) -> dict[str, Any]:
        given: dict[str, Any] = json.loads(self.body)
        plain = {name: value for name, value in given.items() if name != "tags"}
        constraints.check("codebuild", str(self._get_action()), plain)
        return given

    def _export(self, config: dict[str, Any]) -> dict[str, Any]:
        if config.get("exportConfigType", "NO_EXPORT") != "NO_EXPORT":
            raise UnsupportedOption(str(self._get_action()), "exportConfig", "reports stay in CodeBuild here")
        return {"exportConfigType": "NO_EXPORT"}
