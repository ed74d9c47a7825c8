"""Pipelines of CI servers that narrate a project: what ``narrate init --ci`` writes."""
