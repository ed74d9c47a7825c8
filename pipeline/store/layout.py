"""Where a project keeps its state: ``.narration/`` beside the manifest, outputs in ``build/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline.project.models import Project
from pipeline.store.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of a project."""

    state: Path
    outputs: Path

    @classmethod
    def of(cls, project: Project) -> Self:
        """State is shared by all manifests of a folder; outputs are apart where there are several manifests."""
        others = [path for path in project.folder.glob("*project*.y*ml") if path.name != project.manifest.name]
        outputs = project.folder / "build"
        if others or project.manifest.name != "project.yaml":
            outputs /= project.manifest.stem
        return cls(state=project.folder / ".narration", outputs=outputs)

    @property
    def takes(self) -> TakeStore:
        """The stored takes."""
        return TakeStore(self.state / "takes")

    @property
    def ledgers(self) -> Path:
        """The folder of the ledgers, one file a run."""
        return self.state / "ledger"

    @property
    def encoded(self) -> Path:
        """Encoded chapters that the book is muxed from; made again whenever they are missing."""
        return self.state / "encoded"
