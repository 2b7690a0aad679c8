"""The levels that follow from the ledger: kept up in each transaction, replayed, adopted; and what installs content."""
