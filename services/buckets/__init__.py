"""What people do with a bucket: check it, mend its CORS rules, prove that Encord can read it."""
