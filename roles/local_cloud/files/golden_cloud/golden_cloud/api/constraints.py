# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What botocore's models say about the values of an operation: lengths, patterns, words, refused in AWS's own phrase.

Clients check types and what is required; lengths, patterns and enumerations are for the service to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from golden_cloud.api.errors import CloudError, service_model


def check(service: str, operation: str, given: dict[str, Any]) -> None:
    """``ValidationException`` that names all that is wrong with the options of an operation."""
    model = service_model(service)
    shape = model.operation_model(operation).input_shape if model is not None else None
    if shape is None:
        return
    found = list(_violations(shape, given, ""))
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
        raise CloudError("ValidationException", f"{count}: {'; '.join(found)}")


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            if value.get(name) is not None:
                yield from _violations(member, value[name], inner)
            elif name in shape.required_members:
                yield _failed(None, inner, "Member must not be null")
        return
    yield from _own(shape, value, path)
    if shape.type_name == "list":
        for number, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _own(shape.key, key, f"{path}.key")
            yield from _violations(shape.value, item, f"{path}.{key}.member")


def _own(shape: Any, value: Any, path: str) -> Iterator[str]:
    metadata = shape.metadata
    sized = value if isinstance(value, int | float) else len(value) if hasattr(value, "__len__") else None
    what = "have value" if isinstance(value, int | float) else "have length"
    if isinstance(value, bool) or sized is None:
        return
    if "min" in metadata and sized < metadata["min"]:
        yield _failed(value, path, f"Member must {what} greater than or equal to {metadata['min']}")
    if "max" in metadata and sized > metadata["max"]:
        yield _failed(value, path, f"Member must {what} less than or equal to {metadata['max']}")
    if isinstance(value, str):
        pattern = metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value, re.DOTALL):
            yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")
        words = getattr(shape, "enum", None)
        if words and value not in words:
            yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(words)}]")


def _failed(value: Any, path: str, constraint: str) -> str:
    told = f"Value '{value}'" if value is not None else "Value null"
    return f"{told} at '{path}' failed to satisfy constraint: {constraint}"
