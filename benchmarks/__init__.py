"""Benchmarks: each prints the figures of one part, with its peers and stubs beside it."""
