"""The durable record of runs: what was intended, sent, answered, decided and proved."""
