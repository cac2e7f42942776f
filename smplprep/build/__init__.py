"""``smplprep build``: many models, in parallel, only where something changed, and their lock."""
