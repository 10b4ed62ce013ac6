# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploy actions to S3: an artifact, or what is in it, goes into a bucket."""

from __future__ import annotations

import io
import zipfile

from golden_cloud.api.codepipeline.job import ActionFailed, Job, Outcome


def to_s3(job: Job) -> Outcome:
    job.bring_inputs()
    ((name, artifact),) = job.run.inputs.items()
    content, prefix = job.get(artifact), job.option("ObjectKey")
    if job.option("Extract").lower() == "true":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                files = {entry: archive.read(entry) for entry in archive.namelist() if not entry.endswith("/")}
        except zipfile.BadZipFile as error:
            raise ActionFailed("ConfigurationError", f"The artifact {name} is no zip archive: {error}") from error
        objects = {f"{prefix.rstrip('/')}/{entry}" if prefix else entry: data for entry, data in files.items()}
    else:
        if not prefix:
            raise ActionFailed("ConfigurationError", "Without Extract the configuration must have an ObjectKey")
        objects = {prefix: content}
    more: dict[str, str] = {}
    if job.option("CacheControl"):
        more["CacheControl"] = job.option("CacheControl")
    if job.option("KMSEncryptionKeyARN"):
        more |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": job.option("KMSEncryptionKeyARN")}
    client = job.client("s3")
    for key, data in objects.items():
        job.check()
        client.put_object(Bucket=job.option("BucketName"), Key=key, Body=data, **more)
    return Outcome(summary=f"Deployment succeeded: {len(objects)} object(s)")
