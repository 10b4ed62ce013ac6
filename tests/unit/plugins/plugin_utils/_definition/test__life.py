# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a definition says of channels, gates and retention is checked as a whole, and complete for the modules."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _life, _load, _schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Problem,
    read_source,
)

SCHEMA = _load.read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")
SMALLEST = "base:\n  ssm_parameter: /a\nprovision:\n  roles: [web]\n"


def read(text: str) -> dict[str, t.Any]:
    """As a definition is read; all problems at once."""
    source = read_source(SMALLEST + text, "image.yml")
    problems = _schema.find_problems(source, SCHEMA)
    if problems:
        raise DefinitionError(problems)
    definition: dict[str, t.Any] = _schema.with_defaults(source.data, SCHEMA)
    _life.complete(definition["channels"], definition["retention"], source)
    return definition


def problems(text: str) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        read(text)
    return caught.value.problems


def test_without_a_word_it_stays_where_it_is_built_and_three_are_kept() -> None:
    definition = read("")
    assert definition["distribution"]["regions"] == definition["distribution"]["accounts"] == []
    assert definition["distribution"]["share"] == {
        "accounts": [],
        "organizations": [],
        "organizational_units": [],
        "public": False,
    }
    assert definition["channels"] == {}
    retention = definition["retention"]
    assert (retention["keep"], retention["max_age"], retention["disable_after"]) == (3, None, 14)


def test_every_channel_has_gates_and_every_age_is_days() -> None:
    definition = read(
        "channels:\n  dev: {}\n  prod:\n    gates:\n      - tested: true\n      - soaked: {channel: dev, days: 3}\n"
        "retention:\n  max_age: 12w\n  channels:\n    prod: {keep: 2, max_age: 90d}\n    dev: {max_age: 7}\n"
    )
    assert definition["channels"]["dev"] == {"gates": []}
    assert definition["channels"]["prod"]["gates"][1]["soaked"] == {"channel": "dev", "days": 3}
    assert definition["retention"]["max_age"] == 84
    assert definition["retention"]["channels"] == {"prod": {"keep": 2, "max_age": 90}, "dev": {"max_age": 7}}


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("channels:\n  versions: {}\n", 6, "channels.versions", "but not versions, locks, revoked or contents"),
        (
            "channels:\n  prod:\n    gates:\n      - soaked: {channel: dve, days: 3}\n  dev: {}\n",
            8,
            "channels.prod.gates[0].soaked.channel",
            "there is no channel dve; channels has prod, dev",
        ),
        ("retention:\n  channels:\n    prod: {keep: 2}\n", 7, "retention.channels.prod", "name it under channels"),
        ("channels:\n  prod:\n    gates:\n      - {}\n", 8, "channels.prod.gates[0]", "One of tested"),
        ("channels:\n  prod:\n    gates:\n      - tested: false\n", 8, "channels.prod.gates[0].tested", "Leave it out"),
        ("distribution:\n  accounts: ['12345678901']\n", 6, "distribution.accounts[0]", "twelve digits"),
        ("distribution:\n  accounts: [123456789012]\n", 6, "distribution.accounts[0]", "expected a text"),
        ("distribution:\n  regions: [europe]\n", 6, "distribution.regions[0]", "such as eu-west-1"),
        ("retention:\n  keep: 0\n", 6, "retention.keep", "minimum"),
        ("retention:\n  max_age: 3h\n", 6, "retention.max_age", "90d, 12w, or days"),
    ],
)
def test_mistakes(text: str, line: int, key: str, said: str) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert (found[0].line, found[0].key) == (line, key)
    assert said in found[0].message
