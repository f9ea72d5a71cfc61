"""What moves runs forward: `advance` and what rings it. The ledger is the truth."""
