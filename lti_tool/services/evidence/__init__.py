"""The one way into the ledger for what was scored: checks, locks, corrections, and the entries read back."""
