"""Designing the metadata schema of an organization: a draft, what is wrong with it, and a plan.

`draft` is what a person wants, `lint` what is wrong with it, `plan` how Encord's schema becomes it,
`drift` what somebody else changed meanwhile, `script` the plan as a program for Encord's SDK.
"""
