"""What ``narrate doctor`` looks at: whether a machine and a project are fit to render, and the next step where not."""
