"""Which skinning weights are spurious, as a (V, J) mask: one policy, one file."""
