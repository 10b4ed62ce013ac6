# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret comes through, in whatever form it shows up and wherever it stands."""

from __future__ import annotations

import base64
import json
import tempfile
import typing as t
from pathlib import Path
from urllib.parse import quote

from ansible_collections.golden.ami.plugins.module_utils._packer.log import RunLog
from ansible_collections.golden.ami.plugins.module_utils._packer.messages import parse_line
from ansible_collections.golden.ami.plugins.module_utils._packer.profile import Profile
from ansible_collections.golden.ami.plugins.module_utils._packer.progress import Progress
from ansible_collections.golden.ami.plugins.module_utils._packer.secrets import MASK, Scrubber
from hypothesis import assume, example, given
from hypothesis import strategies as st

# What is shorter is let through, and a star is what they are replaced with.
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters="*"), min_size=4, max_size=16)
AROUND = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="*"), max_size=12)


def go_json(text: str) -> str:
    """As Go writes it, and so Packer: with what means something to HTML escaped."""
    written = json.dumps(text, ensure_ascii=False)
    return written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


FORMS: dict[str, t.Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "JSON": json.dumps,
    "JSON with letters as they are": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "JSON of Go": go_json,
    "Python": repr,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in a URL": lambda secret: quote(secret, safe=""),
}


@given(SECRETS, st.sampled_from(sorted(FORMS)), AROUND, AROUND)
@example("a&b<c>d", "JSON of Go", "", "")
@example("it's", "Python", "", "")
@example("p@ss/word", "in a URL", "https://me:", "@host")
def test_no_form_of_a_secret_comes_through(secret: str, form: str, before: str, after: str) -> None:
    shown = FORMS[form](secret)
    text = Scrubber([secret]).text(f"{before}{shown}{after}")
    inner = shown.strip("\"'")
    assert inner not in text
    assert secret not in text
    assert MASK in text


@given(
    st.lists(SECRETS, min_size=1, max_size=4), st.lists(AROUND | SECRETS, max_size=4), st.randoms(use_true_random=False)
)
def test_several_that_overlap(secrets: list[str], others: list[str], random: t.Any) -> None:
    pieces = [*secrets, *others]
    random.shuffle(pieces)
    text = Scrubber({"nested": secrets}).text("".join(pieces))
    assert not [secret for secret in secrets if secret in text]


@given(SECRETS, AROUND)
def test_what_is_no_secret_stays(secret: str, text: str) -> None:
    scrubber = Scrubber([secret])
    forms = [form(secret).strip("\"'") for form in FORMS.values()]
    assume(not any(form in text for form in forms))
    assert scrubber.text(text) == text


@given(SECRETS, AROUND)
def test_once_is_enough(secret: str, around: str) -> None:
    scrubber = Scrubber([secret])
    once = scrubber.text(f"{around}{secret}{around}")
    assert scrubber.text(once) == once


@given(SECRETS, st.lists(AROUND, max_size=3), st.booleans())
def test_what_packer_says_reaches_the_log_without_it(secret: str, around: list[str], as_message: bool) -> None:
    said = secret.join([*around, ""])
    message = parse_line(f"1,x,ui,say,{said.replace(',', '%!(PACKER_COMMA)')}") if as_message else None
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "log")
        log = RunLog(path, Scrubber([secret]), Progress([], Profile()))
        log.write(message.text if message else said)
        log.close()
        assert secret not in path.read_text(encoding="utf-8")
        assert secret not in "\n".join(log.tail())
