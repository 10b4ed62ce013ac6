# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of what other accounts do with an image, and listings of what nobody can have here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult

from golden_cloud.api.ec2.backend import CloudEC2Backend, all_backends
from golden_cloud.api.ec2.filters import bounded, page, passes
from golden_cloud.api.ec2.references import KINDS, Scope, is_depth
from golden_cloud.api.errors import CloudError

USUAL_DEPTH = 20
"""Versions of a launch template that a report looks at."""
KEPT = timedelta(days=30)
MOST_ACCOUNTS = 200
REPORTED = tuple(kind for kind in KINDS if kind != "ssm:Parameter")


@dataclass
class Report:
    """What was so when it was made."""

    image_id: str
    types: list[dict[str, Any]]
    accounts: list[str]
    counts: list[tuple[str, str, int]]
    """Account, resource type, how many."""
    id: str = field(default_factory=lambda: f"amiur-{secrets.token_hex(9)[:17]}")
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def describe(self) -> dict[str, Any]:
        return {
            "ImageId": self.image_id,
            "ReportId": self.id,
            "ResourceTypes": self.types,
            "AccountIds": self.accounts or None,
            "State": "available",
            "CreationTime": self.created,
            "ExpirationTime": self.created + KEPT,
        }

    def entries(self) -> list[dict[str, Any]]:
        return [
            {
                "ResourceType": kind,
                "ReportId": self.id,
                "UsageCount": count,
                "AccountId": account,
                "ImageId": self.image_id,
                "ReportCreationTime": self.created,
            }
            for account, kind, count in self.counts
        ]


class UsageOperations:
    """Operations on usage reports, and empty listings; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    _get_param: Any
    _filters_from_querystring: Any
    error_on_dryrun: Any

    def create_image_usage_report(self) -> ActionResult:
        backend = self.ec2_backend
        known = backend.usage_tokens.get(self._get_param("ClientToken") or "")
        if known in backend.usage_reports:
            return ActionResult({"ReportId": known})
        image = backend.own_image(self._get_param("ImageId"))
        types, accounts = self._get_param("ResourceTypes", []), self._get_param("AccountIds", [])
        scopes = {str(one.get("ResourceType")): _scope(one) for one in types}
        if len(accounts) > MOST_ACCOUNTS:
            raise CloudError("InvalidParameterValue", f"AccountIds takes up to {MOST_ACCOUNTS} accounts")
        self.error_on_dryrun()
        counts = [
            (account, kind, count)
            for account, other in all_backends(backend.region_name)
            if account != backend.account_id and (not accounts or account in accounts)
            for kind, scope in scopes.items()
            if (count := sum(image_id == image.id for image_id, _arn in KINDS[kind](other, scope)))
        ]
        report = Report(image.id, types, accounts, counts)
        backend.usage_reports[report.id] = report
        if self._get_param("ClientToken"):
            backend.usage_tokens[self._get_param("ClientToken")] = report.id
        return ActionResult({"ReportId": report.id})

    def describe_image_usage_reports(self) -> ActionResult:
        self.error_on_dryrun()
        filters = self._filters_from_querystring()
        told = [r.describe() for r in self._asked_reports() if passes(r, filters, REPORT_FILTERS, {})]
        reports, token = page(told, bounded(self._get_param("MaxResults"), 1, 1000), self._get_param("NextToken"))
        return ActionResult({"ImageUsageReports": reports, "NextToken": token})

    def describe_image_usage_report_entries(self) -> ActionResult:
        self.error_on_dryrun()
        filters = self._filters_from_querystring()
        told = [
            entry
            for report in self._asked_reports()
            for entry in report.entries()
            if passes(entry, filters, ENTRY_FILTERS, {})
        ]
        entries, token = page(told, bounded(self._get_param("MaxResults"), 1, 1000), self._get_param("NextToken"))
        return ActionResult({"ImageUsageReportEntries": entries, "NextToken": token})

    def delete_image_usage_report(self) -> ActionResult:
        report_id = self._get_param("ReportId")
        self._reports()
        self.error_on_dryrun()
        if self.ec2_backend.usage_reports.pop(report_id, None) is None:
            raise CloudError("InvalidParameterValue", f"There is no image usage report '{report_id}'")
        return ActionResult({"Return": True})

    def _reports(self) -> list[Report]:
        """Those that are not too old."""
        reports, now = self.ec2_backend.usage_reports, datetime.now(UTC)
        for report_id in [i for i, report in reports.items() if report.created + KEPT < now]:
            del reports[report_id]
        return list(reports.values())

    def _asked_reports(self) -> list[Report]:
        images, ids = self._get_param("ImageIds", []), self._get_param("ReportIds", [])
        return [r for r in self._reports() if (not images or r.image_id in images) and (not ids or r.id in ids)]

    # Spot requests and fleets can't be made here, so there is none.

    def describe_spot_instance_requests(self) -> ActionResult:
        self.error_on_dryrun()
        return ActionResult({"SpotInstanceRequests": []})

    def describe_spot_fleet_requests(self) -> ActionResult:
        self.error_on_dryrun()
        return ActionResult({"SpotFleetRequestConfigs": []})

    def describe_fleets(self) -> ActionResult:
        self.error_on_dryrun()
        return ActionResult({"Fleets": []})


def _scope(asked: dict[str, Any]) -> Scope:
    kind, depth = asked.get("ResourceType"), USUAL_DEPTH
    if kind not in REPORTED:
        raise CloudError("InvalidParameterValue", f"Invalid value '{kind}' for ResourceType")
    for option in asked.get("ResourceTypeOptions", []):
        values = option.get("OptionValues", [])
        if (kind, option.get("OptionName")) != ("ec2:LaunchTemplate", "version-depth") or not is_depth(values):
            text = f"The option {option.get('OptionName')} of {kind} can't be {', '.join(values) or 'without a value'}"
            raise CloudError("InvalidParameterValue", text)
        depth = int(values[0])
    return Scope(depth=depth)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


REPORT_FILTERS: dict[str, Any] = {
    "creation-time": lambda r: _moment(r.created),
    "state": lambda r: "available",
}

ENTRY_FILTERS: dict[str, Any] = {
    "account-id": lambda e: e["AccountId"],
    "creation-time": lambda e: _moment(e["ReportCreationTime"]),
    "resource-type": lambda e: e["ResourceType"],
}
