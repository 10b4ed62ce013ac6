# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module or a playbook four times on a local cloud: check, apply, check, apply; and asserts all four together.

The fixture ``four`` (``harness.fixtures``) is all that a test needs::

    def test_tags_are_added_once(four: Four) -> None:
        outcome = four.module("golden.ami.ami_tag", {"image_id": ami, "tags": {"team": "web"}})
        outcome.expect(changed=True, writes={"CreateTags": 1}, idle_reads=1)
        assert outcome.apply.result["tags"]["team"] == "web"

``expect`` says what is special to the test. What holds for every module is asserted without a word
(``harness.promises``): check mode makes no write call; it says ``changed`` and the diff that the apply says; the second
check and apply change nothing and write nothing; before and after in the diff differ just when ``changed`` is true; the
result has what RETURN documents, in its types, and no secret. When one of them is broken, the failure shows the four
results side by side, with their diffs and calls.

``outcome.check``, ``.apply``, ``.check_again`` and ``.apply_again`` are ``harness.outcome.Step``: ``result``, ``changed``,
``diff``, ``calls`` as the cloud wrote them down, ``reads`` and ``writes`` by operation.

Modules run through ansible-playbook, so action plugins are in it, with the connection that ``playbooks/vars/cloud.yml``
gives to the action groups.
"""

from __future__ import annotations

import collections.abc as c
import functools
import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

from harness.cloud import CHECKOUT, Cloud
from harness.documented import documentation
from harness.outcome import NAMES, Outcome, Step
from harness.promises import (
    Exceptions,
    broken_by_playbook,
    broken_promises,
    told_secrets,
)
from harness.recorder import Recorder


@dataclass
class Four:
    """Runs things four times. ``directory`` is for the plays and records of a test; ``report`` is told each table."""

    cloud: Cloud
    directory: Path
    report: c.Callable[[str], None] = lambda _table: None

    @property
    def _recorder(self) -> Recorder:
        return Recorder(self.cloud, self.directory)

    def module(
        self,
        name: str,
        options: dict[str, t.Any],
        *,
        again: str | None = None,
        differs: str | None = None,
        unknown: c.Collection[str] = (),
        secrets: c.Collection[str] = (),
    ) -> Outcome:
        """Run a module of the collection: check, apply, check, apply, in one play.

        ``again``: why it changes something each time, such as ``force``; its documentation has to have the attribute
        ``idempotent`` as less than full. ``differs``: why check mode says otherwise than an apply; likewise for
        ``check_mode``. ``unknown``: keys in the diff's ``after`` whose values only an apply can know, such as the id of
        what it makes. ``secrets``: values that must not be in a result or on the screen, besides the cloud's own.
        """
        run, steps = self._recorder.tasks(name, options, 4, {})
        outcome = self._told(Outcome(name, steps, again, run.output))
        hidden = [*self._recorder.secrets(), *secrets]
        exceptions = Exceptions(again, differs, unknown)
        faults = broken_promises(outcome, documentation(self.cloud, name), exceptions, hidden)
        printed = Step("all four", {}, [], run.output)
        outcome.refuse([*faults, *told_secrets([printed], hidden)])
        return outcome

    def refused(self, name: str, options: dict[str, t.Any], *, secrets: c.Collection[str] = ()) -> str:
        """Run a module with options that it must refuse, and give the message: in check mode it is the same, and
        neither run writes."""
        ((check, apply),) = self._recorder.pairs(name, [options])
        return self._refusal(name, check, apply, secrets)

    def refuses(self, name: str, several: dict[str, dict[str, t.Any]]) -> None:
        """The same for several options, by what the message has to say of them, in one play."""
        pairs = self._recorder.pairs(name, list(several.values()))
        for said, (check, apply) in zip(several, pairs, strict=True):
            told = self._refusal(name, check, apply, ())
            assert said in told, f"{said!r} is not in {told!r}"

    def _refusal(self, name: str, check: Step, apply: Step, secrets: c.Collection[str]) -> str:
        outcome = self._told(Outcome(name, [check, apply]))
        faults = [f"{step.name} does not fail" for step in (check, apply) if not step.failed]
        faults += [f"{step.name} failed, and wrote: {dict(step.writes)}" for step in (check, apply) if step.writes]
        if check.result.get("msg") != apply.result.get("msg"):
            faults.append("check mode fails with other words than an apply")
        outcome.refuse([*faults, *told_secrets([check, apply], [*self._recorder.secrets(), *secrets])])
        return str(apply.result["msg"])

    def lookup(
        self, name: str, *terms: t.Any, also: str | None = None, cwd: Path = CHECKOUT, **options: t.Any
    ) -> t.Any:
        """What a lookup gives, as ``query`` does. It is the same each time, it calls nothing, and RETURN has its keys.

        ``also``: another lookup that its RETURN refers to, for entries that are like those of that one with more in them.
        """
        arguments = ", ".join([json.dumps(name), "*__terms", "**__options"])
        variables = {"__terms": list(terms), "__options": options}
        _run, steps = self._recorder.tasks(
            "ansible.builtin.debug", {"msg": f"{{{{ query({arguments}) }}}}"}, 4, variables, cwd
        )
        outcome = self._told(Outcome(f"lookup {name}", steps))
        values = [step.result.get("msg") for step in steps]
        faults = [f"{step.name} failed: {step.result.get('msg')}" for step in steps if step.failed]
        faults += [f"{step.name} made calls" for step in steps if step.calls]
        faults += ["it is not the same each time"] if any(value != values[0] for value in values) else []
        if not faults:
            asked = documentation(self.cloud, name, "lookup")
            known = asked.with_entries_of(documentation(self.cloud, also, "lookup")) if also else asked
            faults = known.faults_of({"_raw": values[0]})
        outcome.refuse(faults)
        return values[0]

    def playbook(
        self,
        playbook: str | Path,
        *arguments: str,
        cwd: Path = CHECKOUT,
        again: str | None = None,
        unknown: c.Collection[str] = (),
        secrets: c.Collection[str] = (),
        **environment: str,
    ) -> Outcome:
        """Run a playbook with ``--check``, without, and both again. A step is changed when one of its tasks is.

        Of the collection's own modules in it the same is asserted as by ``module``, as far as a task runs in check mode
        as well. ``step.task(NAME)`` has the result of a task. ``again``, ``unknown`` and ``secrets`` are as in ``module``.
        """
        given = [*arguments, "--diff"]
        steps = [
            self._recorder.playbook(
                name, playbook, *given, *([] if number % 2 else ["--check"]), cwd=cwd, environment=environment
            )
            for number, name in enumerate(NAMES)
        ]
        outcome = self._told(Outcome(str(playbook), steps, again))
        hidden = [*self._recorder.secrets(), *secrets]
        outcome.refuse(broken_by_playbook(outcome, functools.partial(documentation, self.cloud), hidden, unknown))
        return outcome

    def _told(self, outcome: Outcome) -> Outcome:
        self.report(f"{outcome.what}\n{outcome.table()}")
        return outcome
