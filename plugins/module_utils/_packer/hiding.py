# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Hides what is secret where a result repeats the options, and in its free texts. What a module finds out itself stays.

Ansible's own C(no_log_values) blank out each occurrence in a result, be it in a version, an id or a Region: with a
database that is called like the image, nobody could use the result. So sensitive values do not go there.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import typing as t

from ansible.module_utils.common.parameters import remove_values

from .._ami.calls import AmiError
from .environment_reads import sensitive_reads
from .errors import PackerError
from .options import BUILD_ARGUMENT_SPEC, PackerOptions
from .secrets import HIDDEN, Scrubber, environment_secrets, leaves, texts
from .template import Template
from .workspace import given_secrets

Module = t.Any
Result = dict[str, t.Any]

# What gives variables their values.
_VALUES = ("variables", "local_variables", "secret_variables", "placements", "environment")
# What is said in words, partly in those of others.
_TEXTS = ("last_lines", "diagnostics", "raw")
# What tells which AMI it is, and where.
_FACTS = ("image", "version", "run_id", "fingerprint", "source_ami", "artifacts")


def _hide_values(value: t.Any, is_secret: c.Callable[[str, t.Any], bool]) -> t.Any:
    """A dictionary, or a list of them, with those values hidden."""
    if isinstance(value, list):
        return [_hide_values(one, is_secret) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: HIDDEN if is_secret(str(name), one) else one for name, one in value.items()}


class Given:
    """The options of a module as they were given.

    In the module itself, whose result repeats them, every value that may be sensitive is hidden from the start: which
    are is known only when the template is read, and a result may come before that.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self.params: dict[str, t.Any] = dict(module.params)
        self._region: str | None = None
        self._secrets: list[t.Any] = []
        self._scrubber = Scrubber([])
        self._unread = {
            name: _hide_values(self.params[name], lambda _name, _value: True) for name in _VALUES if name in self.params
        }
        module.params.update(self._unread)

    @property
    def region(self) -> str | None:
        self._region = self._module.region
        return self._region

    def show_harmless(self, options: PackerOptions, template: Template) -> None:
        """Repeat all but what the template, or a name of the environment, says is secret."""
        self._secrets = given_secrets(options, template)
        self._scrubber = Scrubber([*self._secrets, options.secret_variables])
        # Of a template that could not be understood it is not known either.
        harmless = {} if template.broken else self._harmless(template)
        shown = {**self.params, **self._unread, **harmless}
        hidden = texts(self._secrets)
        # Not those of AWS, which its clients still need.
        for name in BUILD_ARGUMENT_SPEC.keys() & shown.keys():
            self._module.params[name] = remove_values(shown[name], hidden)

    def _harmless(self, template: Template) -> dict[str, t.Any]:
        sensitive, reads = template.sensitive, sensitive_reads(template)

        def is_sensitive(name: str, _value: t.Any) -> bool:
            return name in sensitive

        def is_secret(name: str, value: t.Any) -> bool:
            return bool(environment_secrets({name: str(value)}, sensitive, reads))

        given = {name: self.params[name] for name in _VALUES if name in self.params and name != "secret_variables"}
        return {
            name: _hide_values(value, is_secret if name == "environment" else is_sensitive)
            for name, value in given.items()
        }

    @contextlib.contextmanager
    def hidden(self) -> t.Iterator[None]:
        """Whatever fails inside is told without what is secret."""
        try:
            yield
        except PackerError as error:
            words = {name: self._said(error.result[name]) for name in _TEXTS if name in error.result}
            raise PackerError(self._scrubber.text(str(error)), **self.legible({**error.result, **words})) from error
        except AmiError:
            # All that a module says of it is in AWS's words.
            self._module.no_log_values.update(texts(self._secrets))
            raise

    def _said(self, value: t.Any) -> t.Any:
        if isinstance(value, list):
            return [self._said(one) for one in value]
        if isinstance(value, dict):
            return {name: self._said(one) for name, one in value.items()}
        return self._scrubber.text(value) if isinstance(value, str) else value

    def legible(self, result: Result) -> Result:
        """The result, which Ansible does not blank out where a secret is part of what anybody may know, as of a version."""
        facts = [self._region or "", *leaves([result.get(name) for name in _FACTS])]
        known = {value for value in self._module.no_log_values if any(value in fact for fact in facts)}
        self._module.no_log_values.difference_update(known)
        return result
