# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates: CreateLaunchTemplate and its relatives."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from moto.core.responses import ActionResult

from golden_cloud.api import catalogue
from golden_cloud.api.access import Identity
from golden_cloud.api.ec2 import aliases
from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.filters import bounded, page, passes
from golden_cloud.api.ec2.tags import specified_tags
from golden_cloud.api.ec2.template import DEFAULT, LATEST, Data, Template, TemplateVersion, find, with_template
from golden_cloud.api.errors import CloudError, UnsupportedOption

NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
MOST = 200
"""Results of one call, and versions that one call deletes."""


class TemplateOperations:
    """Operations on launch templates; mixed into the EC2 response class."""

    ec2_backend: CloudEC2Backend
    identity: Identity
    _get_param: Any
    _filters_from_querystring: Any
    _given: Any
    error_on_dryrun: Any

    # Changing

    def create_launch_template(self) -> ActionResult:
        backend, name = self.ec2_backend, self._get_param("LaunchTemplateName") or ""
        known = self._made_before(name)
        if known is not None:
            return ActionResult({"LaunchTemplate": known.describe(backend.tags.get(known.id, {}))})
        if not NAME.fullmatch(name):
            text = "A launch template name must be 3 to 128 characters of a-z, A-Z, 0-9 and ().-/_"
            raise CloudError("InvalidLaunchTemplateName.MalformedException", text)
        if any(template.name == name for template in backend.launch_templates.values()):
            raise CloudError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
        tags = specified_tags(self._get_param("TagSpecifications", []), {"launch-template"})
        data = self._template_data({})
        self.error_on_dryrun()
        template = Template(name, self.identity.arn)
        template.add(data, self._get_param("VersionDescription"))
        backend.launch_templates[template.id] = template
        if tags.get("launch-template"):
            backend.create_tags([template.id], tags["launch-template"])
        self._remember(template.id)
        return ActionResult({"LaunchTemplate": template.describe(backend.tags.get(template.id, {}))})

    def create_launch_template_version(self) -> ActionResult:
        template = self._template()
        known = self._made_before(template.name)
        if known is not None:
            number = self.ec2_backend.template_tokens[self._get_param("ClientToken")][2]
            return self._told(template, template.versions[number])
        source = self._get_param("SourceVersion")
        data = self._template_data(template.version(source).data if source else {})
        self.error_on_dryrun()
        version = template.add(data, self._get_param("VersionDescription"))
        self._remember(template.id, version.number)
        return self._told(template, version)

    def _told(self, template: Template, version: TemplateVersion) -> ActionResult:
        data = self._resolved(version.data)
        return ActionResult({"LaunchTemplateVersion": template.describe_version(version, data)})

    def modify_launch_template(self) -> ActionResult:
        template = self._template()
        version = template.version(self._get_param("DefaultVersion"))
        self.error_on_dryrun()
        template.default = version.number
        return ActionResult({"LaunchTemplate": template.describe(self.ec2_backend.tags.get(template.id, {}))})

    def delete_launch_template(self) -> ActionResult:
        template, backend = self._template(), self.ec2_backend
        self.error_on_dryrun()
        told = template.describe(backend.tags.get(template.id, {}))
        del backend.launch_templates[template.id]
        backend.tags.pop(template.id, None)
        return ActionResult({"LaunchTemplate": told})

    def delete_launch_template_versions(self) -> ActionResult:
        template, wanted = self._template(), self._get_param("Versions", [])
        if len(wanted) > MOST:
            raise CloudError("InvalidParameterValue", f"{MOST} versions can be deleted in one call, not {len(wanted)}")
        self.error_on_dryrun()
        done, failed = [], []
        for text in wanted:
            about = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
            trouble = _not_deletable(template, str(text))
            if trouble is None:
                del template.versions[int(text)]
                done.append(about | {"VersionNumber": int(text)})
            else:
                number = int(text) if str(text).isdigit() else None
                failed.append(about | {"VersionNumber": number, "ResponseError": trouble})
        return ActionResult(
            {
                "SuccessfullyDeletedLaunchTemplateVersions": done,
                "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
            }
        )

    def _template(self) -> Template:
        templates = self.ec2_backend.launch_templates
        return find(templates, self._get_param("LaunchTemplateId"), self._get_param("LaunchTemplateName"))

    def _template_data(self, source: Data) -> Data:
        asked: Data = self._given().get("LaunchTemplateData") or {}
        for option, value in asked.items():
            if not catalogue.supports("ec2", "RunInstances", option, value):
                raise UnsupportedOption("a launch template", option)
        data = with_template(asked, source)
        if aliases.is_alias(data.get("ImageId")):
            aliases.resolve(data["ImageId"], self.ec2_backend.account_id, self.ec2_backend.region_name)
        return data

    def _template_digest(self) -> str:
        return hashlib.sha256(json.dumps(self._given(), sort_keys=True, default=str).encode()).hexdigest()

    def _made_before(self, name: str) -> Template | None:
        backend, token = self.ec2_backend, self._get_param("ClientToken")
        template_id, digest, _number = backend.template_tokens.get(token or "", ("", "", 0))
        known: Template | None = backend.launch_templates.get(template_id)
        if known is None:
            return None
        if digest != self._template_digest() or known.name != name:
            text = f"The ClientToken '{token}' was used before, with other parameters"
            raise CloudError("IdempotentParameterMismatch", text)
        return known

    def _remember(self, template_id: str, number: int = 1) -> None:
        token = self._get_param("ClientToken")
        if token:
            self.ec2_backend.template_tokens[token] = (template_id, self._template_digest(), number)

    # Reading

    def describe_launch_templates(self) -> ActionResult:
        self.error_on_dryrun()
        backend = self.ec2_backend
        ids, names = self._get_param("LaunchTemplateIds", []), self._get_param("LaunchTemplateNames", [])
        named = [find(backend.launch_templates, i, None) for i in ids]
        named += [find(backend.launch_templates, None, n) for n in names]
        filters = self._filters_from_querystring()
        shown = [
            template
            for template in (named if ids or names else backend.launch_templates.values())
            if passes(template, filters, TEMPLATE_FILTERS, backend.tags.get(template.id, {}))
        ]
        templates, token = page(shown, bounded(self._get_param("MaxResults"), 1, MOST), self._get_param("NextToken"))
        told = [template.describe(backend.tags.get(template.id, {})) for template in templates]
        return ActionResult({"LaunchTemplates": told, "NextToken": token})

    def describe_launch_template_versions(self) -> ActionResult:
        self.error_on_dryrun()
        filters = self._filters_from_querystring()
        shown = [
            (template, version)
            for template, version in self._asked_versions()
            if passes((template, version), filters, VERSION_FILTERS, {})
        ]
        versions, token = page(shown, bounded(self._get_param("MaxResults"), 1, MOST), self._get_param("NextToken"))
        told = [template.describe_version(version, self._resolved(version.data)) for template, version in versions]
        return ActionResult({"LaunchTemplateVersions": told, "NextToken": token})

    def _asked_versions(self) -> list[tuple[Template, TemplateVersion]]:
        wanted = self._get_param("Versions", [])
        if not self._get_param("LaunchTemplateId") and not self._get_param("LaunchTemplateName"):
            if not wanted or set(wanted) - {LATEST, DEFAULT}:
                text = f"Without a launch template Versions must be {LATEST}, {DEFAULT} or both."
                raise CloudError("InvalidParameterValue", text)
            every = self.ec2_backend.launch_templates.values()
            found = [(template, template.version(text)) for template in every for text in wanted]
            return list({(t.id, v.number): (t, v) for t, v in found}.values())
        template = self._template()
        if wanted:
            numbers = {template.version(text).number for text in wanted}
        else:
            least, most = int(self._get_param("MinVersion") or 1), int(self._get_param("MaxVersion") or template.last)
            numbers = {n for n in template.versions if least <= n <= most}
        return [(template, template.versions[n]) for n in sorted(numbers, reverse=True)]

    def _resolved(self, data: Data) -> Data:
        backend, image_id = self.ec2_backend, data.get("ImageId")
        if not self._get_param("ResolveAlias") or not image_id or not aliases.is_alias(image_id):
            return data
        return data | {"ImageId": aliases.resolve(image_id, backend.account_id, backend.region_name)}


