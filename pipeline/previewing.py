"""The preview: a page that is served while the manuscript is written, and made anew whenever it changes.

It renders on embedded engines alone, into a folder of its own, so that it neither costs anything nor touches outputs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pipeline.errors import Interrupted, NarrateError
from pipeline.project.engines import EngineName
from pipeline.project.formats import OutputFormat
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.render.events import Event
from pipeline.reports.listening.serving import PreviewServer
from pipeline.reports.listening.stage import PREVIEW_FOLDER, Stage
from pipeline.reports.listening.watching import look, next_state
from pipeline.store.layout import Layout
from pipeline.workflow import RenderOptions, check, render

_LOOK_SECONDS = 0.3
_LOCK_SECONDS = 5.0
_DRAFT = (Output(format=OutputFormat.MP3, bitrate_kbps=64),)
EMBEDDED = tuple(name for name in EngineName if not name.paid)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a change: takes made and seconds needed for the page's next ``version``, or the ``trouble``."""

    version: int
    takes: int
    seconds: float
    trouble: str


Teller: TypeAlias = Callable[[Told], None]


@dataclass(slots=True)
class Preview:
    """A project that is listened to while it is written. ``engine`` None: it is served as it was rendered."""

    project: Project
    engine: EngineName | None
    stage: Stage = field(default_factory=Stage)

    @property
    def folder(self) -> Path:
        """What is served."""
        outputs = Layout.of(self.project).outputs
        return outputs / PREVIEW_FOLDER if self.engine else outputs

    @property
    def what(self) -> str:
        """What will be done, in a sentence."""
        if self.engine is None:
            return (
                "the manifest's engine costs money and no voice is bound to an embedded one: what was rendered is "
                "served, and edits are not rendered (bind the voices to hibari or espeak to hear them)"
            )
        instead = "" if self.engine is self.project.engine else f" instead of {self.project.engine}, which costs money"
        return f"rendering on {self.engine}{instead}, into {self.folder}"

    @contextmanager
    def serving(self, port: int) -> Iterator[str]:
        """Serve it, and give the address. Raises UsageError where the port cannot be had."""
        with PreviewServer(self.folder, self.stage, self.project.title, port) as server:
            yield server.url

    def follow(self, tell: Teller, wait: Callable[[], None] = lambda: time.sleep(_LOOK_SECONDS)) -> None:
        """Render, and again after every change, until interrupted; trouble is told and shown, and ends nothing."""
        while self.engine is None:
            wait()
        while True:
            state = look(self.project, troubled=False)
            told = self.make()
            tell(told)
            troubled = bool(told.trouble)
            if troubled:
                state = state[0], look(self.project, troubled=True)[1]
            next_state(state, lambda: look(self.project, troubled=troubled), wait)  # noqa: B023 - used at once

    def make(self) -> Told:
        """Render what has changed and put it on the page. Raises Interrupted."""
        started, made = time.monotonic(), 0
        try:
            self.project = load_project(self.project.manifest)
            made = self._rendered()
        except Interrupted:
            raise
        except NarrateError as error:
            self.stage.stopped_by("\n".join(filter(None, (error.message, error.hint))))
        else:
            self.stage.built()
        scene = self.stage.scene
        return Told(scene.version, made, time.monotonic() - started, scene.trouble)

    def _rendered(self) -> int:
        options = RenderOptions(out=self.folder, draft=_DRAFT, wait_for_lock_seconds=_LOCK_SECONDS)
        outcome = render(self.project.manifest, engine=self.engine, options=options, receiver=_quiet)
        if outcome.error is not None:
            raise outcome.error
        return outcome.record.takes_made


def open_preview(path: Path, *, engine: str | None = None) -> Preview:
    """The preview of a project, on ``engine`` or on the embedded one that its voices are bound to.

    Raises InputError and UsageError as loading the project does.
    """
    project = load_project(path, engine=engine)
    if engine is not None:
        return Preview(load_project(path), EngineName(engine))
    if project.engine in EMBEDDED:
        return Preview(project, project.engine)
    return Preview(project, next((name for name in EMBEDDED if _speaks(path, name)), None))


def _speaks(path: Path, engine: EngineName) -> bool:
    """Whether the project's voices are all bound to an engine that is installed."""
    try:
        check(path, engine=engine)
    except NarrateError:
        return False
    return True


def _quiet(event: Event) -> None:
    """Nobody watches: the preview tells when it is done."""
