"""What the pages do, as programs and commands that do the same."""
