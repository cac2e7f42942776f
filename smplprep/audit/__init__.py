"""Supports, leaks and sensitivities of landmarks, and their tables."""
