# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a definition against the collection's JSON Schema, and say what is wrong in a person's words.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import difflib
import typing as t

from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import Path, Problem, Source, dotted

if t.TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Schema = dict[str, t.Any]


def find_problems(source: Source, schema: Schema) -> list[Problem]:
    """Everything that is wrong, in the order of the lines. An empty list: the definition is good.

    Raises ModuleNotFoundError where jsonschema is not installed.
    """
    # Here, so that a plugin can be loaded and documented without it.
    from jsonschema import Draft202012Validator

    if source.data is None:
        return [Problem(source.file, 1, "", f"the file is empty; expected {_expected_keys(schema)}")]
    if not isinstance(source.data, dict):
        message = f"expected keys such as {_expected_keys(schema)}, found {kind(source.data)}"
        return [Problem(source.file, source.line_of(()), "", message)]
    problems = []
    for error in Draft202012Validator(schema).iter_errors(source.data):
        problems.extend(_explain(error, source))
    return sorted(set(problems), key=lambda problem: (problem.line, problem.key))


def with_defaults(data: t.Any, schema: Schema) -> t.Any:
    """A copy of the data in which every key that the schema gives a default for is there."""
    if not isinstance(data, dict):
        return data
    filled = dict(data)
    for key, below in schema.get("properties", {}).items():
        if not isinstance(below, dict):
            continue
        if key in filled:
            filled[key] = with_defaults(filled[key], below)
        elif "default" in below:
            filled[key] = with_defaults(below["default"], below)
    return filled


def _value_of(error: ValidationError) -> t.Any:
    """What the schema says under the key that was not met."""
    return error.validator_value


def _explain(error: ValidationError, source: Source) -> list[Problem]:
    path: Path = tuple(error.absolute_path)
    schema = t.cast(Schema, error.schema if isinstance(error.schema, dict) else {})
    explain = _EXPLANATIONS.get(str(error.validator))
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(error.instance))
    if explain is None:
        return [_problem(source, path, f"{error.message}. {schema.get('description', '')}".rstrip())]
    return [_problem(source, (*path, *below), message) for below, message in explain(error, schema)]


def _problem(source: Source, path: Path, message: str) -> Problem:
    return Problem(source.file, source.line_of(path), dotted(path), message)


Explanation = list[tuple[Path, str]]


def _unknown_keys(error: ValidationError, schema: Schema) -> Explanation:
    known = list(schema.get("properties", {}))
    explanations: Explanation = []
    for key in t.cast(dict[str, t.Any], error.instance):
        if key in known:
            continue
        close = difflib.get_close_matches(str(key), known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"
        explanations.append(((str(key),), f"unknown key; {hint}"))
    return explanations


def _missing_key(error: ValidationError, schema: Schema) -> Explanation:
    said = t.cast(dict[str, t.Any], error.instance)
    keys = [key for key in _value_of(error) if key not in said]
    properties = schema.get("properties", {})
    return [((), f"{key} is missing. {properties.get(key, {}).get('description', '')}".rstrip()) for key in keys]


def _wrong_type(error: ValidationError, schema: Schema) -> Explanation:
    wanted = _value_of(error)
    words = " or ".join(_TYPE_WORDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
    return [((), f"expected {words}, found {kind(error.instance)}. {schema.get('description', '')}".rstrip())]


def _wrong_value(error: ValidationError, schema: Schema) -> Explanation:
    wanted = ", ".join(str(value) for value in _value_of(error))
    return [((), f"expected one of {wanted}, found {error.instance!r}")]


def _wrong_form(error: ValidationError, schema: Schema) -> Explanation:
    wanted = schema.get("description") or f"Pattern: {error.validator_value}"
    return [((), f"{error.instance!r} does not have the expected form. {wanted}")]


def _not_one_of(error: ValidationError, schema: Schema) -> Explanation:
    ways = [" and ".join(way["required"]) for way in _value_of(error)]
    said = ", ".join(error.instance) if isinstance(error.instance, dict) and error.instance else "nothing"
    return [((), f"expected exactly one of: {'; '.join(ways)}. Found: {said}")]


def _too_short(error: ValidationError, schema: Schema) -> Explanation:
    return [((), f"must not be empty. {schema.get('description', '')}".rstrip())]


def _forbidden(error: ValidationError, schema: Schema) -> Explanation:
    return [((), schema["description"])]


def _expected_keys(schema: Schema) -> str:
    return ", ".join(schema.get("properties", {}))


def type_words(value: t.Any) -> str:
    """What kind of value this is, such as C(a whole number)."""
    return next((words for types, words in _KINDS if isinstance(value, types)), type(value).__name__)


def kind(value: t.Any) -> str:
    """The same with the value, where it is a short one."""
    for types, words in _KINDS:
        if isinstance(value, types):
            return words if value is None else f"{words} ({value!r})" if not isinstance(value, (dict, list)) else words
    return type(value).__name__


_KINDS: list[tuple[t.Any, str]] = [
    (bool, "true or false"),
    (dict, "a mapping"),
    (list, "a list"),
    (str, "a text"),
    (int, "a whole number"),
    (float, "a number"),
    (type(None), "nothing"),
]
_TYPE_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_EXPLANATIONS: dict[str, t.Callable[[ValidationError, Schema], Explanation]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _wrong_value,
    "pattern": _wrong_form,
    "oneOf": _not_one_of,
    "minItems": _too_short,
    "minLength": _too_short,
    "not": _forbidden,
}
