# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request names: the target group, the load balancer, the listener, tags, a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from moto.core.responses import BaseResponse

from golden_cloud.api.ec2.filters import page
from golden_cloud.api.elbv2.backend import CloudELBv2Backend, elbv2_backends
from golden_cloud.api.elbv2.load_balancer import Listener, LoadBalancer
from golden_cloud.api.elbv2.target_group import TargetGroup
from golden_cloud.api.elbv2.words import invalid
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse

T = TypeVar("T")
MOST_TAGS = 50


class Asked(CloudResponse, BaseResponse):
    """What all operations read of their requests."""

    @property
    def _backend(self) -> CloudELBv2Backend:
        backend: CloudELBv2Backend = elbv2_backends[self.identity.account_id][self.region]
        return backend

    def _group(self, arn: str = "") -> TargetGroup:
        found = self._backend.groups.get(arn or str(self._get_param("TargetGroupArn")))
        if found is None:
            raise CloudError("TargetGroupNotFound", "One or more target groups not found")
        return found

    def _balancer(self, arn: str = "") -> LoadBalancer:
        wanted = arn or str(self._get_param("LoadBalancerArn"))
        found = self._backend.balancers.get(wanted)
        if found is None:
            raise CloudError("LoadBalancerNotFound", f"Load balancer '{wanted}' not found")
        return found

    def _listener(self) -> tuple[LoadBalancer, Listener]:
        wanted = str(self._get_param("ListenerArn"))
        found = next(((balancer, one) for balancer, one in self._backend.listeners() if one.arn == wanted), None)
        if found is None:
            raise CloudError("ListenerNotFound", f"Listener '{wanted}' not found")
        return found

    def _tags(self) -> dict[str, str]:
        pairs = self._get_param("Tags") or []
        tags = {str(pair["Key"]): str(pair.get("Value") or "") for pair in pairs}
        if len(tags) < len(pairs):
            raise CloudError("DuplicateTagKeys", "A tag key was specified more than once.")
        return checked_tags(tags)

    def _page(self, items: Sequence[T]) -> tuple[list[T], str | None]:
        size = int(self._get_param("PageSize") or 400)
        if not 1 <= size <= 400:
            raise invalid(f"Page size '{size}' must be between 1 and 400")
        return page(items, size, self._get_param("Marker"))


def checked_tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise CloudError("TooManyTags", f"A resource can have at most {MOST_TAGS} tags")
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Tag keys that begin with 'aws:' are reserved")
    return tags
