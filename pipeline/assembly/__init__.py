"""Assembly: takes placed on a timeline, encoded into chapter files and one book."""
