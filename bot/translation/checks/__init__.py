"""Checks of Korean against its English: one file a check, `base.py` for what they share."""
