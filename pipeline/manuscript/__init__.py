"""The manuscript: text, Markdown, HTML and EPUB read into chapters of blocks."""
