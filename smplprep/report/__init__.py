"""The report: plain data with a schema, its text, its page."""
