"""Options of captions reach the output; those that make no sense for a format are refused where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.project.loading import load_project
from pipeline.project.outputs import Output


def loaded(folder: Path, output: str) -> Output:
    (folder / "book.md").write_text("# One\n\nWords.\n", encoding="utf-8")
    (folder / "project.yaml").write_text(
        f"title: Book\nchapters: [{{source: book.md}}]\noutputs:\n  - {output}\n", encoding="utf-8"
    )
    return load_project(folder).outputs[0]


@pytest.mark.parametrize(
    "output",
    [
        "{format: srt, granularity: word, speakers: names}",
        "{format: vtt, granularity: word, rules: bbc, speakers: colours}",
        "{format: ass, granularity: sentence, speakers: colours}",
        "{format: lrc, granularity: word, speakers: names}",
        "{format: captions-json, granularity: sentence, speakers: none}",
    ],
)
def test_options_that_fit_are_taken(tmp_path: Path, output: str) -> None:
    made = loaded(tmp_path, output).model_dump(mode="json", exclude_none=True)
    assert made == dict(pair.split(": ") for pair in output.strip("{}").split(", "))


@pytest.mark.parametrize(
    ("output", "refused"),
    [
        ("{format: mp3, granularity: word}", "no granularity, since mp3 holds no captions"),
        ("{format: m4b, speakers: names}", "no speakers, since m4b holds no captions"),
        ("{format: lrc, rules: bbc}", "no rules, since lrc is a line at a time"),
        ("{format: vtt, granularity: sentence, rules: bbc}", "no rules, since a sentence is shown whole"),
        ("{format: srt, granularity: word, rules: bbc}", "no rules, since srt shows a word at a time"),
        ("{format: srt, speakers: colours}", "none or names, since srt has no colours"),
        ("{format: captions-json, granularity: word}", "since captions-json always gives every word its times"),
        ("{format: vtt, rules: bcc}", "one of netflix, bbc; did you mean 'bbc'?"),
    ],
)
def test_options_without_sense_are_refused_with_their_line(tmp_path: Path, output: str, refused: str) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, output)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("project.yaml", 4)
    assert refused in problem.message
