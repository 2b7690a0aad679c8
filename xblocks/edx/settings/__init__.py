"""Functions that the platform calls when it sets itself up: one module for each of its sets of settings."""
