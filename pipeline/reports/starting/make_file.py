"""The Makefile and the ``.gitignore`` of a new project."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline import __version__
from pipeline.errors import UsageError

_UNFIT = frozenset("'\"\n\r\\`")

_MAKEFILE = """\
# `make render` sets up an environment of its own in .venv, then renders; `make` lists what else there is.
# This line pins what is installed: a version, a git URL with a commit, or a wheel. After changing it, just make again.
NARRATE ?= {spec}

PYTHON  ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \\
\t$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV    ?= .venv
RUN     := $(VENV)/bin/narrate

.PHONY: help render plan costs check verify preview clean

help: ## what can be made
\t@sed -n 's/^\\([a-z-]*\\):.*## /\\1\\t/p' $(MAKEFILE_LIST)

render: $(VENV)/.installed ## make what is missing: the book, its chapters, its captions
\t$(RUN) render $(ARGS)

plan: $(VENV)/.installed ## what a render would make, why, how long it is and what it costs
\t$(RUN) plan $(ARGS)

check: $(VENV)/.installed ## find everything wrong with the manifest and the manuscript
\t$(RUN) check $(ARGS)

costs: $(VENV)/.installed ## what was spent
\t$(RUN) costs $(ARGS)

verify: $(VENV)/.installed ## listen to what was made, and say what is wrong with it
\t$(RUN) verify $(ARGS)

preview: $(VENV)/.installed ## listen in a browser while you write (Ctrl-C ends it)
\t$(RUN) preview $(ARGS)

clean: ## remove what was built; takes and ledgers stay
\t$(RUN) clean

$(VENV)/bin/python:
\t@test -n "$(PYTHON)" || {{ echo "narrate needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }}
\t$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: Makefile | $(VENV)/bin/python
\t$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check '$(NARRATE)'
\t@touch $@
"""

GITIGNORE = """\
# Made from the manuscript by `make render`; throw it away as you like.
build/
.venv/
dictionaries/clips/

# The takes and the ledger: kept on this machine, or in a shared store, and too large for git. Keep this folder: what
# is in it was rendered, and perhaps paid for. takes.yaml, which says which takes were chosen, belongs into git.
.narration/*
# A project that pays keeps its ledger in git too, so that its budget outlives the machine: take the # away.
#!.narration/ledger/
"""


def makefile(spec: str) -> str:
    """The Makefile that installs ``spec``. Raises UsageError for one that no shell would pass on whole."""
    if not spec.strip() or _UNFIT & set(spec):
        raise UsageError(
            f"--install {spec!r} cannot stand in a Makefile",
            hint="expected narrate==VERSION, git+https://…@COMMIT, or the path of a wheel",
        )
    return _MAKEFILE.format(spec=spec.strip().replace("$", "$$").replace("#", "\\#"))


def install_spec(given: str | None, folder: Path) -> str:
    """What pip is to install: as ``given`` (a path is made absolute, or relative to the project where it lies in it),
    else the very thing that runs: this version, or the commit, wheel or folder that it was installed from."""
    if given is None:
        return _installed_from() or f"narrate=={__version__}"
    path = Path(given)
    if not path.exists():
        return given
    resolved = path.resolve()
    if resolved.is_relative_to(folder):
        return f"./{resolved.relative_to(folder).as_posix()}"
    return resolved.as_posix()


def _installed_from() -> str | None:
    """Where this package was installed from, if not from an index (PEP 610, ``direct_url.json``)."""
    try:
        text = metadata.distribution("narrate").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    if not text:
        return None
    told = json.loads(text)
    url = str(told["url"])
    if "vcs_info" in told:
        return f"{told['vcs_info']['vcs']}+{url}@{told['vcs_info']['commit_id']}"
    parts = urlsplit(url)
    return url2pathname(parts.path) if parts.scheme == "file" else url
