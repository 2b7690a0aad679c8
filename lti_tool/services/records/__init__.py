"""A learner's record: levels, what is held back, timelines, the download of the ledger."""
