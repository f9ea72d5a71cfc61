"""The demo studio: scenarios set up in the sandbox, and where a presenter stands in one.

It speaks to the sandbox through its control calls and to the app through the services that pages
use, so what a demo shows is the product. Nothing else depends on it.
"""
