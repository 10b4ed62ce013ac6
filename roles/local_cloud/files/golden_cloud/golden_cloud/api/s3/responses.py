# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of S3: moto's, for requests whose paths begin with the bucket."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response
from werkzeug.datastructures import ImmutableMultiDict

from golden_cloud.api import catalogue
from golden_cloud.api.access import Identity
from golden_cloud.api.errors import CloudError, UnsupportedOption
from golden_cloud.api.record.parameters import operation_by_path, parameters_of
from golden_cloud.api.service import IDENTITY, REGION, CloudRequest

Answer = tuple[int, dict[str, Any], str | bytes]


class CloudS3Response(S3Response):
    """Every operation of S3 that the catalogue lists."""

    @classmethod
    def dispatch(cls, request: CloudRequest, full_url: str, headers: Any) -> Answer:
        operation = operation_by_path("s3", request)
        _refuse_ignored_options(operation, request)
        # The content of an object is none, whatever its type says.
        request.form = ImmutableMultiDict()
        request.files = ImmutableMultiDict()
        one = cls()
        of_object = bool(request.raw_path.lstrip("/").partition("/")[2])
        own = OWN.get(operation)
        if own is not None or "x-amz-expected-bucket-owner" in request.headers:
            one.setup_class(request)
            one.check_owner()
        if own is not None:
            status, answer_headers, body = own(one)
        else:
            answer = one.key_response if of_object else one.bucket_response
            status, answer_headers, body = answer(request, full_url, headers)
        if status >= 400 and isinstance(body, bytes):
            body = body.decode()
        return status, answer_headers, body

    def setup_class(self, request: CloudRequest, *args: Any, **kwargs: Any) -> None:
        self.identity: Identity = request.environ[IDENTITY]
        super().setup_class(request, *args, **kwargs)
        self.region = request.environ[REGION]

    def get_current_account(self) -> str:
        return self.identity.account_id

    def get_access_key(self) -> str:
        return self.identity.access_key

    @staticmethod
    def subdomain_based_buckets(request: Any) -> bool:
        """Never: no other host than the cloud's own gets so far."""
        return False

    def check_owner(self) -> None:
        """Whether the bucket belongs to whom the caller believes."""
        expected = self.headers.get("x-amz-expected-bucket-owner")
        if expected and expected != self.backend.get_bucket(self.bucket_name).account_id:
            raise CloudError("AccessDenied", "Access Denied", 403)

    def get_bucket_request_payment(self) -> Answer:
        bucket = self.backend.get_bucket(self.bucket_name)
        self.data["Action"] = "GetBucketRequestPayment"
        answer: Answer = self.serialized(ActionResult({"Payer": bucket.payer}))
        return answer

    def put_bucket_policy(self) -> Answer:
        self.backend.put_bucket_policy(self.bucket_name, self.body)
        return 204, {}, ""


OWN = {
    "GetBucketRequestPayment": CloudS3Response.get_bucket_request_payment,
    "PutBucketPolicy": CloudS3Response.put_bucket_policy,
}
"""What moto lacks, or answers otherwise than AWS."""


def _refuse_ignored_options(operation: str, request: CloudRequest) -> None:
    for option, value in parameters_of("s3", operation, request).items():
        if option == "ExpectedBucketOwner":
            continue
        if not catalogue.supports("s3", operation, option, value):
            raise UnsupportedOption(operation, option)
        if option == "CreateBucketConfiguration" and set(value) - {"LocationConstraint"}:
            raise UnsupportedOption(operation, option, "there is LocationConstraint here")
        if option == "VersioningConfiguration" and value.get("MFADelete") == "Enabled":
            raise UnsupportedOption(operation, "MFADelete")
