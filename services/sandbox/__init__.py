"""A loopback stand-in for Encord and Google Cloud Storage, sharing no code with what it checks."""
