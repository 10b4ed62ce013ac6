# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of the services: may the caller do that? And the record of what was asked.

Whoever has the keys that ``up`` made may do everything and is not recorded.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from golden_cloud.api import permitted, runtime
from golden_cloud.api.access import PARTITION, Identity
from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies import asked, context, evaluate, gather, principal, report, resources, words
from golden_cloud.api.policies.asked import Ask
from golden_cloud.api.policies.document import PolicyError, statements
from golden_cloud.api.policies.evaluate import Question, Verdict
from golden_cloud.api.policies.principal import Principal
from golden_cloud.api.policies.uses import UseBook

FILE = "iam.json"


class Guard:
    """The policies of one cloud: enforced when it is told so, and remembered whether it is."""

    def __init__(self, cloud: runtime.Cloud) -> None:
        self._cloud = cloud
        self._path = cloud.config.state_directory / FILE
        self._administrator = f"arn:{PARTITION}:iam::{cloud.config.account_id}:user/golden-local"
        self.uses = UseBook()
        self.enforcing = False
        self._load()
        permitted.decide = self.decide

    def enforce(self, enforcing: bool) -> None:
        """From now on, and after a restart."""
        self.enforcing = enforcing
        self.save()

    def check(self, identity: Identity, call: Call, address: str) -> None:
        """``CloudError`` in the service's words unless the caller may do all that the call asks for."""
        if identity.arn == self._administrator:
            return
        who = principal.read(identity.arn)
        with self._cloud.lock:
            asks = asked.asks(call)
            if not self.enforcing:
                self.uses.allowed(gather.known(who).owner, asks)
                return
            who = gather.known(who)
            common = context.of_request(call.region, call.user_agent, address)
            for ask in asks:
                about = context.of_resource(ask.action, ask.resource)
                question, verdict = self._verdict(who, ask, {**common, **about}, identity.access_key)
                self._note(who, ask, question, verdict)
                if not verdict.allowed:
                    raise words.denied(call.service, question, verdict)

    def decide(self, arn: str, action: str, resource: str, more: Mapping[str, Any]) -> str | None:
        """Why somebody may not, or None: for what services do without a call of the caller's own.

        May be called with or without the lock: it reads what can be read at once.
        """
        if arn == self._administrator:
            return None
        who = gather.read(arn)
        told = {name.lower(): value if isinstance(value, list) else str(value) for name, value in more.items()}
        ask = Ask(action, resource, told)
        if not self.enforcing:
            self.uses.allowed(who.owner, [ask])
            return None
        region = resource.split(":", 5)[3] if resource.count(":") >= 5 else ""
        question, verdict = self._verdict(who, ask, context.of_request(region, "", "127.0.0.1"), "")
        self._note(who, ask, question, verdict)
        return None if verdict.allowed else words.sentence(question, verdict)

    def _verdict(self, who: Principal, ask: Ask, more: Mapping[str, Any], access_key: str) -> tuple[Question, Verdict]:
        question = Question(who, ask.action, ask.resource, {**more, **context.of_principal(who), **ask.context})
        try:
            own = gather.identity_policies(who, access_key)
            policies = resources.with_resource(own, who, ask.action, ask.resource)
        except PolicyError as error:
            return question, Verdict(False, f"because a policy can't be evaluated: {error}")
        return question, evaluate.decide(question, policies)

    def _note(self, who: Principal, ask: Ask, question: Question, verdict: Verdict) -> None:
        if verdict.allowed:
            self.uses.allowed(who.owner, [ask])
        else:
            self.uses.denied(who.owner, ask, words.sentence(question, verdict))

    def report(self) -> dict[str, Any]:
        """Of each role that has policies or was used: what is granted and what was used."""
        uses = self.uses.all()
        with self._cloud.lock:
            roles = {role.arn: gather.read(role.arn) for role in gather.all_roles()}
            others = {use.principal for use, _count in uses} - set(roles)
            everybody = {**roles, **{arn: gather.read(arn) for arn in others}}
            told = [self._compare(arn, who, uses) for arn, who in sorted(everybody.items()) if who.kind != "service"]
        return {"enforce": self.enforcing, "principals": told, "uses": self.uses.dump()}

    @staticmethod
    def _compare(arn: str, who: Principal, uses: Any) -> dict[str, Any]:
        try:
            own = tuple(s for name, text in gather.documents(who) for s in statements(text, name))
        except PolicyError as error:
            return {**report.compare(arn, (), uses), "error": str(error)}
        return report.compare(arn, own, uses)

    def _load(self) -> None:
        try:
            document = json.loads(self._path.read_text())
        except FileNotFoundError:
            return
        self.enforcing = bool(document["enforce"])
        self.uses.load(document["uses"])

    def save(self) -> None:
        """Write whether policies are enforced, and the uses: whole or not at all."""
        document = json.dumps({"enforce": self.enforcing, "uses": self.uses.dump()})
        descriptor, name = tempfile.mkstemp(prefix=".iam-", dir=Path(self._path).parent)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(document)
            os.replace(name, self._path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise
