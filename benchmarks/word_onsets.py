"""How late the embedded engine tells the start of a word after a pause: told start against the first audible sample.

    python benchmarks/word_onsets.py [TEXT] [--project FOLDER] [--takes 150] [--again] [--level 98] [--speed 1.0]
        [--pitch 1.0]

Speaks TEXT (a plain text file in English; without one, a built-in page), or measures the takes that a project has
stored; ``--again`` speaks those again, and says where sound or word ends differ from what is stored. A pause is 60 ms
or more below ``--level`` (of 32,768; 98 is -50 dBFS), sample by sample; the word after it is the first that ends after
the sound sets in. A silence inside a word is left out, but for one that comes as soon as the "k" in "acquaint".
Target: within 10 ms, but for those.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.hibari.synthesis import Speaker
from pipeline.engines.protocol import Order, WordTimes
from pipeline.store.keys import KeyInputs
from pipeline.store.takes import TakeStore

RATE = 24_000
PAUSE_SAMPLES = RATE * 60 // 1000
_SENTENCE_END = re.compile(r"(?:^|[.!?…][\"'”’)]*\s+)[\"'“‘(]*$")
PAGE = """The harbour master, Silas Finch, had three rules; he said so, slowly, to anyone who asked. First, no fires.
Second, no fish on the steps. Third, and here he would sniff, no singing.

“Surely,” said his sister, “some songs, sung softly, harm nobody.”

He frowned, and he shook his head, but the rule, for half a summer, slept. In August, when the fleet, forty sails,
heaved round the head, somebody sang. She sang high, she sang long — far too long, Finch thought — and then, having
finished, she bowed. “Hush,” he began; however, he was crying, so he stopped.

After that, on Fridays, folk would gather: the cooper, the chandler, the twins from Vane Street, a priest, even the
dog. Old men, young men, mothers, thieves; all of them, if asked, would tell you the same. The sea, they said, has a
better voice, though, for one evening, that girl, that stranger, this slip of a thing, held it still."""


@dataclass(frozen=True, slots=True)
class Onset:
    """The word after a pause, and by how many milliseconds its told start lies after its sound sets in."""

    word: str
    late_ms: float
    opens: bool
    """Whether it opens the sound or a sentence: a model call begins there."""


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    started = time.process_time()
    if arguments.project is None:
        spoken = _spoken(arguments)
    else:
        spoken = _stored(arguments.project, arguments.takes, again=arguments.again)
    found = [onset for text, pcm, words in spoken for onset in onsets(text, pcm, words, arguments.level)]
    print(f"{time.process_time() - started:.1f} s of processor time")
    for name, opens in (("first of a sentence", True), ("within a sentence", False)):
        _report(name, [onset for onset in found if onset.opens is opens])
    soft = [onset for onset in found if not onset.opens and onset.word[0].lower() in "sfh"]
    _report("of these s, f and h", soft)
    worst = sorted(found, key=lambda onset: -abs(onset.late_ms))[:8]
    print("farthest off: " + ", ".join(f"{onset.word} {onset.late_ms:+.0f} ms" for onset in worst))


def onsets(text: str, pcm: NDArray[np.int16], words: WordTimes, level: int) -> Iterator[Onset]:
    """The words of a take that follow a pause, or open it."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > level)
    after = np.flatnonzero(np.diff(loud) > PAUSE_SAMPLES)
    pauses = [(0, int(loud[0])), *((int(loud[i]) + 1, int(loud[i + 1])) for i in after)]
    for quiet, sounds in pauses:
        index = int(np.searchsorted(words.end_sample, sounds, side="right"))
        if index == len(words) or (index and words.start_sample[index] < quiet):
            continue
        word = text[words.char_start[index] : words.char_end[index]]
        yield Onset(
            word, (int(words.start_sample[index]) - sounds) * 1000 / RATE, _opens(text, int(words.char_start[index]))
        )


def _opens(text: str, at: int) -> bool:
    return _SENTENCE_END.search(text, 0, at) is not None


def _report(name: str, found: list[Onset]) -> None:
    late = np.array([onset.late_ms for onset in found])
    if len(late):
        low, median, high = np.quantile(late, (0.05, 0.5, 0.95))
        near = float((np.abs(late) <= 10).mean())
        print(
            f"{name}: {len(late)} words, late by {median:.1f} ms in the median, 95 % below {high:.1f} ms, at most "
            f"{late.max():.1f} ms; 5 % below {low:.1f} ms, at least {late.min():.1f} ms; within 10 ms: {near:.0%}"
        )


def _spoken(arguments: argparse.Namespace) -> Iterator[tuple[str, NDArray[np.int16], WordTimes]]:
    text = arguments.text.read_text(encoding="utf-8") if arguments.text else PAGE
    speaker = Speaker()
    voice = {"voice": "heart", "pitch": arguments.pitch, "speed": arguments.speed}
    for paragraph in [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()][: arguments.takes]:
        speech = speaker.speak(Order(paragraph[:4000], "en", voice))
        yield paragraph, speech.pcm, speech.words


def _stored(folder: Path, takes: int, *, again: bool) -> Iterator[tuple[str, NDArray[np.int16], WordTimes]]:
    """Takes of the embedded engine without dictionary, spread evenly over a project's store."""
    store = TakeStore(folder / ".narration" / "takes")
    speaker = Speaker() if again else None
    keys = sorted(store.all_keys())
    for key in keys[:: max(len(keys) // takes, 1)][:takes]:
        take = store.stored(key)
        if take is None or take.inputs["engine"] != "hibari" or take.inputs["dictionary"]:
            continue
        text, pcm, words = str(take.inputs["text"]), store.audio(take), store.words(take)
        if speaker is not None:
            speech = speaker.speak(_order_of(take.inputs))
            if not (np.array_equal(speech.pcm, pcm) and np.array_equal(speech.words.end_sample, words.end_sample)):
                print(f"take {key[:12]}: other sound, or other word ends, than stored")
            pcm, words = speech.pcm, speech.words
        yield text, pcm, words


def _order_of(inputs: KeyInputs) -> Order:
    fields: dict[str, Any] = dict(inputs)
    return Order(fields["text"], fields["language"], fields["voice"], (), fields["take"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("text", nargs="?", type=Path)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--takes", type=int, default=150)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--level", type=int, default=98)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--pitch", type=float, default=1.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
