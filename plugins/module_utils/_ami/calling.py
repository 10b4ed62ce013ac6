# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""How calls are repeated, and told of when they fail."""

from __future__ import annotations

import collections.abc as c
import functools
import inspect
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

Function = t.TypeVar("Function", bound=t.Callable[..., t.Any])


class _Filled(str):
    """A description whose placeholders are filled: amazon.aws 11 would do it once more, 10 not at all."""

    def format(self, /, *_arguments: object, **_named: object) -> str:
        return self


class Calling:
    """Decorators for calls that fail with one class of errors.

    C(gone) are the codes by which AWS says that something is not there, C(throttled) those by which it says "not so fast"
    besides those that AWSRetry knows. Placeholders in a description are names of the call's arguments.
    """

    def __init__(self, error: type[AnsibleAWSError], *, gone: c.Sequence[str], throttled: c.Sequence[str]) -> None:
        class Handler(AWSErrorHandler):
            _CUSTOM_EXCEPTION = error

            @classmethod
            def _is_missing(cls) -> t.Any:
                return is_boto3_error_code(list(gone))

        self._handler = Handler
        self._throttled = throttled

    def call(self, description: str, *, patient_with: c.Sequence[str] = ()) -> t.Callable[[Function], Function]:
        """Repeat a call that AWS throttles, or answers with one of these codes, and tell what was tried when it fails."""
        return self._told(self._handler.common_error_handler, description, patient_with)

    def lookup(self, description: str) -> t.Callable[[Function], Function]:
        """The same, for what need not exist: it gives None then."""
        return self._told(self._handler.list_error_handler, description)

    def deletion(self, description: str) -> t.Callable[[Function], Function]:
        """The same, for what may be gone already."""
        return self._told(self._handler.deletion_error_handler, description)

    def _told(
        self, handler: t.Callable[[str], t.Any], description: str, patient_with: c.Sequence[str] = ()
    ) -> t.Callable[[Function], Function]:
        """Let the handler tell of what goes wrong, with the description's placeholders filled by the call's arguments."""
        codes = [*self._throttled, *patient_with]
        retry = AWSRetry.jittered_backoff(retries=6, delay=1, max_delay=15, catch_extra_error_codes=codes)

        def decorate(function: Function) -> Function:
            signature = inspect.signature(function)
            repeated = retry(function)

            @functools.wraps(function)
            def call(*arguments: t.Any, **named: t.Any) -> t.Any:
                bound = signature.bind(*arguments, **named)
                bound.apply_defaults()
                return handler(_Filled(description.format(**bound.arguments)))(repeated)(*arguments, **named)

            return t.cast(Function, call)

        return decorate
