"""Cloud buckets as the app sees them: what they are, what is in them, who may read it."""
