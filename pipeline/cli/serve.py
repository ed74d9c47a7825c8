"""``narrate serve``: the local server that answers as the KugelAudio API does."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands

if TYPE_CHECKING:
    from pipeline.server.faults import FaultScript
    from pipeline.server.service import ServerOptions

_EPILOG = """\
examples:
  narrate serve --port 8765
  narrate serve --state ~/.narrate-server --tier 2 --wallet 500
  narrate serve --faults faults.yaml
  narrate serve --silent --tier 0

The key is ka_local unless --key gives others. Nothing that this server bills is real money.
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "serve",
        help="run a local server that speaks the KugelAudio protocol, with the embedded voice",
        description="A KugelAudio-compatible API on this machine: real speech, play money, faults on demand.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8765, help="port to listen on (default: 8765; 0: a free one)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep the state there (default: in memory)")
    parser.add_argument("--key", action="append", default=[], metavar="KEY", help="a key to accept; repeatable")
    parser.add_argument(
        "--tier", type=int, choices=range(5), default=3, help="limits of tier 1-4 (default: 3); 0: without limits"
    )
    parser.add_argument("--wallet", type=_cents, metavar="CENTS", help="prepaid EUR cents (default: never empty)")
    parser.add_argument(
        "--billing",
        choices=("exact", "started"),
        default="exact",
        help="bill exact or started seconds (default: exact)",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a YAML or JSON script of faults")
    parser.add_argument("--silent", action="store_true", help="tones instead of speech, for load tests")
    parser.add_argument("--jobs", type=int, metavar="N", help="voices that speak at once (default: one for each core)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from pipeline.server.running import serve

    serve(_options(arguments), arguments.host, arguments.port, _announce)
    return 0


def _announce(url: str) -> None:
    sys.stdout.write(f"serving on {url}\n")
    sys.stdout.flush()


def _options(arguments: argparse.Namespace) -> ServerOptions:
    from pipeline.server.faults import FaultScript
    from pipeline.server.money import Billing
    from pipeline.server.service import ServerOptions

    return ServerOptions(
        state=arguments.state,
        keys=tuple(arguments.key),
        tier=arguments.tier,
        wallet_cents=arguments.wallet,
        billing=Billing(arguments.billing),
        faults=_script(arguments.faults) if arguments.faults is not None else FaultScript(),
        silent=arguments.silent,
        jobs=arguments.jobs,
    )


def _script(path: Path) -> FaultScript:
    import yaml

    from pipeline.errors import UsageError
    from pipeline.server.faults import read_script

    try:
        return read_script(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read as YAML: {error}", hint="see `narrate serve --help`") from error


def _cents(value: str) -> Decimal:
    try:
        cents = Decimal(value)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{value!r} is no amount of cents") from None
    if not cents.is_finite() or cents < 0:
        raise argparse.ArgumentTypeError(f"{value!r} is no amount of cents")
    return cents
