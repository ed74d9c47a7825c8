"""What was paid, for what, and what was wasted: read from ledgers alone, exact to the last digit."""
