# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which launch templates and groups can be deployed to."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._deploy.errors import DeployError
from ansible_collections.golden.ami.plugins.module_utils._deploy.template import (
    Scaling,
    Template,
    refuse_alias,
    refuse_unfit,
    template_of,
)

TEMPLATE = Template("lt-1", "web", "3", "ami-1")


def test_a_template_is_read_by_its_default_version() -> None:
    described = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "DefaultVersionNumber": 3}
    assert template_of(described, {"LaunchTemplateData": {"ImageId": "ami-1"}}) == TEMPLATE
    assert template_of(described, {"LaunchTemplateData": {}}).image_id is None


def test_what_reads_a_parameter_at_each_launch_is_refused() -> None:
    refuse_alias(TEMPLATE, "dev")
    with pytest.raises(DeployError, match="takes its AMI from resolve:ssm:/golden/web/dev at each launch"):
        refuse_alias(Template("lt-1", "web", "3", "resolve:ssm:/golden/web/dev"), "dev")


@pytest.mark.parametrize(
    ("scaling", "template", "said"),
    [
        (Scaling("web", "lt-2", "3", None, ("i-1",)), TEMPLATE, "does not launch from the launch template web"),
        (Scaling("web", None, "3", None, ("i-1",)), TEMPLATE, "does not launch from the launch template web"),
        (Scaling("web", "lt-1", "3", None, ("i-1",)), None, "a launch template of that name, which is not there"),
        (Scaling("web", "lt-1", "$Latest", None, ("i-1",)), TEMPLATE, "follows version $Latest"),
        (Scaling("web", "lt-1", "3", None, ()), TEMPLATE, "has no instances in service"),
    ],
)
def test_a_group_that_cannot_go_back_is_refused(scaling: Scaling, template: Template | None, said: str) -> None:
    with pytest.raises(DeployError) as caught:
        refuse_unfit(scaling, template)
    assert said in str(caught.value)
    assert "Nothing was changed." in str(caught.value)


def test_a_group_with_a_numbered_version_and_instances_is_fit() -> None:
    refuse_unfit(Scaling("web", "lt-1", "3", None, ("i-1",)), TEMPLATE)
