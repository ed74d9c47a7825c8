"""What the projects of one command share: what they may spend together, and the pace that a wallet's limits allow."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.engines.protocol import Limits
from pipeline.render.pacing import Pacing
from pipeline.render.purse import Purse


@dataclass(slots=True)
class Together:
    """Filled by one run after another. ``spent_cents``: what all of them have come to, unknown charges at their
    reservation: it counts against ``--max-cost``."""

    spent_cents: Decimal = Decimal(0)
    _pacings: dict[tuple[str, Limits], Pacing] = field(default_factory=dict)

    def add(self, purse: Purse) -> None:
        """Count what a run that has ended came to."""
        self.spent_cents += purse.standing.at_most_cents

    def pacing(self, account: str, limits: Limits) -> Pacing:
        """The pacing of a wallet, with all that the runs before have sent in its window and have been taught."""
        pacing = self._pacings.setdefault((account, limits), Pacing(limits))
        pacing.all_ended(time.monotonic())
        return pacing
