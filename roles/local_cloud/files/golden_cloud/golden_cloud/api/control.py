# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API of the local cloud: faults, policies and the record of calls, for who has the keys ``up`` made.

HTTP Basic authentication with these keys, so that ``curl -u`` will do. Keys of users and roles are not taken, and a
fault that makes credentials expire does not count here: nobody can be locked out.
"""

from __future__ import annotations

import binascii
import hmac
import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs

from golden_cloud.api.faults.ask import BadFault, operation_pattern, read
from golden_cloud.api.faults.book import FaultBook
from golden_cloud.api.policies.guard import Guard
from golden_cloud.api.record.calls import CallLog
from golden_cloud.ports import Config

PREFIX = "/_golden/"
Answer = tuple[int, Any]
"""HTTP status and what becomes the JSON document."""


class Control:
    """Answers ``/_golden/faults``, ``/_golden/calls`` and ``/_golden/iam``."""

    def __init__(self, config: Config, faults: FaultBook, calls: CallLog, guard: Guard) -> None:
        self._config = config
        self._guard = guard
        self._faults = faults
        self._calls = calls

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request."""
        if not self._may(headers.get("authorization", "")):
            text = "HTTP Basic authentication with the access key and secret key of this cloud (verb env) is needed"
            return 401, {"error": text}
        handler = self._handler(method, path)
        if isinstance(handler, tuple):
            return handler
        try:
            return handler(path, query, body)
        except BadFault as error:
            told = {"error": str(error), "field": error.field, "allowed": error.allowed}
            return 400, {name: value for name, value in told.items() if value}

    def _may(self, authorization: str) -> bool:
        scheme, _space, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self._config.access_key}:{self._config.secret_key}".encode())

    def _handler(self, method: str, path: str) -> Callable[[str, str, bytes], Answer] | Answer:
        if path == f"{PREFIX}iam/used":
            return self._one_of("iam/used", path, method)
        kind, slash, name = path.removeprefix(PREFIX).partition("/")
        found = _HANDLERS.get(f"{kind}/ID" if slash else kind)
        if found is not None and slash and not name:
            # A script whose variable is empty means one fault, and not all of them.
            return 404, {"error": f"there is no {path}: an ID is missing; without the slash it is all {kind}"}
        if found is None:
            return 404, {"error": f"there is no {path}: use {PREFIX}faults, {PREFIX}calls or {PREFIX}iam"}
        return self._one_of(f"{kind}/ID" if slash else kind, path, method)

    def _one_of(self, kind: str, path: str, method: str) -> Callable[[str, str, bytes], Answer] | Answer:
        found = _HANDLERS[kind]
        if method not in found:
            return 405, {"error": f"{path} takes {', '.join(sorted(found))}, not {method}"}
        handler: Callable[[str, str, bytes], Answer] = getattr(self, found[method])
        return handler

    def _list(self, _path: str, _query: str, _body: bytes) -> Answer:
        return 200, {"faults": self._faults.list()}

    def _add(self, _path: str, _query: str, body: bytes) -> Answer:
        try:
            document = json.loads(body)
        except ValueError as error:
            raise BadFault("", f"the body is no JSON: {error}") from None
        return 201, self._faults.add(read(document))

    def _clear(self, path: str, query: str, body: bytes) -> Answer:
        if query or body.strip():
            raise BadFault("", f"DELETE {path} takes all faults away, and nothing more: for one of them use {path}/ID")
        return 200, {"removed": self._faults.clear()}

    def _remove(self, path: str, _query: str, _body: bytes) -> Answer:
        name = path.removeprefix(f"{PREFIX}faults/")
        if self._faults.remove(name):
            return 200, {"removed": 1}
        known = [fault["id"] for fault in self._faults.list()]
        return 404, {"error": f"there is no fault {name!r}; there are {', '.join(known) or 'none'}", "allowed": known}

    def _tell_policies(self, _path: str, _query: str, _body: bytes) -> Answer:
        return 200, {"enforce": self._guard.enforcing}

    def _set_policies(self, _path: str, _query: str, body: bytes) -> Answer:
        try:
            document = json.loads(body)
        except ValueError as error:
            raise BadFault("", f"the body is no JSON: {error}") from None
        if not isinstance(document, dict) or set(document) != {"enforce"} or not isinstance(document["enforce"], bool):
            raise BadFault("enforce", 'the body is {"enforce": true} or {"enforce": false}')
        changed = self._guard.enforcing != document["enforce"]
        self._guard.enforce(document["enforce"])
        return 200, {"enforce": self._guard.enforcing, "changed": changed}

    def _tell_uses(self, _path: str, _query: str, _body: bytes) -> Answer:
        return 200, self._guard.report()

    def _forget_uses(self, _path: str, _query: str, _body: bytes) -> Answer:
        removed = self._guard.uses.clear()
        self._guard.save()
        return 200, {"removed": removed}

    def _read(self, _path: str, query: str, _body: bytes) -> Answer:
        asked = parse_qs(query, keep_blank_values=True)
        for name in asked:
            if name not in ("after", "operation"):
                raise BadFault(
                    name, f"calls can be asked for by after and operation, not by {name!r}", ["after", "operation"]
                )
        after = _number("after", asked.get("after", ["0"])[-1])
        patterns = [operation_pattern("operation", text) for text in asked.get("operation", [])]

        def wanted(call: dict[str, Any]) -> bool:
            name = f"{call['service']}:{call['operation']}"
            return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)

        calls, first, last = self._calls.read(after, wanted)
        return 200, {"calls": calls, "first": first, "last": last}


def _number(field: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadFault(field, f"{field} is the seq of a call, a whole number from 0, not {text!r}")
    return int(text)


_HANDLERS = {
    "faults": {"GET": "_list", "POST": "_add", "DELETE": "_clear"},
    "faults/ID": {"DELETE": "_remove"},
    "calls": {"GET": "_read"},
    "iam": {"GET": "_tell_policies", "PUT": "_set_policies"},
    "iam/used": {"GET": "_tell_uses", "DELETE": "_forget_uses"},
}
