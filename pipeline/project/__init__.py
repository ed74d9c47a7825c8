"""The manifest: ``project.yaml`` read, checked and turned into a ``Project``."""
