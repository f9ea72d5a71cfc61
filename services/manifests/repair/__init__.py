"""Mend a manifest: fixes by code, edits by row, find and replace, columns of foreign CSVs."""
