# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of a request, as condition keys."""

from __future__ import annotations

from typing import Any

from golden_cloud.api.policies.patterns import Values


def pairs(tags: Any) -> dict[str, str]:
    """Key and value, in any of the shapes that services have for them."""
    if isinstance(tags, dict):
        inner = tags.get("TagSet")
        return pairs(inner) if isinstance(inner, list) else {str(k): str(v) for k, v in tags.items()}
    found = {}
    for tag in tags if isinstance(tags, list) else []:
        if isinstance(tag, dict):
            told = {str(name).lower().removeprefix("tag"): value for name, value in tag.items()}
            if told.get("key"):
                found[str(told["key"])] = str(told.get("value") or "")
    return found


def request_tags(tags: dict[str, str]) -> dict[str, Values]:
    """aws:RequestTag and aws:TagKeys."""
    if not tags:
        return {}
    return {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()} | {"aws:tagkeys": list(tags)}


def of_request(parameters: dict[str, Any]) -> dict[str, Values]:
    """Of a request that has tags, or names the keys of some."""
    given = next((parameters[name] for name in ("Tags", "tags", "TagList") if parameters.get(name)), None)
    if given is not None:
        return request_tags(pairs(given))
    keys = next((parameters[name] for name in ("TagKeys", "tagKeys", "tagKeyList") if parameters.get(name)), None)
    return {"aws:tagkeys": [str(key) for key in keys]} if isinstance(keys, list) else {}
