# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a call goes into the record: no secrets, and not more than a line can take."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from golden_cloud.api.record.results import CUT

MASK = "(masked)"
LONGEST_STRING = 1024
"""Characters."""
LONGEST_LIST = 50
"""Elements."""
LONGEST_PART = 7 * 1024
"""Characters of JSON, for the parameters and for the result: a line is below 16 KiB."""
DEEPEST = 12

_SECRET = re.compile(
    r"Password|Passphrase|Secret|Tokens?$|TokenCode|SAMLAssertion|KeyMaterial|PrivateKey|Plaintext|User[-_ ]?Data",
    re.IGNORECASE,
)
_VALUE = re.compile(r"((?:.*\.)?)[Vv]alues?(?:\.\d+)?")
_NO_SECRET = {"ClientToken", "NextToken", "HttpTokens", "PublicKeyMaterial", "SecretId", "SecretIdList"}


def parameters(operation: str, given: Mapping[str, Any] | None) -> str:
    """Parameters as they may be kept, as JSON."""
    if given is None:
        return "null"
    shown = dict(given)
    # Without a type it has the one of the parameter's last version.
    if operation == "PutParameter" and shown.get("Type") not in ("String", "StringList") and "Value" in shown:
        shown["Value"] = MASK
    return _fitting(clean(shown))


def result(answer: Any) -> str:
    """A result as it may be kept, as JSON."""
    return _fitting(clean(answer))


def clean(value: Any, depth: int = 0) -> Any:
    """The value without secrets, with long strings and lists cut, made of what JSON has."""
    if depth > DEEPEST:
        return "(too deep)"
    if isinstance(value, Mapping):
        return _clean_mapping(value, depth)
    if isinstance(value, list | tuple):
        kept = [clean(one, depth + 1) for one in value[:LONGEST_LIST]]
        return kept if len(value) <= LONGEST_LIST else [*kept, f"(and {len(value) - LONGEST_LIST} more)"]
    if isinstance(value, bytes):
        value = base64.b64encode(value).decode()
    if isinstance(value, str):
        cut = f"{value[:LONGEST_STRING]}(and {len(value) - LONGEST_STRING} characters more)"
        return value if len(value) <= LONGEST_STRING else cut
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _clean_mapping(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    return {
        str(key): MASK
        if _is_secret(str(key), one) or _is_value_of_secret(str(key), one, value)
        else clean(one, depth + 1)
        for key, one in value.items()
    }


def _is_value_of_secret(key: str, value: Any, siblings: Mapping[str, Any]) -> bool:
    """Whether it is the value of something that another entry names: an attribute, a tag, a variable of a build.

    Parameters that do not fit the model are kept flat, as in ``Tag.1.Key`` and ``Tag.1.Value``.
    """
    found = _VALUE.fullmatch(key)
    if found is None or value is None:
        return False
    prefix = found[1]
    names = (siblings.get(f"{prefix}{name}") for name in ("Attribute", "Key", "name"))
    is_named = any(isinstance(name, str) and _is_secret_name(name) for name in names)
    return is_named or str(siblings.get(f"{prefix}Type")).lower() == "securestring"


def _is_secret(key: str, value: Any) -> bool:
    """Whether the name says so; true and false are none."""
    return _is_secret_name(key) and not isinstance(value, bool) and value is not None


@lru_cache(maxsize=4096)
def _is_secret_name(key: str) -> bool:
    return bool(_SECRET.search(key)) and key not in _NO_SECRET


def _fitting(value: Any) -> str:
    text = json.dumps(value)
    if len(text) <= LONGEST_PART:
        return text
    # As a string of JSON it is longer by a backslash for each quote.
    return json.dumps({CUT: f"{text[: LONGEST_PART // 2]}(and {len(text) - LONGEST_PART // 2} characters more)"})
