"""The pipelines that are written keep to what a maintainer would want of them."""

from __future__ import annotations

import re
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli.main import main
from pipeline.errors import UsageError
from pipeline.project.ci.files import CiOptions, CiServer, Keeping, ci_files

GITHUB = ".github/workflows/narrate.yml"
VARIANTS = [
    CiOptions("narrate==1.2.3", project=project, paid=paid, keeping=keeping)
    for paid, keeping, project in product((False, True), Keeping, (".", "books/the sea book"))
]
SCHEMAS = {GITHUB: "github-workflows", ".gitlab-ci.yml": "gitlab-ci"}


def workflow(options: CiOptions) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(ci_files(CiServer.GITHUB, options)[GITHUB])
    return loaded


def steps(options: CiOptions) -> list[dict[str, Any]]:
    return [step for job in workflow(options)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
@pytest.mark.parametrize("server", CiServer)
def test_every_variant_is_whole_yaml_without_marks_of_the_template(server: CiServer, options: CiOptions) -> None:
    for text in ci_files(server, options).values():
        assert yaml.safe_load(text)
        assert not re.search(r"@[A-Z_]+@|^\s*#(if|end)\b", text, re.MULTILINE)
        assert not re.search(r"\n\n\n|[ \t]$", text, re.MULTILINE)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
@pytest.mark.parametrize("server", CiServer)
def test_every_variant_fits_the_published_schema(server: CiServer, options: CiOptions, tmp_path: Path) -> None:
    checker = pytest.importorskip("check_jsonschema", reason="check-jsonschema brings the schemas; `make test` has it")
    for name, text in ci_files(server, options).items():
        path = tmp_path / Path(name).name
        path.write_text(text, encoding="utf-8")
        arguments = ["--builtin-schema", f"vendor.{SCHEMAS[name]}", str(path)]
        transform = ["--data-transform", "gitlab-ci"] if server is CiServer.GITLAB else []
        with pytest.raises(SystemExit) as ended:
            checker.main([*arguments, *transform])
        assert ended.value.code in {0, None}


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_jobs_have_few_rights_pinned_actions_and_time_limits(options: CiOptions) -> None:
    written = workflow(options)
    triggers = written[True]  # YAML 1.1 reads `on` so
    assert "pull_request_target" not in triggers
    assert written["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 360 and "permissions" not in job for job in written["jobs"].values())
    for step in steps(options):
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40}", step.get("uses", "actions/none@" + "0" * 40))
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    render = next(step for step in steps(options) if step["name"] == "Render")
    assert render["timeout-minutes"] + 20 <= written["jobs"]["render"]["timeout-minutes"]
    assert written["jobs"]["render"]["concurrency"] == {"group": "narrate-render", "cancel-in-progress": False}


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_secrets_reach_the_render_step_alone(options: CiOptions) -> None:
    written = workflow(options)
    for name, job in written["jobs"].items():
        for step in job["steps"]:
            wants = "secrets." in str(step)
            assert wants == (step["name"] == "Render" and (options.paid or options.keeping is Keeping.STORE)), name
    assert "secrets." not in str({key: value for key, value in written.items() if key != "jobs"})


@pytest.mark.slow  # not for its time: a bare machine has no bash
@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_scripts_are_bash_and_take_values_from_variables_only(options: CiOptions) -> None:
    for step in steps(options):
        script = step.get("run", "")
        assert "${{" not in script
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "$" not in re.sub(r'"[^"]*"', "", script), "a variable without quotes"


def test_a_command_that_is_cancelled_gets_the_signal_itself() -> None:
    render = next(step for step in steps(VARIANTS[0]) if step["name"] == "Render")
    assert render["run"].startswith("exec narrate render ")


def test_values_cannot_leave_their_place() -> None:
    with pytest.raises(UsageError, match="cannot be named"):
        ci_files(CiServer.GITHUB, CiOptions("narrate==1.2.3", project="it's: #1"))
    odd = CiOptions("narrate @ git+https://x/y@z", branch="release/it's", paid=True)
    written = workflow(odd)
    assert written["env"] | {"PYTHONUNBUFFERED": ""} == {
        "PROJECT": ".",
        "NARRATE": "narrate @ git+https://x/y@z",
        "PYTHONUNBUFFERED": "",
    }
    assert written[True]["push"]["branches"] == ["release/it's"]
    assert written["jobs"]["render"]["if"].endswith("github.ref == 'refs/heads/release/it''s'")


@pytest.mark.parametrize(("server", "name"), [("github", GITHUB), ("gitlab", ".gitlab-ci.yml")])
def test_a_pipeline_stands_at_the_top_of_the_repository_and_is_never_overwritten(
    server: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    book = tmp_path / "books" / "one"
    book.mkdir(parents=True)
    (book / "book.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")
    manifest = "title: A\nvoices: {narrator: {hibari: {voice: heart}}}\nchapters: [{source: book.md}]\n"
    (book / "project.yaml").write_text(manifest, encoding="utf-8")
    command = ["init", "--into", str(book), "--ci", server, "--install", "narrate==1.2.3", "--keep", "store"]
    assert main(command) == 0
    written = (tmp_path / name).read_bytes()
    assert b"books/one" in written
    assert b"NARRATE_STORE" in written
    assert main(command) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == written


@pytest.mark.parametrize(
    ("given", "installed"),
    [
        ("narrate==0.1.0", "narrate[s3]==0.1.0"),
        ("narrate", "narrate[s3]"),
        ("narrate[asr]>=1,<2", "narrate[asr,s3]>=1,<2"),
        ("narrate[s3]==0.1.0", "narrate[s3]==0.1.0"),
        ("narrate @ git+https://x.org/y@z", "narrate[s3] @ git+https://x.org/y@z"),
        ("git+https://x.org/y@z", "narrate[s3] @ git+https://x.org/y@z"),
        ("https://x.org/narrate-0.1.0-py3-none-any.whl", "narrate[s3] @ https://x.org/narrate-0.1.0-py3-none-any.whl"),
        ("./dist/narrate-0.1.0-py3-none-any.whl", "./dist/narrate-0.1.0-py3-none-any.whl[s3]"),
        ("narrate-0.1.0-py3-none-any.whl", "narrate-0.1.0-py3-none-any.whl[s3]"),
        ("/srv/narrate", "/srv/narrate[s3]"),
    ],
)
def test_a_runner_that_keeps_takes_in_a_store_installs_what_speaks_to_it(given: str, installed: str) -> None:
    for server in CiServer:
        (kept,) = ci_files(server, CiOptions(given, keeping=Keeping.STORE)).values()
        assert f"NARRATE: '{installed}'" in kept
        (cached,) = ci_files(server, CiOptions(given)).values()
        assert f"NARRATE: '{given}'" in cached
        assert cached.count("s3") == given.count("s3")


def test_the_action_of_this_repository_is_pinned_and_takes_values_from_variables_only(repository: Path) -> None:
    action = yaml.safe_load((repository / ".github/actions/narrate/action.yml").read_text(encoding="utf-8"))
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40}", step.get("uses", "actions/none@" + "0" * 40))
    keyed = [step["name"] for step in action["runs"]["steps"] if "inputs.api-key" in str(step)]
    assert keyed == ["Render"]


@pytest.mark.slow  # not for its time: a bare machine has no bash
@pytest.mark.parametrize(
    ("store", "installed"),
    [("s3://bucket/books", "here/../../..[s3]"), ("az://box/books", "here/../../..[azure]"), ("", "here/../../..")],
)
def test_the_action_installs_what_its_store_needs(store: str, installed: str, repository: Path, tmp_path: Path) -> None:
    action = yaml.safe_load((repository / ".github/actions/narrate/action.yml").read_text(encoding="utf-8"))
    step = next(step for step in action["runs"]["steps"] if step["name"] == "Install narrate")
    (tmp_path / "python").write_text('#!/bin/sh\nfor last; do :; done\necho "$last"\n', encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SPEC": "", "ACTION": "here", "STORE": store}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == installed
