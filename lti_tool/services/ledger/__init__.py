"""The append-only ledger: events, seals, adoptions, standings as of a time, appeals."""
