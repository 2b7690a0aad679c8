"""Members and groups of a course as the platform lists them (NRPS)."""
