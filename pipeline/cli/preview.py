"""``narrate preview``: listen in a browser while you write."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_project
from pipeline.project.engines import EngineName

if TYPE_CHECKING:
    from pipeline.previewing import Told

DEFAULT_PORT = 8766
_EPILOG = """\
examples:
  narrate preview
  narrate preview projects/lighthouse --port 0 --open
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "preview",
        help="listen in a browser, and hear a paragraph anew as soon as it is edited",
        description="Serve the page to listen on, to this machine only, and re-render what changes in the manuscript, "
        "the manifest or a dictionary, on an embedded engine: a preview never costs anything. Ctrl-C ends it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_project(parser)
    parser.add_argument(
        "--engine",
        choices=[name.value for name in EngineName if not name.paid],
        help="the embedded engine to use (default: the manifest's, or hibari)",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"port to listen on (default: {DEFAULT_PORT}; 0: a free one)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import webbrowser

    from pipeline.previewing import open_preview

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    preview = open_preview(arguments.project, engine=arguments.engine)
    try:
        with preview.serving(arguments.port) as url:
            _say(preview.what)
            _say(f"listen on {url} (Ctrl-C ends it)")
            if arguments.open:
                webbrowser.open(url)
            preview.follow(_tell)
    except KeyboardInterrupt:
        _say("ended; what was made is kept")
    return 0


def _tell(told: Told) -> None:
    if told.trouble:
        _say(f"{told.trouble}\nthe page stays as it was until this is mended")
    else:
        takes = "1 take" if told.takes == 1 else f"{told.takes} takes"
        _say(f"{takes} made, page {told.version}, in {told.seconds:.1f} s")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
