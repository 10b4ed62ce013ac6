# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every service's responses share: the verified caller, the catalogue of what there is, errors in its words."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from moto.core.request import Request
from moto.core.responses import ActionResult

from golden_cloud.api import catalogue
from golden_cloud.api.access import Identity
from golden_cloud.api.errors import CloudError, NotImplementedHere, UnsupportedOption
from golden_cloud.api.faults.fault import Fault

# SDK user agent 2.1: m/ lists the ids of features in use, "B" is WAITER.
_WAITER = re.compile(r"(?:^| )m/(?:[^ ]*,)?B(?:,| |$)")

IDENTITY = "golden.identity"
REGION = "golden.region"
IMAGE_FAULT = "golden.image_fault"
"""Key under which a request carries the fault that the image it makes shall have."""


class CloudRequest(Request):
    """moto's request, from a real server."""

    from_wsgi_server = True


class CloudResponse:
    """Mixin, first in the list of bases of a service's response class."""

    def setup_class(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.identity: Identity = request.environ[IDENTITY]
        self.image_fault: Fault | None = request.environ.get(IMAGE_FAULT)
        super().setup_class(request, *args, **kwargs)  # type: ignore[misc]

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        """The Region that was signed for; moto would rather believe the user agent."""
        return str(request.environ[REGION])

    def get_current_account(self) -> str:
        return self.identity.account_id

    def get_access_key(self) -> str:
        return self.identity.access_key

    def call_action(self) -> Any:
        operation = str(self._get_action())  # type: ignore[attr-defined]
        service = str(self.service_name)  # type: ignore[attr-defined]
        try:
            self._refuse_ignored_options(service, operation)
            return super().call_action()  # type: ignore[misc]
        except CloudError as error:
            return self.serialized(ActionResult(error))
        except NotImplementedError as error:
            return self.serialized(ActionResult(NotImplementedHere(f"{service}:{operation} this way ({error})")))

    def serialized(self, action_result: ActionResult) -> Any:
        status, headers, body = super().serialized(action_result)  # type: ignore[misc]
        if isinstance(action_result.result, CloudError) and action_result.result.status:
            status = action_result.result.status
        return status, headers, body

    def is_waiter(self) -> bool:
        """Whether an SDK's waiter asks: it marks its calls with the feature B in the User-Agent."""
        return bool(_WAITER.search(self.headers.get("User-Agent", "")))  # type: ignore[attr-defined]

    def _refuse_ignored_options(self, service: str, operation: str) -> None:
        for option, value in self._given().items():
            if not catalogue.supports(service, operation, option, value):
                raise UnsupportedOption(operation, option)

    def _given(self) -> dict[str, Any]:
        """The options of the request, by the names of the service's model."""
        params = getattr(self, "params", None)
        if params is not None:
            return dict(params.original_dict() if hasattr(params, "original_dict") else params)
        with contextlib.suppress(ValueError, TypeError):
            document = json.loads(self.body)  # type: ignore[attr-defined]
            if isinstance(document, dict):
                return document
        return {}
