# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._packer.failure import Failure, cancelled_by, find_failure

TASK = "==> amazon-ebs.base: TASK [wordpress : Install] ***"
ERROR = "Build 'amazon-ebs.base' errored after 3 seconds: Error executing Ansible: Non-zero exit status: exit status 2"


def test_fatal_task_with_its_message() -> None:
    lines = [TASK, '==> amazon-ebs.base: fatal: [default]: FAILED! => {"changed": false, "msg": "No package x"}']
    assert find_failure(lines, [ERROR]) == Failure("wordpress : Install", "No package x")


def test_newer_ansible_says_it_in_words() -> None:
    lines = [
        TASK,
        "==> amazon-ebs.base: [ERROR]: Task failed: Module failed: No package x",
        '==> amazon-ebs.base: fatal: [default]: FAILED! => {"changed": false, "msg": "No package x"}',
    ]
    assert find_failure(lines, [ERROR]) == Failure("wordpress : Install", "No package x")


def test_results_that_are_laid_out() -> None:
    lines = [
        TASK,
        "==> a.b: fatal: [default]: FAILED! => {",
        '==> a.b:     "changed": false,',
        '==> a.b:     "msg": "bad"',
        "==> a.b: }",
    ]
    assert find_failure(lines, [ERROR]) == Failure("wordpress : Install", "bad")


def test_words_when_the_result_is_no_json() -> None:
    lines = [
        TASK,
        "==> a.b: [ERROR]: Task failed: Action failed: bad",
        "==> a.b: fatal: [default]: FAILED! =>",
        "    msg: bad",
    ]
    assert find_failure(lines, [ERROR]) == Failure("wordpress : Install", "Action failed: bad")


def test_words_of_several_lines() -> None:
    """As a suite of tests says which failed."""
    said = ["[ERROR]: Task failed: Module failed: 2 of 4 tests failed:", "  goss: no file", "  web: no answer"]
    for after in ("Origin: /role/tests.yml:4:3", "", "fatal: [default -> localhost]: FAILED! =>"):
        lines = [TASK, *(f"==> a.b: {line}" for line in [*said, after, "4 - name: Test"])]
        lines += ["==> a.b: fatal: [default -> localhost]: FAILED! =>", "==> a.b:     msg: |-"]
        failure = find_failure(lines, [ERROR])
        assert failure is not None
        assert failure.text.splitlines() == ["Module failed: 2 of 4 tests failed:", "goss: no file", "web: no answer"]


def test_ignored_failures_are_not_the_reason_of_a_script() -> None:
    lines = [TASK, 'fatal: [default]: FAILED! => {"msg": "ignored"}', "...ignoring"]
    error = "Build 'x' errored: Script exited with non-zero exit status: 7. Allowed exit codes are: [0]"
    assert find_failure(lines, [error]) == Failure("shell script", "Script exited with non-zero exit status: 7")


def test_packers_own_error_in_one_line() -> None:
    errors = ["==> x: Error launching source instance:\nUnauthorizedOperation.", "\n==> Some builds didn't complete"]
    assert find_failure([], errors) == Failure("", "Error launching source instance: UnauthorizedOperation")


def test_nothing_was_said() -> None:
    assert find_failure([], []) is None


REQUEST = "&{<nil> [] [{0x15 [al2023-*-x86_64] {}} {0x1f [x86_64] {}}] [] 0x8 <nil> <nil> <nil> [amazon] {}}"


def test_an_ami_that_is_not_there_by_what_was_searched_for() -> None:
    failure = find_failure([], [f"==> amazon-ebs: No AMI was found matching filters: {REQUEST}"])
    assert failure
    assert failure.text.startswith(
        "No AMI was found matching filters: al2023-*-x86_64, x86_64 and the owner amazon. Correct owner"
    )


def test_an_error_about_the_template_has_its_place() -> None:
    text = (
        f"Error: Datasource.Execute failed: No AMI was found matching filters: {REQUEST}\n\n"
        "  on /t/a.pkr.hcl line 10:\n  (source code not available)\n\n"
    )
    failure = find_failure([], [text])
    assert failure
    assert failure.text.startswith(
        "/t/a.pkr.hcl:10: Datasource.Execute failed: No AMI was found matching filters: al2023"
    )
    assert "0x15" not in failure.text


def test_that_packer_was_interrupted_is_no_reason() -> None:
    said = "Cancelling build after receiving interrupt"
    assert find_failure([], [said]) is None
    later = find_failure([], [said, "==> x: Error launching source instance: request canceled"])
    assert later is not None
    assert later.text == "Error launching source instance: request canceled"


def test_who_ends_packer_itself_is_the_reason() -> None:
    assert cancelled_by(["Script exited", "Cancelling build after receiving terminated"]) == "terminated"
    assert cancelled_by(["==> web: echo Cancelling build after receiving terminated"]) is None
