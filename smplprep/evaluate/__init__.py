"""``smplprep evaluate``: how far a cleaned model's vertices lie from the original's in motions."""
