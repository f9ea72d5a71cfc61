"""The rules of onboarding, pure: values and functions without any input or output."""