def _not_deletable(template: Template, text: str) -> dict[str, str] | None:
    if not text.isdigit() or int(text) not in template.versions:
        code, why = "launchTemplateVersionDoesNotExist", f"The launch template version {text} does not exist."
    elif int(text) == template.default:
        code, why = "unexpectedError", f"Version {text} is the default version of {template.id}; it can't be deleted."
    else:
        return None
    return {"Code": code, "Message": why}


TEMPLATE_FILTERS: dict[str, Any] = {
    "create-time": lambda t: t.created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "launch-template-name": lambda t: t.name,
}

VERSION_FILTERS: dict[str, Any] = {
    "create-time": lambda pair: pair[1].created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "ebs-optimized": lambda pair: bool(pair[1].data.get("EbsOptimized")),
    "http-endpoint": lambda pair: (pair[1].data.get("MetadataOptions") or {}).get("HttpEndpoint"),
    "http-tokens": lambda pair: (pair[1].data.get("MetadataOptions") or {}).get("HttpTokens"),
    "iam-instance-profile": lambda pair: (pair[1].data.get("IamInstanceProfile") or {}).get("Arn"),
    "image-id": lambda pair: pair[1].data.get("ImageId"),
    "instance-type": lambda pair: pair[1].data.get("InstanceType"),
    "is-default-version": lambda pair: pair[1].number == pair[0].default,
}
