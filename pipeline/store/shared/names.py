"""What the objects of a store are called (docs/store.md), version 1. Nothing in it tells of a machine."""

from __future__ import annotations

import re

STORE_SCHEMA = 1
MARKER = "narrate-store.json"
TAKES = "takes"
CLAIMS = "claims"
RUNNERS = "runners"
PROJECTS = "projects"
PROBES = "probes"
DAMAGED = "damaged"

_SIDECAR = re.compile(r"takes/[0-9a-f]{2}/([0-9a-f]{64})\.jsonl")
_AUDIO = re.compile(r"takes/[0-9a-f]{2}/([0-9a-f]{64})\.([0-9a-f]{16})\.flac")
_CLAIM = re.compile(r"claims/([0-9a-f]{64})\.([0-9]+)")


def sidecar_name(key: str) -> str:
    """The commit mark of a take: its sidecar in one line, and in a second its SHA-256."""
    return f"{TAKES}/{key[:2]}/{key}.jsonl"


def audio_name(key: str, sha256: str) -> str:
    """A take's audio, by its checksum too: two machines that made the same take never mix theirs."""
    return f"{TAKES}/{key[:2]}/{key}.{sha256[:16]}.flac"


def claim_name(key: str, number: int) -> str:
    """The claim of a runner to make a take; each takeover has the next number."""
    return f"{CLAIMS}/{key}.{number}"


def runner_name(run: str) -> str:
    """A runner's sign of life, and the store's clock: it is written again and again."""
    return f"{RUNNERS}/{run}"


def ledger_folder(project: str) -> str:
    """The ledgers of a project, one object a run."""
    return f"{PROJECTS}/{project}/ledger"


def budget_folder(project: str, provider: str) -> str:
    """What the runs of a project hold of its budget, by provider: real and simulated money are never added."""
    return f"{PROJECTS}/{project}/budget/{re.sub(r'[^A-Za-z0-9.-]', '-', provider)}"


def key_of_sidecar(name: str) -> str | None:
    """The key in a sidecar's name; None for other names."""
    match = _SIDECAR.fullmatch(name)
    return match[1] if match else None


def key_of_audio(name: str) -> str | None:
    """The key in the name of audio; None for other names."""
    match = _AUDIO.fullmatch(name)
    return match[1] if match else None


def key_of_claim(name: str) -> str | None:
    """The key in a claim's name; None for other names."""
    match = _CLAIM.fullmatch(name)
    return match[1] if match else None
