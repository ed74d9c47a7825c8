"""A runner for workflow files: every step as it is written, with local stand-ins for the actions of GitHub.

Jobs start in a fresh folder. ``checkout`` is a git clone, ``cache`` a folder with one folder a key, artifacts are
folders too; everything under ``run:`` goes to bash as GitHub's runner calls it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_TOKENS = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|!|\(|\)|,|[\w.-]+)")
_INSERT = re.compile(r"\$\{\{(.*?)\}\}")
_PINNED = re.compile(r"(actions/[\w/-]+)@[0-9a-f]{40}")
Watch = Callable[["subprocess.Popen[bytes]"], None]


@dataclass
class Job:
    """What became of a job: each step's outcome, what was printed, and the files it left."""

    workspace: Path
    outcomes: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    ran: bool = True

    @property
    def green(self) -> bool:
        return self.ran and not {"failure", "cancelled"} & set(self.outcomes.values())

    def told(self) -> str:
        return "\n".join(f"== {name}: {self.outcomes[name]}\n{log}" for name, log in self.logs.items())


@dataclass
class Runner:
    """Runs jobs against the repository ``origin``. ``environment`` is what the machine itself has set."""

    origin: Path
    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    def run(self, job: str, event: Mapping[str, str], *, watch: tuple[str, Watch] | None = None) -> Job:
        """One job of the workflow as it stands at the event's commit; ``watch`` a step while it runs."""
        self.count += 1
        workspace = self.root / f"runner-{self.count}" / "work"
        workspace.mkdir(parents=True)
        text = _git(self.origin, "show", f"{event['head']}:.github/workflows/narrate.yml")
        workflow = yaml.safe_load(text)
        steps = _Steps(self, Job(workspace), event, watch)
        described = workflow["jobs"][job]
        if not steps.value(described.get("if", "true")):
            steps.job.ran = False
            return steps.job
        steps.environment |= {**workflow.get("env", {}), **described.get("env", {})}
        for number, step in enumerate(described["steps"]):
            steps.step(step, number)
        return steps.job

    def run_action(self, action: Path, inputs: Mapping[str, str], event: Mapping[str, str]) -> Job:
        """A composite action in a checked-out workspace."""
        self.count += 1
        workspace = self.root / f"runner-{self.count}" / "work"
        workspace.mkdir(parents=True)
        described = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        given = {name: str(one.get("default", "")) for name, one in described["inputs"].items()} | dict(inputs)
        steps = _Steps(self, Job(workspace), event, None)
        steps.context |= {f"inputs.{name}": value for name, value in given.items()}
        steps.context["github.action_path"] = str(action)
        steps.checkout({"fetch-depth": 0})
        for number, step in enumerate(described["runs"]["steps"]):
            steps.step(step, number)
        return steps.job


