"""A server on this machine that answers as the KugelAudio API does, with the embedded voice and play money.

Everything that would cost money can be developed, tested and shown against it: the same routes, frames, limits,
prices and errors, and faults on demand. :func:`pipeline.server.running.serve` runs it; tests use
:class:`pipeline.server.running.BackgroundServer`.
"""
