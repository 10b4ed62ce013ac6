# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS is sent: nothing that is empty, and nothing that says what is so anyway."""

from __future__ import annotations

from ansible_collections.golden.ami.plugins.module_utils._pipeline.codepipeline_declaration import to_aws
from harness.pipeline_forms import changed_form, form
from harness.pipeline_world import REGION, ROLE


def test_a_pipeline_in_awss_words() -> None:
    assert to_aws(form(), REGION) == {
        "name": "web",
        "roleArn": ROLE,
        "pipelineType": "V2",
        "executionMode": "SUPERSEDED",
        "artifactStore": {"location": "web-artifacts", "type": "S3"},
        "stages": [
            {
                "name": "Source",
                "actions": [
                    {
                        "name": "repository",
                        "actionTypeId": {
                            "category": "Source",
                            "owner": "AWS",
                            "provider": "CodeCommit",
                            "version": "1",
                        },
                        "runOrder": 1,
                        "configuration": {"RepositoryName": "images", "BranchName": "main"},
                        "outputArtifacts": [{"name": "source"}],
                        "namespace": "Source",
                    }
                ],
            },
            {
                "name": "Build",
                "actions": [
                    {
                        "name": "packer",
                        "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
                        "runOrder": 1,
                        "configuration": {"ProjectName": "web"},
                        "inputArtifacts": [{"name": "source"}],
                        "outputArtifacts": [{"name": "built"}],
                        "namespace": "Build",
                    }
                ],
            },
        ],
    }


def test_stores_of_several_regions() -> None:
    store = {"location": "x", "type": "S3", "encryption_key": {"id": "k", "type": "KMS"}}
    sent = to_aws(changed_form(lambda one: one["artifact_stores"].update({"us-east-1": store})), REGION)
    assert "artifactStore" not in sent
    assert sent["artifactStores"]["us-east-1"] == {
        "location": "x",
        "type": "S3",
        "encryptionKey": {"id": "k", "type": "KMS"},
    }
