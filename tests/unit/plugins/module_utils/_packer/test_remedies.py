# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.diagnostics import Diagnostic
from ansible_collections.golden.ami.plugins.module_utils._packer.remedies import (
    Known,
    build_remedy,
    get_plugins,
    plugin_states,
    remedy,
)

AMAZON = "github.com/hashicorp/amazon"
GOSS = "github.com/YaleUniversity/goss"
HCL = 'packer {\n  required_plugins {\n    amazon = {\n      source = "github.com/hashicorp/amazon"\n    }\n  }\n}\nvariable "size" {}\n'


def known(**more: t.Any) -> Known:
    return Known(
        **{
            "template": "/t",
            "hcl": True,
            "texts": {"/t/a.pkr.hcl": HCL},
            "installed": {AMAZON: ["1.8.2", "1.7.0"]},
            "constraints": {AMAZON: ">= 99", GOSS: ""},
            **more,
        }
    )


def told(summary: str, detail: str = "", **more: t.Any) -> str:
    return remedy(Diagnostic("error", summary, detail), known(**more))


@pytest.mark.parametrize(
    ("summary", "detail", "expected"),
    [
        ('Unset variable "size"', "", "/t/a.pkr.hcl:8"),
        ('Unset variable "size"', "", "golden_variables, or as PKR_VAR_size"),
        ("Invalid value", "The value for size is not compatible with the type", "that /t/a.pkr.hcl:8 declares"),
        ("Could not guess format of x.yml", "", "*.pkrvars.hcl"),
        ("Failed to read file", 'The configuration file "x" could not be\nread.', "Correct the path in var_files"),
        ("Call to unknown function", 'There is no function named "clean_ami_name".', "use regex_replace("),
        ("Call to unknown function", 'There is no function named "user".', "use var.NAME"),
        ("Call to unknown function", 'There is no function named "one".', "hcl_templates/functions"),
        ("Unsupported Packer Core version", "", "required_version"),
        ("Datasource.Execute failed", "No AMI was found matching filters: {}", "GOLDEN_CLOUD_IMAGES"),
        ("failed to prepare", 'could not get dependency "local.x", "local.x" missing in\ntemplate', "Declare it"),
        ("Error in function call", "no file exists at x.", "${path.root}"),
        ("Nobody knows", "", "Correct it in /t."),
    ],
)
def test_a_remedy_for_each(summary: str, detail: str, expected: str) -> None:
    assert expected in told(summary, detail)


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("required variable not set: a", "Give a a value"),
        ('function "clean_ami_name" not defined', "use clean_resource_name"),
        ('function "shout" not defined', "legacy_json_templates/engine"),
        ("This template requires Packer version 9.0.0 or higher; using 1.16.0", "min_packer_version"),
        ("Error reading variables in 'x.hcl': invalid character", "are JSON"),
        ("env vars are not allowed here", "{{user `NAME`}}"),
        ("Unknown root level key in template: 'bilders'", "builders, description"),
    ],
)
def test_a_remedy_for_each_in_legacy_templates(summary: str, expected: str) -> None:
    assert expected in told(summary, template="/t.json", hcl=False, texts={"/t.json": "{}"}, constraints={})


def test_no_environment_for_variables_of_legacy_templates() -> None:
    assert "PKR_VAR" not in told("required variable not set: a", hcl=False, texts={"/t.json": "{}"})


def test_missing_plugins_say_what_is_here_and_where_they_are_required() -> None:
    text = told("Missing plugins", "The following plugins are required, but not installed:\n\n* x\n")
    assert f"{AMAZON} >= 99 (here is 1.8.2, 1.7.0; required in /t/a.pkr.hcl:4)" in text
    assert f"{GOSS} (not here; required in /t)" in text
    assert f"'packer plugins install {AMAZON}'" in text
    assert "golden.ami.packer" in text
    assert "change the version in required_plugins" in text


def test_only_plugins_that_do_not_fit_are_missing() -> None:
    text = told(
        "Missing plugins",
        "The following plugins are required, but not installed",
        constraints={AMAZON: ">= 1.8", GOSS: ""},
    )
    assert AMAZON not in text
    assert GOSS in text


def test_no_change_of_a_version_for_what_is_not_here_at_all() -> None:
    assert "change the version" not in get_plugins([GOSS], known())
    assert plugin_states([GOSS], known()) == f"{GOSS} (not here; required in /t)"


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("The builder googlecompute is unknown by Packer", "github.com/hashicorp/googlecompute"),
        ("The post-processor docker-tag is unknown by Packer", "github.com/hashicorp/docker"),
        ("The source windows-update is unknown by Packer", "github.com/rgl/windows-update"),
    ],
)
def test_parts_of_a_plugin_that_is_not_here(said: str, source: str) -> None:
    text = told("Failed to initialize build", said)
    assert f"part of the plugin {source}" in text
    assert f"packer plugins install {source}" in text
    assert f"{AMAZON} 1.8.2" in text


def test_a_part_that_nobody_knows() -> None:
    assert "Correct the name" in told("x", "The builder amazonebs is unknown by Packer")


def test_where_a_file_is_known() -> None:
    assert (
        remedy(Diagnostic("error", "Missing item separator", file="/t/a.pkr.hcl", line=3), known())
        == "Correct it there."
    )


def test_what_only_a_build_shows() -> None:
    assert "GOLDEN_CLOUD_IMAGES" in build_remedy("No AMI was found matching filters: x")
    assert build_remedy("Error launching source instance") == ""


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("api error RequestExpired: Request has expired.", "get new ones"),
        ("api error RequestExpired: Request has expired.", "or this machine's clock is wrong"),
        ("api error ExpiredToken: The token has expired.", "get new ones, that last as long as a build"),
        ("api error RequestLimitExceeded: Request limit exceeded.", "come too fast"),
        ("api error InsufficientInstanceCapacity: no", "placements"),
        ("Error waiting for AMI: exceeded max wait time for ImageAvailable waiter", "aws_polling"),
        (
            "Error waiting for AMI: operation error EC2: DescribeImages, canceled, context deadline exceeded",
            "aws_polling",
        ),
    ],
)
def test_what_aws_says_of_a_call(said: str, remedy: str) -> None:
    assert remedy in build_remedy(said)
