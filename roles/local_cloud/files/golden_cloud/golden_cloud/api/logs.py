# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch Logs: moto's, with what Terraform and the console ask of groups.

Retention and the key are kept and told: what is written here is written as it is, and stays.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.logs.models import LogEvent, LogGroup, LogsBackend, logs_backends
from moto.logs.responses import LogsResponse

from golden_cloud.api import keys
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.service import CloudResponse

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""How long events can be kept."""


class CloudLogsBackend(LogsBackend):
    """moto's backend of one account and Region."""

    def create_log_group(self, log_group_name: str, tags: dict[str, str], **kwargs: Any) -> LogGroup:
        key_id = kwargs.get("kmsKeyId")
        if key_id:
            self.check_key(key_id)
        return super().create_log_group(log_group_name, tags, **kwargs)

    def delete_log_group(self, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        super().delete_log_group(log_group_name)
        if group is not None:
            self.tagger.delete_all_tags_for_resource(group.arn)

    def _find_log_group(self, log_group_id: str | None = None, log_group_name: str | None = None) -> LogGroup:
        """By its name, or by its name or ARN."""
        wanted = log_group_name or (log_group_id or "").removesuffix(":*")
        found = next((one for one in self.groups.values() if wanted in (one.name, one.arn)), None)
        if found is None:
            raise CloudError("ResourceNotFoundException", "The specified log group does not exist.", 400)
        return found

    def put_retention_policy(self, log_group_name: str, retention_in_days: int) -> None:
        if retention_in_days not in DAYS:
            text = f"Value '{retention_in_days}' at 'retentionInDays' must be one of {', '.join(map(str, DAYS))}"
            raise CloudError("InvalidParameterException", text, 400)
        super().put_retention_policy(log_group_name, retention_in_days)

    def check_key(self, key_id: str) -> None:
        """``CloudError`` unless the key is there and can be used."""
        key = keys.find_key(key_id)
        if key is None or not key.enabled or key.region != self.region_name:
            text = f"The specified KMS Key Id could not be found or is not enabled: {key_id}"
            raise CloudError("InvalidParameterException", text, 400)


class CloudLogsResponse(CloudResponse, LogsResponse):
    """Every operation of CloudWatch Logs that the catalogue lists."""

    def describe_log_groups(self) -> str:
        told = json.loads(super().describe_log_groups())
        for group in told["logGroups"]:
            group["logGroupClass"] = "STANDARD"
        return json.dumps(told)

    def filter_log_events(self) -> str:
        pattern = str(self._get_param("filterPattern") or "")
        terms = not pattern or all(term[0].isalpha() for term in pattern.split())
        if not terms and not re.fullmatch(r'"[^"]+"', pattern):
            raise UnsupportedOption("FilterLogEvents", "filterPattern", 'it can be words, or one "phrase" here')
        return str(super().filter_log_events())

    def associate_kms_key(self) -> ActionResult:
        key_id = str(self._get_param("kmsKeyId"))
        self.logs_backend.check_key(key_id)
        self._group().kms_key_id = key_id
        return EmptyResult()

    def disassociate_kms_key(self) -> ActionResult:
        self._group().kms_key_id = None
        return EmptyResult()

    def _group(self) -> LogGroup:
        name = str(self._get_param("logGroupName") or "")
        group: LogGroup | None = self.logs_backend.groups.get(name)
        if group is None:
            raise CloudError("ResourceNotFoundException", "The specified log group does not exist.", 400)
        return group


def recover() -> None:
    """moto numbers events by process: go on after the last one."""
    numbers = [
        event.event_id
        for _account, _region, backend in logs_backends.iter_backends()
        for group in backend.groups.values()
        for stream in group.streams.values()
        for event in stream.events
    ]
    LogEvent._event_id = max(numbers, default=-1) + 1
