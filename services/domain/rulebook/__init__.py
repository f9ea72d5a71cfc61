"""The texts of every finding code, one module per subject. `services.domain.rules` gathers them."""
