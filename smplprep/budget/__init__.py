"""A budget in mm: which removals it allows, the proof, and how close to the proof poses come."""
