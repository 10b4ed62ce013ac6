# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each file of plugins/ has its tests where one looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PLUGINS = HERE.parents[1] / "plugins"
# Files without a test of their own, and why.
DOCUMENTATION = "documentation only"
EXCEPTIONS = {
    "doc_fragments/_attributes.py": DOCUMENTATION,
    "doc_fragments/_codebuild.py": DOCUMENTATION,
    "doc_fragments/_gates.py": DOCUMENTATION,
    "doc_fragments/_packer.py": DOCUMENTATION,
    "doc_fragments/_own_amis.py": DOCUMENTATION,
    "doc_fragments/_places.py": DOCUMENTATION,
    "module_utils/_deploy/errors.py": "an exception that has no behaviour",
    "module_utils/_packer/errors.py": "an exception that has no behaviour",
    "module_utils/_testing/errors.py": "exceptions that have no behaviour",
    "module_utils/_testing/names.py": "names only",
    "module_utils/_pipeline/codepipeline_options.py": "options only, which test_bad_options.py and the modules' tests give",
    "module_utils/_report/facts.py": "values that have no behaviour",
    "module_utils/_report/style.py": "a style sheet, which tests/integration/test_report_page.py shows to a browser",
    "module_utils/_pipeline/codepipeline_plan.py": "a value that has no behaviour",
}
# What puts decisions and calls together, and is tested as a whole, by a module's main().
BY_MAIN = {
    "module_utils/_ami/recording.py": "modules/test_ami_record.py",
    "module_utils/_ami/calls_references.py": "module_utils/_ami/test_references.py",
    "module_utils/_ami/calls_consume.py": "modules/test_ami_consume.py",
    "module_utils/_ami/consume_run.py": "modules/test_ami_consume.py",
    "module_utils/_ami/calls_copy.py": "modules/test_ami_copy.py",
    "module_utils/_ami/copy_result.py": "modules/test_ami_copy.py",
    "module_utils/_ami/copy_world.py": "modules/test_ami_copy.py",
    "module_utils/_ami/copying.py": "modules/test_ami_copy.py",
    "module_utils/_ami/copy_run.py": "modules/test_ami_copy.py",
    "module_utils/_ami/revoke_run.py": "modules/test_ami_revoke.py",
    "module_utils/_ami/calls_revocation.py": "modules/test_ami_revoke.py",
    "module_utils/_ami/calls_images.py": "modules/test_ami_info.py",
    "module_utils/_ami/details.py": "modules/test_ami_info.py",
    "module_utils/_ami/info_run.py": "modules/test_ami_info.py",
    "module_utils/_ami/selecting.py": "modules/test_ami_info.py",
    "module_utils/_ami/calls_organizations.py": "modules/test_ami_share.py",
    "module_utils/_ami/calls_permissions.py": "modules/test_ami_share.py",
    "module_utils/_ami/share_run.py": "modules/test_ami_share.py",
    "module_utils/_ami/sharing_keys.py": "modules/test_ami_share.py",
    "module_utils/_ami/targets.py": "modules/test_ami_share.py",
    "module_utils/_ami/own_amis.py": "modules/test_ami_tag.py",
    "module_utils/_ami/tag_run.py": "modules/test_ami_tag.py",
    "module_utils/_ami/promotion.py": "modules/test_ami_promote.py",
    "module_utils/_ami/moving.py": "modules/test_ami_promote.py",
    "module_utils/_ami/calls_parameters.py": "modules/test_ami_promote.py",
    "module_utils/_ami/prune.py": "modules/test_ami_prune.py",
    "module_utils/_ami/prune_apply.py": "modules/test_ami_prune.py",
    "module_utils/_ami/prune_options.py": "modules/test_ami_prune.py",
    "module_utils/_ami/prune_read.py": "modules/test_ami_prune.py",
    "module_utils/_ami/prune_records.py": "modules/test_ami_prune.py",
    "module_utils/_ami/prune_result.py": "modules/test_ami_prune.py",
    "module_utils/_ami/calls_prune.py": "modules/test_ami_prune.py",
    "module_utils/_deploy/calls.py": "modules/test_ami_deploy.py",
    "module_utils/_deploy/candidate.py": "modules/test_ami_deploy.py",
    "module_utils/_deploy/instance.py": "modules/test_ami_deploy.py",
    "module_utils/_deploy/options.py": "modules/test_ami_deploy.py",
    "module_utils/_deploy/run.py": "modules/test_ami_deploy.py",
    "module_utils/_deploy/world.py": "modules/test_ami_deploy.py",
    "module_utils/_inside/diff_run.py": "modules/test_ami_diff.py",
    "module_utils/_report/reading.py": "modules/test_ami_report.py",
    "module_utils/_report/run.py": "modules/test_ami_report.py",
    "module_utils/_packer/apply.py": "modules/test_packer_build.py",
    "module_utils/_packer/build.py": "modules/test_packer_build.py",
    "module_utils/_packer/finish.py": "modules/test_packer_build.py",
    "module_utils/_packer/run.py": "modules/test_packer_build.py",
    "module_utils/_packer/keep.py": "modules/test_packer_build_keep.py",
    "module_utils/_packer/probe.py": "modules/test_packer_build_own_templates.py",
    "module_utils/_packer/room.py": "modules/test_packer_build_disk_full.py",
    "module_utils/_packer/checks.py": "modules/test_packer_validate.py",
    "module_utils/_packer/validate.py": "modules/test_packer_validate.py",
    "module_utils/_packer/workspace.py": "modules/test_packer_validate.py",
    "module_utils/_packer/sweep.py": "modules/test_build_sweep.py",
    "module_utils/_ami/calls_instances.py": "modules/test_ami_test.py",
    "module_utils/_testing/apply.py": "modules/test_ami_test.py",
    "module_utils/_testing/cell_run.py": "modules/test_ami_test.py",
    "module_utils/_testing/machines.py": "modules/test_ami_test.py",
    "module_utils/_testing/run.py": "modules/test_ami_test.py",
    "module_utils/_testing/world.py": "modules/test_ami_test.py",
    "module_utils/_testing/machine_options.py": "modules/test_machine_test.py",
    "module_utils/_testing/machine_results.py": "modules/test_machine_test.py",
    "module_utils/_testing/machine_run.py": "modules/test_machine_test.py",
    "module_utils/_pipeline/declaration.py": "lookup/test_pipeline.py",
    "module_utils/_pipeline/notification.py": "modules/test_notification.py",
    "module_utils/_pipeline/resources_actors.py": "modules/test_pipeline_resources.py",
    "module_utils/_pipeline/resources_plan.py": "modules/test_pipeline_resources.py",
    "module_utils/_pipeline/resources_run.py": "modules/test_pipeline_resources.py",
    "module_utils/_pipeline/resources_storage.py": "modules/test_pipeline_resources.py",
    "module_utils/_pipeline/resources_users.py": "modules/test_pipeline_resources.py",
    "module_utils/_pipeline/rules.py": "lookup/test_pipeline.py",
    "module_utils/_pipeline/codebuild_build_options.py": "modules/test_codebuild_build.py",
    "module_utils/_pipeline/codebuild_build_result.py": "modules/test_codebuild_build.py",
    "module_utils/_pipeline/codebuild_build_run.py": "modules/test_codebuild_build.py",
    "module_utils/_pipeline/codebuild_calls.py": "modules/test_codebuild_project.py",
    "module_utils/_pipeline/codebuild_check.py": "modules/test_codebuild_project.py",
    "module_utils/_pipeline/codebuild_check_parts.py": "modules/test_codebuild_project.py",
    "module_utils/_pipeline/codebuild_follow.py": "modules/test_codebuild_build.py",
    "module_utils/_pipeline/codebuild_log.py": "modules/test_codebuild_build.py",
    "module_utils/_pipeline/codebuild_options.py": "modules/test_codebuild_project.py",
    "module_utils/_pipeline/codebuild_project_run.py": "modules/test_codebuild_project.py",
    "module_utils/_pipeline/codebuild_shown.py": "modules/test_codebuild_project.py",
    "module_utils/_pipeline/codepipeline_calls.py": "modules/test_codepipeline.py",
    "module_utils/_pipeline/codepipeline_run.py": "modules/test_codepipeline.py",
    "module_utils/_pipeline/codepipeline_tags.py": "modules/test_codepipeline.py",
    "module_utils/_pipeline/codepipeline_execution_calls.py": "modules/test_codepipeline_execution.py",
    "module_utils/_pipeline/codepipeline_execution_plan.py": "modules/test_codepipeline_execution.py",
    "module_utils/_pipeline/codepipeline_execution_run.py": "modules/test_codepipeline_execution.py",
    "module_utils/_pipeline/codepipeline_start.py": "modules/test_codepipeline_execution.py",
    "module_utils/_pipeline/codepipeline_approval.py": "modules/test_codepipeline_execution.py",
    "module_utils/_pipeline/codepipeline_execution_options.py": "modules/test_codepipeline_execution.py",
    "module_utils/_pipeline/codepipeline_info_run.py": "modules/test_codepipeline_info.py",
    "module_utils/_pipeline/codepipeline_state.py": "modules/test_codepipeline_info.py",
    "module_utils/_pipeline/codepipeline_execution_progress.py": "action/test_codepipeline_execution.py",
}

