"""The boundary to Encord: what we ask of it (`interface`), and the SDK behind it (`sdk`)."""
