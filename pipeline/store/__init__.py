"""What is kept: takes by content key, the ledger of attempts, the project's lock."""
