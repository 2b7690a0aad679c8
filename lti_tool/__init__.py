"""The LTI tool: protocol, database, pages, worker."""
