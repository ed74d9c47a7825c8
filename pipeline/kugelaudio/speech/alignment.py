"""Word times on the clock of the request.

A long text is generated as several chunks, and each chunk's word timestamps count from its own start. What has to
be added is the audio delivered before the chunk. Servers that already count from the start of the request are
recognised by their times: they go on where the last words ended. A timestamps frame may trail its audio by 50 to
200 ms, so audio of the next chunk can stand before it; where no frame says which chunk it belongs to, the shorter
last audio frame of a chunk gives its end away.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, Literal

from pipeline.kugelaudio.errors import IncompleteAudioError
from pipeline.kugelaudio.models import WordTimestamp
from pipeline.kugelaudio.speech.completeness import unspoken_between
from pipeline.kugelaudio.speech.frames import malformed

TOLERANCE_MS: Final = 60.0
"""How far alignment may run past the audio or the words before; two analysis frames of common aligners."""


class WordClock:
    """Places the timestamps frames of one answer. Feed it audio and words in order of arrival.

    With ``text``, character offsets are held to it: those that count from their chunk are moved to the request's.
    """

    def __init__(self, text: str | None = None) -> None:
        self._text = text
        self._edges_ms: list[float] = [0.0]
        self._sizes: list[int] = []
        self._starts_ms: dict[object, float] = {}
        self._started_ms: list[float] = []
        self._placed = 0
        self._chunk_start_ms = 0.0
        self._last_end_ms = 0
        self._last_char_start = -1
        self._last_char_end = 0
        self._seen: set[tuple[str, tuple[tuple[str, int, int, int], ...]]] = set()
        self._mode: Literal["relative", "absolute"] | None = None
        self._waiting: list[tuple[list[WordTimestamp], object]] = []

    @property
    def settled(self) -> bool:
        """Whether no words wait for their audio."""
        return not self._waiting

    def chunk_started(self, chunk_id: object) -> None:
        """Note that the server says a generated chunk starts here; without an id, words come in the same order."""
        self._starts_ms[chunk_id] = self._edges_ms[-1]
        self._started_ms.append(self._edges_ms[-1])

    def audio(self, samples: int, sample_rate: int) -> list[WordTimestamp]:
        """Note delivered audio; return words that waited for it."""
        self._edges_ms.append(self._edges_ms[-1] + 1000.0 * samples / sample_rate)
        self._sizes.append(samples)
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, []
        return [word for words, chunk_id in waiting for word in self.words(words, chunk_id, repeated=True)]

    def words(
        self, words: list[WordTimestamp], chunk_id: object = None, *, repeated: bool = False
    ) -> list[WordTimestamp]:
        """Return the words of a frame on the request's clock, or nothing while their audio is still to come.

        Raises KugelAudioError for words that go back in the text or in time.
        """
        if not words or (not repeated and self._is_repeat(words, chunk_id)):
            return []
        self._check(words)
        if self._waiting:
            self._waiting.append((words, chunk_id))
            return []
        offset_ms = self._offset_ms(words, chunk_id)
        if offset_ms is None:
            self._waiting.append((words, chunk_id))
            return []
        return self._place(words, offset_ms, chunk_id)

    def _is_repeat(self, words: list[WordTimestamp], chunk_id: object) -> bool:
        if self._started_ms and chunk_id is None:
            return False
        mark = (str(chunk_id), tuple((word.word, word.start_ms, word.end_ms, word.char_start) for word in words))
        known = mark in self._seen
        self._seen.add(mark)
        return known

    @staticmethod
    def _check(words: list[WordTimestamp]) -> None:
        last = 0
        for word in words:
            if word.start_ms < 0 or word.end_ms < word.start_ms or word.start_ms < last - TOLERANCE_MS:
                raise malformed(f"word timestamps that go backwards at {word.word[:40]!r}")
            last = word.start_ms

    def _offset_ms(self, words: list[WordTimestamp], chunk_id: object) -> float | None:
        first, last, delivered = words[0].start_ms, words[-1].end_ms, self._edges_ms[-1] + TOLERANCE_MS
        start = self._start_ms(chunk_id)
        relative = start + last <= delivered and self._mode != "absolute"
        absolute = last <= delivered and first >= self._last_end_ms - TOLERANCE_MS and self._mode != "relative"
        if start and relative and absolute:
            relative = first < start - TOLERANCE_MS
        if start and relative != absolute:
            self._mode = "relative" if relative else "absolute"
        if relative:
            return start
        return 0.0 if absolute else None

    def _start_ms(self, chunk_id: object) -> float:
        if chunk_id is not None:
            return self._starts_ms.get(chunk_id, self._chunk_start_ms)
        if self._started_ms:
            return self._started_ms[min(self._placed, len(self._started_ms) - 1)]
        return self._chunk_start_ms

    def _place(self, words: list[WordTimestamp], offset_ms: float, chunk_id: object) -> list[WordTimestamp]:
        shift = round(offset_ms)
        chars = self._char_shift(words)
        if self._text is not None:
            left_out = unspoken_between(self._text, self._last_char_end, words[0].char_start + chars)
            if left_out is not None:
                raise IncompleteAudioError(
                    f"The answer is incomplete: {left_out[:40]!r} has no timestamp", error_code="INCOMPLETE_TIMESTAMPS"
                )
        placed = [_moved(word, shift, chars) for word in words] if shift or chars else words
        if placed[0].start_ms < self._last_end_ms - TOLERANCE_MS:
            raise malformed("word timestamps that go back behind earlier ones")
        self._placed += 1
        self._last_end_ms = placed[-1].end_ms
        self._last_char_start, self._last_char_end = placed[-1].char_start, placed[-1].char_end
        self._chunk_start_ms = self._chunk_end_ms(self._last_end_ms) if chunk_id is None else self._edges_ms[-1]
        return placed

    def _char_shift(self, words: list[WordTimestamp]) -> int:
        """Return what to add to character offsets: nothing, unless they go back and fit the text further on."""
        text, first = self._text, words[0]
        if text is None or first.char_start > self._last_char_start:
            return 0
        shift = text.find(first.word, self._last_char_end) - first.char_start
        fits = shift > 0 and all(text.startswith(word.word, word.char_start + shift) for word in words)
        if not fits:
            raise malformed("word timestamps that go back in the text")
        return shift

    def _chunk_end_ms(self, spoken_ms: float) -> float:
        """Return where the chunk ends whose last word ends at ``spoken_ms``: the first short frame, or all there is."""
        largest = max(self._sizes)
        first = bisect_left(self._edges_ms, spoken_ms - TOLERANCE_MS, lo=1)
        for edge in range(first, len(self._edges_ms)):
            if self._sizes[edge - 1] < largest:
                return self._edges_ms[edge]
        return self._edges_ms[-1]


def _moved(word: WordTimestamp, shift_ms: int, chars: int) -> WordTimestamp:
    return WordTimestamp(
        word=word.word,
        start_ms=word.start_ms + shift_ms,
        end_ms=word.end_ms + shift_ms,
        char_start=word.char_start + chars,
        char_end=word.char_end + chars,
        score=word.score,
    )
