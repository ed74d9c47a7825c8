"""What the preview shows at the moment: which version of the page, and what is wrong with the manuscript."""

from __future__ import annotations

from dataclasses import dataclass

PREVIEW_FOLDER = "preview"
"""Where previews are rendered, in the folder of the outputs."""


@dataclass(frozen=True, slots=True)
class Scene:
    """``version`` counts the pages made, from 0: none yet; ``trouble`` is what keeps the next one from being made, a
    line each, empty where nothing does."""

    version: int = 0
    trouble: str = ""


class Stage:
    """The scene that is on. One thread changes it, others look: a scene is replaced whole."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.closed = False

    def built(self) -> None:
        """There is a new page, and nothing is wrong."""
        self.scene = Scene(self.scene.version + 1)

    def stopped_by(self, trouble: str) -> None:
        """The last good page stays, and says what is wrong."""
        self.scene = Scene(self.scene.version, trouble)
