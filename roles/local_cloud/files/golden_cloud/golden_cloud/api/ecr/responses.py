# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of ECR that the catalogue lists. What is said of images is read from the registry's own files."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.exceptions import ImageNotFoundException
from moto.ecr.models import Repository, ecr_backends
from moto.ecr.responses import ECRResponse

from golden_cloud.api import runtime
from golden_cloud.api.ecr import tokens
from golden_cloud.api.ecr.backend import CloudECRBackend, store_of
from golden_cloud.api.ecr.store import StoredImage
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse


class CloudECRResponse(CloudResponse, ECRResponse):
    """ECR behind the door."""

    @property
    def cloud_backend(self) -> CloudECRBackend:
        found: CloudECRBackend = ecr_backends[self.current_account][self.region]
        return found

    @property
    def _host(self) -> str:
        """This server, as the caller reaches it."""
        config = runtime.current().config
        return str(self.headers.get("Host") or f"{config.host}:{config.port}")

    def create_repository(self) -> ActionResult:
        answer = super().create_repository()
        self._address(answer.result["repository"])
        return answer

    def describe_repositories(self) -> ActionResult:
        answer = super().describe_repositories()
        for repository in answer.result["repositories"]:
            self._address(repository)
        return answer

    def delete_repository(self) -> ActionResult:
        answer = super().delete_repository()
        self._address(answer.result["repository"])
        return answer

    def _address(self, repository: Repository) -> None:
        repository.uri = f"{self._host}/{repository.name}"

    def describe_registry(self) -> ActionResult:
        rules: dict[str, Any] = {"rules": []}
        return ActionResult({"registryId": self.current_account, "replicationConfiguration": rules})

    def get_authorization_token(self) -> ActionResult:
        for registry_id in self._get_param("registryIds") or []:
            if registry_id != self.current_account:
                text = f"The local cloud has no way into the registry of {registry_id} but by that account's own keys."
                raise CloudError("InvalidParameterException", text, 400)
        config = runtime.current().config
        expires = int(time.time()) + tokens.LIFETIME
        who = self.identity
        bearer = tokens.Bearer(who.account_id, self.region, who.arn, who.access_key, expires)
        pair = f"{tokens.USER}:{tokens.issue(config.secret_key, bearer)}"
        data = {
            "authorizationToken": base64.b64encode(pair.encode()).decode(),
            "expiresAt": datetime.fromtimestamp(expires, UTC),
            "proxyEndpoint": f"http://{self._host}",
        }
        return ActionResult({"authorizationData": [data]})

    def _asked(self) -> tuple[Repository, list[StoredImage]]:
        repository = self.cloud_backend.find(self._get_param("repositoryName"), self._get_param("registryId"))
        return repository, store_of(repository).images()

    def list_images(self) -> ActionResult:
        _repository, images = self._asked()
        wanted = (self._get_param("filter") or {}).get("tagStatus", "ANY")
        found: list[dict[str, str]] = []
        for image in images:
            if image.tags and wanted in ("ANY", "TAGGED"):
                found += [{"imageDigest": image.digest, "imageTag": tag} for tag in image.tags]
            if not image.tags and wanted in ("ANY", "UNTAGGED"):
                found.append({"imageDigest": image.digest})
        return ActionResult({"imageIds": found})

    def describe_images(self) -> ActionResult:
        repository, images = self._asked()
        wanted = (self._get_param("filter") or {}).get("tagStatus", "ANY")
        ids = self._get_param("imageIds")
        if ids:
            images = list(
                {found.digest: found for one in ids for found in [self._named(repository, images, one)]}.values()
            )
        kept = [one for one in images if wanted == "ANY" or (wanted == "TAGGED") == bool(one.tags)]
        return ActionResult({"imageDetails": [self._details(repository, one) for one in kept]})

    def _named(self, repository: Repository, images: list[StoredImage], image_id: dict[str, str]) -> StoredImage:
        found = _find(images, image_id)
        if found is None:
            words = {key: image_id.get(key) or "null" for key in ("imageDigest", "imageTag")}
            text = "{imageDigest:'" + words["imageDigest"] + "', imageTag:'" + words["imageTag"] + "'}"
            raise ImageNotFoundException(text, repository.name, self.current_account)
        return found

    def _details(self, repository: Repository, image: StoredImage) -> dict[str, Any]:
        told = {
            "registryId": self.current_account,
            "repositoryName": repository.name,
            "imageDigest": image.digest,
            "imageTags": list(image.tags) or None,
            "imageSizeInBytes": image.size,
            "imagePushedAt": image.pushed,
            "imageManifestMediaType": image.media_type,
            "artifactMediaType": image.artifact_type,
        }
        return {key: value for key, value in told.items() if value is not None}

    def batch_get_image(self) -> ActionResult:
        repository, images = self._asked()
        found, failures = [], []
        for image_id in self._get_param("imageIds") or []:
            image = _find(images, image_id)
            if image is None:
                failures.append(_missing(image_id))
                continue
            told = {
                "imageDigest": image.digest,
                **({"imageTag": image_id["imageTag"]} if "imageTag" in image_id else {}),
            }
            found.append(
                {
                    "registryId": self.current_account,
                    "repositoryName": repository.name,
                    "imageId": told,
                    "imageManifest": image.manifest.decode(),
                    "imageManifestMediaType": image.media_type,
                }
            )
        return ActionResult({"images": found, "failures": failures})

    def batch_delete_image(self) -> ActionResult:
        repository, _images = self._asked()
        store = store_of(repository)
        gone, failures = [], []
        for image_id in self._get_param("imageIds") or []:
            image = _find(store.images(), image_id)
            if image is None:
                failures.append(_missing(image_id))
            elif "imageTag" in image_id and image.tags != (image_id["imageTag"],):
                # Other tags name it still.
                store.remove_tag(image_id["imageTag"])
                gone.append({"imageDigest": image.digest, "imageTag": image_id["imageTag"]})
            else:
                store.remove_image(image.digest)
                gone += [{"imageDigest": image.digest, "imageTag": tag} for tag in image.tags] or [
                    {"imageDigest": image.digest}
                ]
        return ActionResult({"imageIds": gone, "failures": failures})


def _find(images: list[StoredImage], image_id: dict[str, str]) -> StoredImage | None:
    digest, tag = image_id.get("imageDigest"), image_id.get("imageTag")
    if not digest and not tag:
        raise CloudError("InvalidParameterException", "An image has a digest or a tag: neither is given.", 400)
    return next((one for one in images if (not digest or one.digest == digest) and (not tag or tag in one.tags)), None)


def _missing(image_id: dict[str, str]) -> dict[str, Any]:
    return {"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
