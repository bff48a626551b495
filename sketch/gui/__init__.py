"""The window: mirrors the document and calls commands; decides nothing."""
