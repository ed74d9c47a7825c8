"""Judging caption files, our own and other people's."""
