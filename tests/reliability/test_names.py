# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and values that a shell, a template language or a path would make something else of.

Either they are refused before anything is made, and the field is named; or they arrive letter by letter, and no command
ran: neither here nor on the instance is there the file that each of them would make.
"""

from __future__ import annotations

import base64
import collections.abc as c
import json
import os
import re
from pathlib import Path

import pytest
from harness.builds import TEMPLATE, Result
from harness.cloud import CHECKOUT
from reliability.ground import Row

HOSTILE = {
    "command substitution": "$(touch CANARY)",
    "backquotes": "`touch CANARY`",
    "semicolon": "a; touch CANARY; echo ",
    "pipe": "a | touch CANARY &",
    "newline": "a\ntouch CANARY\nb",
    "Jinja": "{{ lookup('pipe', 'touch CANARY') }}",
    "Jinja block": "{% for x in lookup('pipe', 'touch CANARY') %}{% endfor %}",
    "HCL": '${file("/etc/passwd")}%{ if true }x%{ endif }',
    "Go template": "{{ env `HOME` }}{{ user `secret` }}",
    "path": "../../../tmp/x",
    "quotes": "it's \"quoted\" \\ 'twice'; touch CANARY; '",
    "unicode": "naïve ☃ 日本語",
    "spaces": " a  b ",
    "option": "--force -var secret=x",
}
# Packer's Amazon builder takes these in tags and descriptions for templates of its own, in HCL too.
TEMPLATES = ("Jinja", "Jinja block", "Go template")
LITERAL = {kind: text for kind, text in HOSTILE.items() if kind not in TEMPLATES}
# And in what its shell provisioner gets, so all of it goes there in another form, and what is no template as it is.
ARRIVES = TEMPLATE.replace(
    '"TEXT=${var.text}"', '"CODED=${base64encode(var.text)}", "TEXT=${replace(var.text, "{{", "")}"'
)
SHOW = """\
printf 'arrived:%s:%s:\\n' "$CODED" "$(printf %s "$TEXT" | base64 -w 0)"
test ! -e CANARY && test ! -e FILE"""
# What a directory of a user's may be called, but for {{ }}, which Packer takes for a template in the path of a script.
# There is no slash in it, so what a shell made of it would be where that shell is.
DIRECTORY = "a b $(touch FILE) `touch FILE`; 'c'"
# What the rows' own tools keep in the checkout: large, and nobody's directory.
_TOOLS = {".git", ".venv", ".cache", "storage"}


@pytest.fixture
def canary(row: Row) -> c.Iterator[Path]:
    """The file that must not come into being; of one name here and on the instance.

    Its name is unlike any other, so it is looked for wherever a process of the row may be: in the checkout, where plays
    are, in the row's own directories, and in those above.
    """
    path = Path(f"/tmp/golden-canary-{row.bench.id}")
    places = [CHECKOUT, row.bench.directory, row.bench.temporary, row.bench.ansible, row.cloud.home]
    yield path
    made = [path, *(Path(place, path.name) for place in ("/", Path.home(), Path.cwd()))]
    made += [Path(parent, path.name) for place in places for parent in _directories(place)]
    made = [one for one in dict.fromkeys(made) if one.exists()]
    for one in made:
        one.unlink()
    assert not made, f"a command ran on this machine, and made {made}"


def _directories(place: Path) -> c.Iterator[str]:
    for directory, names, _files in os.walk(place):
        names[:] = [name for name in names if name not in _TOOLS]
        yield directory


def planted(text: str, canary: Path) -> str:
    return text.replace("CANARY", str(canary)).replace("FILE", canary.name)


def assert_refused(row: Row, result: Result, field: str) -> None:
    assert result.rc != 0, result
    assert field in result.msg, result
    # Nothing was made: the calls since are questions.
    assert not [call for call in row.calls() if not re.match("Get|List|Describe", call["operation"])], row.calls()
    assert "Traceback" not in result.stdout + result.stderr, result


@pytest.mark.row("names")
@pytest.mark.parametrize("kind", [*HOSTILE, "nothing"])
@pytest.mark.parametrize("field", ["name", "version"])
def test_no_ami_is_called_so(row: Row, canary: Path, field: str, kind: str) -> None:
    row.bench.image("web")
    text = planted(HOSTILE.get(kind, ""), canary)
    if (field, kind) == ("version", "option"):
        text = "--force"
    arguments = {**row.bench.arguments("web"), field: text}
    assert_refused(row, row.bench.start_module("packer_build", arguments).finish(), f"{field}: ")


@pytest.mark.row("names")
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_variable_is_called_so(row: Row, canary: Path, kind: str) -> None:
    row.bench.image("web")
    result = row.bench.build("web", variables={planted(HOSTILE[kind], canary): "x"})
    assert_refused(row, result, "declares no variable")


@pytest.mark.row("names")
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_image_is_asked_for_so(row: Row, canary: Path, kind: str) -> None:
    """As a play's variable, whose own Jinja has been seen to: what is given with -e is a template to Ansible."""
    row.bench.image("web")
    text = planted(HOSTILE[kind], canary)
    extra = json.dumps({"image": "{% raw %}" + text + "{% endraw %}"})
    run = row.bench.play("web", "-e", extra)
    assert run.rc != 0, run.stdout
    # Several may be given, with commas between.
    refused = f"images:1: '{text.partition(',')[0].strip()}' is no image's name: lower-case letters, digits and hyphens"
    # Ansible wraps lines, at hyphens too.
    assert "".join(refused.split()) in "".join((run.stdout + run.stderr).split()), run.stdout + run.stderr
    assert not [call for call in row.calls() if call["operation"] in ("RunInstances", "CreateKeyPair", "PutParameter")]