class _Steps:
    def __init__(self, runner: Runner, job: Job, event: Mapping[str, str], watch: tuple[str, Watch] | None) -> None:
        self.runner, self.job, self.event, self.watch = runner, job, event, watch
        self.environment: dict[str, str] = {}
        self.path = str(Path(sys.executable).parent)
        self.failed = self.cancelled = False
        self.context: dict[str, str] = {
            "true": "true",
            "github.event_name": event["name"],
            "github.ref": event["ref"],
            "github.base_ref": event.get("base", ""),
            **{f"secrets.{name}": value for name, value in runner.secrets.items()},
            **{f"vars.{name}": value for name, value in runner.variables.items()},
        }

    def step(self, step: Mapping[str, Any], number: int) -> None:
        name = step["name"]
        condition = str(step.get("if", "success()")).strip()
        condition = condition.removeprefix("${{").removesuffix("}}") if condition.startswith("${{") else condition
        if not re.search(r"\b(always|success|failure|cancelled)\(\)", condition):
            condition = f"success() && ({condition})"
        outcome = "skipped"
        if self.value(condition):
            outcome = self._done(step, name, number)
        self.job.outcomes[name] = outcome
        self.context[f"steps.{step.get('id', name)}.outcome"] = outcome
        self.failed |= outcome == "failure"
        self.cancelled |= outcome == "cancelled"

    def _done(self, step: Mapping[str, Any], name: str, number: int) -> str:
        if "run" in step:
            return self._bash(step, name, number)
        action = _PINNED.fullmatch(step["uses"])
        assert action, f"{step['uses']} is not pinned to a commit"
        given = {key: self.text(str(value)) for key, value in step.get("with", {}).items()}
        stand_ins: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "actions/checkout": self.checkout,
            "actions/setup-python": lambda _: None,
            "actions/cache/restore": self._restore,
            "actions/cache/save": self._save,
            "actions/upload-artifact": self._upload,
        }
        stand_ins[action[1]](given)
        return "success"

    def _bash(self, step: Mapping[str, Any], name: str, number: int) -> str:
        script = self.job.workspace.parent / f"step-{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        summary = self.job.workspace.parent / f"summary-{number}.md"
        summary.touch()
        given = {key: self.text(str(value)) for key, value in step.get("env", {}).items()}
        environment = {
            "PATH": f"{self.path}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.job.workspace.parent),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.job.workspace),
            "GITHUB_STEP_SUMMARY": str(summary),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",
            **self.runner.environment,
            **{key: self.text(str(value)) for key, value in self.environment.items()},
            **given,
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        with subprocess.Popen(
            command, cwd=self.job.workspace, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            watched = self.watch is not None and self.watch[0] == name
            if watched and self.watch is not None:
                self.watch[1](process)
            log, _ = process.communicate()
        self.job.codes[name], self.job.logs[name] = process.returncode, log.decode()
        self.job.summaries[name] = summary.read_text(encoding="utf-8")
        if watched:
            return "cancelled"
        return "failure" if process.returncode else "success"

    def checkout(self, given: Mapping[str, Any]) -> None:
        url = f"file://{self.runner.origin}"
        depth = str(given.get("fetch-depth", "1"))
        shallow = [] if depth == "0" else ["--depth", depth]
        work = self.job.workspace
        _git(work, "clone", "--quiet", *shallow, "--branch", self.event.get("base") or "main", url, ".")
        if self.event.get("base"):  # what a pull request is built from: its head merged into the base
            identity = ["-c", "user.name=runner", "-c", "user.email=runner@example.org"]
            _git(work, "checkout", "--quiet", "--detach")
            _git(work, *identity, "merge", "--quiet", "--no-ff", "-m", "merge", f"origin/{self.event['head']}")

    def _restore(self, given: Mapping[str, Any]) -> None:
        entries = sorted(self.runner.cache.glob("*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        found = next((one for one in entries if one.name == given["key"]), None) or next(
            (one for one in entries if one.name.startswith(str(given.get("restore-keys", "\0")).strip())), None
        )
        for path in str(given["path"]).split() if found else []:
            assert found is not None
            if (found / path).exists():
                shutil.copytree(found / path, self.job.workspace / path, dirs_exist_ok=True)

    def _save(self, given: Mapping[str, Any]) -> None:
        target = self.runner.cache / str(given["key"])
        if not target.exists():  # an entry is immutable
            target.mkdir(parents=True)
            self._copy(given, target)

    def _upload(self, given: Mapping[str, Any]) -> None:
        target = self.runner.artifacts / str(given["name"])
        shutil.rmtree(target, ignore_errors=True)
        self._copy(given, target)

    def _copy(self, given: Mapping[str, Any], target: Path) -> None:
        for path in str(given["path"]).split():
            source = self.job.workspace / path
            if source.is_dir():
                shutil.copytree(source, target / path)
            elif source.exists():
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target / path)

    def text(self, text: str) -> str:
        return _INSERT.sub(lambda found: str(self.value(found[1])), text)

    def value(self, expression: str) -> Any:
        """An expression of a workflow: strings, contexts, comparisons, and the functions that ours use."""
        python: list[str] = []
        names = {"&&": " and ", "||": " or ", "!": " not "}
        functions = {"always": "True", "success": "not bad()", "cancelled": "cancelled()"}
        tokens = [found[1] for found in _TOKENS.finditer(expression)]
        for place, token in enumerate(tokens):
            if token.startswith("'"):
                python.append(repr(token[1:-1].replace("''", "'")))
            elif token in names:
                python.append(names[token])
            elif token == "hashFiles":
                python.append("hash_files")
            elif token in functions:
                python.append(f"(lambda: {functions[token]})")
            elif re.match(r"[\w.-]+$", token):
                assert tokens[place + 1 : place + 2] != ["("], f"unknown function {token}"
                python.append(f"context.get({token!r}, '')")
            else:
                python.append(token)
        known = {
            "context": self.context,
            "bad": lambda: self.failed or self.cancelled,
            "cancelled": lambda: self.cancelled,
            "hash_files": self._hash_files,
        }
        return eval("".join(python), {"__builtins__": {}, **known})

    def _hash_files(self, *patterns: str) -> str:
        files = sorted({path for pattern in patterns for path in self.job.workspace.glob(pattern) if path.is_file()})
        whole = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files))
        return whole.hexdigest() if files else ""


def cancel(process: subprocess.Popen[bytes]) -> None:
    """As GitHub's runner cancels a step: it signals the process that it started, and nobody below it."""
    process.send_signal(signal.SIGTERM)


def git(folder: Path, *arguments: str) -> str:
    """Git as a person with a name."""
    return _git(folder, "-c", "user.name=A. Tester", "-c", "user.email=tester@example.org", *arguments)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"},
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout
