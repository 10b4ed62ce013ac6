# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expression of GitHub Actions comes to. What is not known here is refused, not guessed."""

from __future__ import annotations

import collections.abc as c
import re

Value = str | bool
Contexts = c.Mapping[str, Value]

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|!|\(|\))|([A-Za-z_][\w.-]*))")
# Empty on GitHub where nobody has set them: what a step or a job did not say, and variables of the repository.
_EMPTY = re.compile(r"(steps|needs)\.[\w-]+\.outputs\.[\w-]+|vars\.\w+")


class Unknown(Exception):
    """The workflow has something that cannot be run here."""


def text(value: Value) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def evaluate(expression: str, contexts: Contexts, outcome: str = "success") -> Value:
    """Contexts, texts in quotation marks, ==, !=, !, && and ||, brackets, always(), failure() and success()."""
    return _Reader(expression, contexts, outcome).whole()


def substituted(template: object, contexts: Contexts) -> str:
    """A text with its expressions replaced."""
    return EXPRESSION.sub(lambda found: text(evaluate(found[1], contexts)), str(template))


class _Reader:
    def __init__(self, expression: str, contexts: Contexts, outcome: str) -> None:
        self.expression, self.contexts = expression, contexts
        self.functions = {"always": True, "failure": outcome == "failure", "success": outcome == "success"}
        self.tokens: list[str] = []
        place = 0
        while place < len(expression.rstrip()):
            found = _TOKEN.match(expression, place)
            if not found:
                raise self.unknown()
            self.tokens.append(found[1] or found[2] or found[3])
            place = found.end()

    def unknown(self) -> Unknown:
        return Unknown(f"expression {self.expression!r}")

    def taken(self, *wanted: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def whole(self) -> Value:
        value = self.either()
        if self.tokens:
            raise self.unknown()
        return value

    def either(self) -> Value:
        value = self.both()
        while self.taken("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Value:
        value = self.compared()
        while self.taken("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self) -> Value:
        value = self.single()
        operator = self.taken("==", "!=")
        if not operator:
            return value
        # GitHub ignores the case of texts.
        same = text(value).lower() == text(self.single()).lower()
        return same == (operator == "==")

    def single(self) -> Value:
        if self.taken("!"):
            return not self.single()
        if self.taken("("):
            value = self.either()
            if not self.taken(")"):
                raise self.unknown()
            return value
        if not self.tokens:
            raise self.unknown()
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self.tokens[:2] == ["(", ")"] and token in self.functions:
            del self.tokens[:2]
            return self.functions[token]
        if token in self.contexts:
            return self.contexts[token]
        if _EMPTY.fullmatch(token):
            return ""
        raise self.unknown()
