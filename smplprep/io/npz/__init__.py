"""Archives of arrays: read strictly, written with the same bytes every time."""