# Tests of more than one file.
OF_SEVERAL = {"modules/test_bad_options.py"}


def _tests_of(file: Path) -> list[Path]:
    """C(test_NAME.py), and C(test_NAME_….py) for what has more than one subject."""
    directory = HERE / "plugins" / file.relative_to(PLUGINS).parent
    return [*directory.glob(f"test_{file.stem}.py"), *directory.glob(f"test_{file.stem}_*.py")]


FILES = {str(file.relative_to(PLUGINS)): file for file in sorted(PLUGINS.rglob("*.py")) if file.name != "__init__.py"}


@pytest.mark.parametrize("name", sorted(FILES.keys() - EXCEPTIONS.keys() - BY_MAIN.keys()))
def test_each_file_has_its_tests(name: str) -> None:
    found = _tests_of(FILES[name])
    assert found, f"plugins/{name} has no tests/unit/plugins/{name.rpartition('/')[0]}/test_{FILES[name].stem}.py"
    assert any("\ndef test_" in test.read_text(encoding="utf-8") for test in found)


def test_exceptions_are_of_files_that_are_there() -> None:
    exceptions = {*EXCEPTIONS, *BY_MAIN}
    assert exceptions <= FILES.keys()
    assert not [name for name in exceptions if _tests_of(FILES[name])], "it has a test by now: take it out here"
    assert not [test for test in BY_MAIN.values() if not (HERE / "plugins" / test).is_file()]


def test_no_test_outlives_its_file() -> None:
    stems = {(HERE / "plugins" / file.relative_to(PLUGINS).parent, file.stem) for file in FILES.values()}
    orphans = {
        str(test.relative_to(HERE / "plugins"))
        for test in sorted((HERE / "plugins").rglob("test_*.py"))
        if not any(
            test.parent == directory and (test.stem + "_").startswith(f"test_{stem}_") for directory, stem in stems
        )
    }
    assert orphans == OF_SEVERAL
