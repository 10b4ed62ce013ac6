# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.diagnostics import describe, parse_diagnostics

RAW = """Warning: Undefined variable

  on x.pkrvars.hcl line 4:
  (source code not available)

The variable "foo" was set but was not declared.

Error: Unset variable "bar"

A used variable must be set or have a default value; see
https://packer.io/docs for details.


"""


def test_severity_place_and_detail() -> None:
    warning, error = parse_diagnostics(RAW)
    assert (warning.severity, warning.file, warning.line) == ("warning", "x.pkrvars.hcl", 4)
    assert warning.detail == 'The variable "foo" was set but was not declared.'
    assert (error.severity, error.summary, error.file, error.line) == ("error", 'Unset variable "bar"', None, None)
    assert error.detail.startswith("A used variable must be set")


def test_one_line_for_an_editor() -> None:
    warning, error = parse_diagnostics(RAW)
    assert describe(warning).startswith("x.pkrvars.hcl:4: Undefined variable: The variable")
    assert describe(error) == (
        'Unset variable "bar": A used variable must be set or have a default value; see https://packer.io/docs for details.'
    )


def test_nothing_to_say() -> None:
    assert parse_diagnostics("The configuration is valid.\n") == []
