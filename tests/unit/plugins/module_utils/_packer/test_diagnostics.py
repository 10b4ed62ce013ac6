# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.diagnostics import (
    Diagnostic,
    describe,
    describe_errors,
    parse_diagnostics,
    without_form,
)

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


def test_a_value_from_the_environment_has_no_place() -> None:
    raw = "Error: Invalid value for variable\n\n  on  line 0:\n  (source code not available)\n\nThe value for a is wrong.\n"
    (error,) = parse_diagnostics(raw)
    assert (error.file, error.line, error.detail) == (None, None, "The value for a is wrong.")


def test_the_place_inside_of_a_block_is_the_better_one() -> None:
    raw = (
        'Error: Failed preparing provisioner-block "shell" ""\n\n  on t/a.pkr.hcl line 6:\n  (source code not available)\n\n'
        't/a.pkr.hcl:7,23-37: Call to unknown function; There is no function named\n"clean_ami_name".\n'
    )
    (error,) = parse_diagnostics(raw)
    assert (error.file, error.line, error.summary) == ("t/a.pkr.hcl", 7, "Call to unknown function")
    assert (
        error.detail == 'There is no function named "clean_ami_name". (Failed preparing provisioner-block "shell" "".)'
    )


def test_an_error_of_legacy_json_without_a_summary() -> None:
    (error,) = parse_diagnostics("Error: \n\n1 error occurred:\n\t* required variable not set: a\n\n\n")
    assert (error.summary, error.detail) == ("required variable not set: a", "")


def test_files_that_are_named_in_the_text_only() -> None:
    unread = 'Error: Failed to read file\n\nThe configuration file "/v/x.hcl" could not be\nread.\n'
    format_ = "Error: Could not guess format of /v/x.yml\n\nA var file must be suffixed.\n"
    assert [one.file for one in parse_diagnostics(unread + format_)] == ["/v/x.hcl", "/v/x.yml"]


def test_what_packer_says_without_a_form() -> None:
    variables = without_form("Error reading variables in '/v/x.hcl': invalid character 'r'", 1)
    assert variables.file == "/v/x.hcl"
    assert variables.summary.endswith("invalid character 'r'")
    preamble = "Failed to parse file as legacy JSON template: see https://x. \nOriginal error: 1 error occurred:\n\t* Unknown key 'a'\n"
    assert without_form(preamble, 1).summary == "Unknown key 'a'"
    assert without_form("", 3).summary == "packer validate ended with 3"


def test_a_remedy_ends_the_sentence_and_is_told_once() -> None:
    one = Diagnostic("error", "Bad", "of this kind", "a.hcl", 1, "Do it.")
    assert describe(one) == "a.hcl:1: Bad: of this kind. Do it."
    other = Diagnostic("error", "Worse", file="b.hcl", remedy="Do it.")
    warning = Diagnostic("warning", "Well")
    assert describe_errors([one, warning, other]) == "a.hcl:1: Bad: of this kind; b.hcl: Worse. Do it."
    assert describe_errors([one] * 5).endswith("; and 2 more")
