# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms of calls: what is repeated, what is None, what may be gone, and whose error it becomes."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.golden.ami.plugins.module_utils._ami.calling import Calling


class OursError(AnsibleAWSError):
    """Of these tests."""


calling = Calling(OursError, gone=["NoSuchThing"], throttled=["Slower"])


def failing(*codes: str) -> t.Callable[[str], str]:
    """Fails with the codes, one after the other, and gives the rest of its name then."""
    left = list(codes)

    def read(name: str) -> str:
        if left:
            error: t.Any = {"Error": {"Code": left.pop(0), "Message": "no"}}
            raise botocore.exceptions.ClientError(error, "Read")
        return f"the {name}"

    return read


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("time.sleep", made.append)
    return made


@pytest.mark.parametrize("form", [calling.call, calling.lookup, calling.deletion])
def test_each_form_repeats_what_is_throttled(form: t.Any, pauses: list[float]) -> None:
    assert form("read {name}")(failing("Slower", "Slower"))("thing") == "the thing"
    assert len(pauses) == 2


@pytest.mark.parametrize("form", [calling.call, calling.lookup, calling.deletion])
def test_other_failures_are_of_the_class_that_was_given_and_name_what_was_tried(form: t.Any) -> None:
    with pytest.raises(OursError) as failed:
        form("read {name}")(failing("AccessDenied"))(name="a{0}thing")
    assert failed.value.message == "Failed to read a{0}thing"


def test_what_is_gone_is_a_failure_of_a_call_only() -> None:
    with pytest.raises(OursError):
        calling.call("read {name}")(failing("NoSuchThing"))("thing")
    assert calling.lookup("read {name}")(failing("NoSuchThing"))("thing") is None
    assert calling.deletion("delete {name}")(failing("NoSuchThing"))("thing") is False


def test_one_call_can_have_more_patience_than_the_others(pauses: list[float]) -> None:
    patient = calling.call("read {name}", patient_with=["NotYet"])
    assert patient(failing("NotYet", "Slower"))("thing") == "the thing"
    assert len(pauses) == 2
    with pytest.raises(OursError):
        calling.call("read {name}")(failing("NotYet"))("thing")
    assert len(pauses) == 2
