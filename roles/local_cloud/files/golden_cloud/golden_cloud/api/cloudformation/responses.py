# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation's operations: stacks of launch templates and instances."""

from __future__ import annotations

import re
import uuid
from typing import Any

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.ssm.models import ssm_backends

from golden_cloud.api import access, permitted, runtime
from golden_cloud.api.access import PARTITION
from golden_cloud.api.cloudformation.engine import Work
from golden_cloud.api.cloudformation.model import CloudFormationBackend, Stack, cloudformation_backends, now
from golden_cloud.api.cloudformation.template import SSM_IMAGE, SSM_STRING, Template, given_parameters, invalid, read
from golden_cloud.api.ec2.filters import page
from golden_cloud.api.errors import CloudError
from golden_cloud.api.inside import Credentials
from golden_cloud.api.service import CloudResponse

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_PAGE = 100


class CloudFormationResponse(CloudResponse, BaseResponse):
    """Every operation of CloudFormation that the catalogue lists."""

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    @property
    def _backend(self) -> CloudFormationBackend:
        backend: CloudFormationBackend = cloudformation_backends[self.identity.account_id][self.region]
        return backend

    def create_stack(self) -> ActionResult:
        name, backend = str(self._get_param("StackName")), self._backend
        if not NAME.fullmatch(name):
            raise invalid(f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy its pattern")
        if backend.find(name) is not None:
            raise CloudError("AlreadyExistsException", f"Stack [{name}] already exists")
        on_failure = self._on_failure()
        body = self._get_param("TemplateBody")
        if not body:
            raise invalid("Either Template URL or Template Body must be specified.")
        template = read(body)
        given = given_parameters(template, self._get_param("Parameters") or [])
        where = f"arn:{PARTITION}:cloudformation:{self.region}:{self.identity.account_id}"
        stack = Stack(
            name=name,
            id=f"{where}:stack/{name}/{uuid.uuid4()}",
            body=body,
            template=template,
            given=given,
            resolved=self._resolved(template, given),
            tags={tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or []},
            on_failure=on_failure,
            token=self._get_param("ClientRequestToken"),
        )
        backend.stacks[stack.id] = stack
        stack.enter("CREATE_IN_PROGRESS", "User Initiated")
        credentials = self._credentials()
        self._submit(stack, lambda: Work(backend, stack, credentials).create())
        return ActionResult({"StackId": stack.id})

    def _on_failure(self) -> str:
        asked, disabled = self._get_param("OnFailure"), self._get_param("DisableRollback")
        if asked and disabled is not None:
            raise invalid("You cannot specify both OnFailure and DisableRollback.")
        return "DO_NOTHING" if str(disabled).lower() == "true" else str(asked or "ROLLBACK")

    def _resolved(self, template: Template, given: dict[str, str]) -> dict[str, str]:
        """What SSM says of the parameters that stand for one of its own."""
        asked = {
            name: given[name] for name, one in template.parameters.items() if one["Type"] in (SSM_STRING, SSM_IMAGE)
        }
        backend: Any = ssm_backends[self.identity.account_id][self.region]
        where = f"arn:{PARTITION}:ssm:{self.region}:{self.identity.account_id}:parameter"
        for name in asked.values():
            permitted.require(self.identity.arn, "ssm:GetParameters", f"{where}/{name.lstrip('/')}")
        found = {name: backend.get_parameter(path) for name, path in asked.items()}
        missing = sorted(asked[name] for name, one in found.items() if one is None)
        if missing:
            raise invalid(f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account.")
        values = {name: str(one.value) for name, one in found.items()}
        for name, value in values.items():
            if template.parameters[name]["Type"] == SSM_IMAGE and not backend.has_image(value):
                raise invalid(
                    f"Parameter validation failed: parameter value {value} for parameter name {name} does not exist."
                )
        return values

    def _credentials(self) -> Credentials:
        """The caller's own, as AWS's forward access sessions are; kept only as long as the work lasts."""
        key = access.find_key(runtime.current().config, self.identity.access_key)
        if key is None:
            raise CloudError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        ends = key.expiration or now()
        return Credentials(self.identity.access_key, key.secret, key.session_token or "", ends)

    @staticmethod
    def _submit(stack: Stack, job: Any) -> None:
        runtime.current().jobs.submit(f"stack {stack.id}", job)

    def delete_stack(self) -> ActionResult:
        """One that is not there is deleted."""
        backend, stack = self._backend, self._backend.find(str(self._get_param("StackName")))
        if stack is None or stack.deleted is not None:
            return EmptyResult()
        if stack.busy:
            raise invalid(
                f"Stack [{stack.name}] is in {stack.status} state and can not be deleted here until that has ended."
            )
        stack.token = self._get_param("ClientRequestToken")
        stack.enter("DELETE_IN_PROGRESS", "User Initiated")
        credentials = self._credentials()
        self._submit(stack, lambda: Work(backend, stack, credentials).delete())
        return EmptyResult()

    # Reading

    def describe_stacks(self) -> ActionResult:
        asked = self._get_param("StackName")
        stacks = [self._stack()] if asked else [one for one in self._backend.stacks.values() if one.deleted is None]
        shown, token = page([one.describe() for one in stacks], _PAGE, self._get_param("NextToken"))
        return ActionResult({"Stacks": shown, "NextToken": token})

    def describe_stack_events(self) -> ActionResult:
        shown, token = page(self._stack().events, _PAGE, self._get_param("NextToken"))
        return ActionResult({"StackEvents": shown, "NextToken": token})

    def describe_stack_resources(self) -> ActionResult:
        stack, name = self._stack(), self._get_param("LogicalResourceId")
        parts = [part for part in stack.parts.values() if not name or part.name == name]
        return ActionResult({"StackResources": [stack.describe_part(part) for part in parts]})

    def describe_stack_resource(self) -> ActionResult:
        stack, name = self._stack(), str(self._get_param("LogicalResourceId"))
        if name not in stack.parts:
            raise invalid(f"Resource {name} does not exist for stack {stack.name}")
        return ActionResult({"StackResourceDetail": stack.describe_part(stack.parts[name])})

    def list_stack_resources(self) -> ActionResult:
        stack = self._stack()
        parts = [stack.describe_part(part) for part in stack.parts.values()]
        shown, token = page(parts, _PAGE, self._get_param("NextToken"))
        return ActionResult({"StackResourceSummaries": shown, "NextToken": token})

    def get_template(self) -> ActionResult:
        return ActionResult({"TemplateBody": self._stack().body, "StagesAvailable": ["Original", "Processed"]})

    def _stack(self) -> Stack:
        name = str(self._get_param("StackName"))
        stack = self._backend.find(name)
        if stack is None:
            raise invalid(f"Stack with id {name} does not exist")
        return stack
