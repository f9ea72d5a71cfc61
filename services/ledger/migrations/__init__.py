"""The ledger's migrations, run by `services.ledger.migrate`."""
