"""The texts of every symptom, by where they are met. `services.domain.symptoms` gathers them."""