def assert_arrived(row: Row, log: str, image: dict, wanted: dict[str, str], text: str) -> None:
    arrived = re.findall(r"arrived:([^:\s]*):([^:\s]*):", log)
    wanted_texts = [(text, text.replace("{{", ""))]
    assert [tuple(base64.b64decode(one).decode() for one in both) for both in arrived] == wanted_texts
    tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
    assert {name: tags.get(name) for name in wanted} == wanted
    assert row.images() == [], "there was just the one"


@pytest.mark.row("names", representative=True)
def test_values_arrive_letter_by_letter(row: Row, canary: Path) -> None:
    """By the module: values of variables, keys and values of tags, the AMI's description, and the directory itself."""
    everything = planted("\n".join(HOSTILE.values()), canary)
    tags = {f"a {kind}": planted(text, canary) for kind, text in LITERAL.items()}
    keys = {planted(text, canary)[:127]: "as a key" for kind, text in LITERAL.items() if kind != "spaces"}
    description = planted(HOSTILE["quotes"] + HOSTILE["command substitution"], canary)[:255]
    row.bench.directory /= planted(DIRECTORY, canary)
    row.bench.image("web", planted(SHOW, canary), template=ARRIVES)
    result = row.bench.build("web", variables={"text": everything, "description": description}, tags={**tags, **keys})
    log = result.log
    image = row.good(result, "web")
    assert image["Description"] == description
    assert_arrived(row, log, image, {**tags, **keys}, everything)


@pytest.mark.row("names")
def test_values_of_a_definition_arrive_letter_by_letter(row: Row, canary: Path) -> None:
    """By the play, from image.yml: what is in it is data, and no template of Ansible's.

    Ansible itself has a shell make its temporary directory, and that shell reads what ``remote_tmp`` is called. So a user
    who puts that into such a directory has the command run by Ansible, before any module starts; a bench has it elsewhere.
    """
    everything = planted("\n".join(HOSTILE.values()), canary)
    tags = {f"a {kind}": planted(text, canary) for kind, text in LITERAL.items()}
    row.bench.directory /= planted(DIRECTORY, canary)
    # A mapping of YAML goes on with what is JSON.
    definition = f"variables: {json.dumps({'text': everything})}\ntags: {json.dumps(tags)}\n"
    row.bench.image("web", planted(SHOW, canary), template=ARRIVES, definition=definition)
    run = row.bench.play("web")
    assert run.rc == 0, run.stdout
    (ami,) = row.images()
    logs = (row.cloud.home / "golden.ami" / "logs").glob("*.log")
    log = max(logs, key=lambda one: one.stat().st_mtime).read_text()
    assert_arrived(row, log, row.complete(ami, "web"), tags, everything)


@pytest.mark.row("names")
@pytest.mark.parametrize(("variable", "field"), [("description", "ami_description"), ("text", "environment_vars")])
def test_a_value_that_packer_takes_for_a_template_is_refused(row: Row, canary: Path, variable: str, field: str) -> None:
    row.bench.image("web")
    result = row.bench.build("web", variables={variable: planted(HOSTILE["Jinja"], canary)})
    assert result.rc != 0, result
    assert field in result.msg, result
    assert not [call for call in row.calls() if call["operation"] in ("RunInstances", "CreateKeyPair")]
