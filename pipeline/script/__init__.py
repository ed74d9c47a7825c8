"""The script: the manuscript cast to voices, with dictionaries matched, cut into segments."""
