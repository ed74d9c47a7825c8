"""A short story to begin with, where there is no manuscript yet."""

from __future__ import annotations

TITLE = "The Clock at Wexcombe"
AUTHOR = "A. Newcomer"

CHAPTERS = {
    "manuscript/1-the-letter.md": """\
# The Letter

The letter came on a Tuesday, and Isolde Marchetti read it twice before she put on her coat. It was four lines long.

"The clock has stopped," it said. "Nobody here remembers how it is wound. Please come before the fair."

---

By noon she was on the train to Wexcombe, with a bag of files and oil on her knees.
""",
    "manuscript/2-the-tower.md": """\
# The Tower

There were 84 steps. Mr. Pennefather counted them aloud behind her, as if one of them might have gone missing.

"My grandfather wound it," he said. "Every Sunday, for 51 years."

Isolde opened the case. Between the wheels, dry and quite flat, lay a sparrow's nest.

"And what did he do in spring?" she asked.

Mr. Pennefather thought about it. "He used to say that the clock needed a rest."

She closed the case again, without touching anything, and they went down to look at the fair.
""",
}
