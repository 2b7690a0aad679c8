"""The domain of Qualoop: what is taught, what is known, what counts. No web framework, no database, no host."""
