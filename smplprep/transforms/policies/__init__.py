"""Which skinning weights are spurious: one policy, one file; each says which entries to remove.

A policy is ``model -> {rule: (V, J) mask}``: the masks are disjoint, in the order in which the
rules apply, and mark only entries that are not zero. ``transforms/prune_weights`` removes them.
"""
