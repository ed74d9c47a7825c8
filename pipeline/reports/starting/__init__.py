"""What ``narrate init`` writes: a first project around a manuscript that is there, or around a sample."""
