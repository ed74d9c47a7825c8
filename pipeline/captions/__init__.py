"""Captions: cues from word times, and the formats they are written in."""
