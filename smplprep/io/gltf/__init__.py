"""A model as .glb: ``write``, the ``arrays`` in it, its ``texts`` and what it cannot hold."""
