"""Pickles as data: nothing that a file names is imported, and nothing is run."""
