"""Which skinning weights are spurious: one policy, one file; each says which entries to remove.

A policy is ``model -> Found``. ``transforms/prune_weights`` removes what it found.
"""
