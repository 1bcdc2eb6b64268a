"""Readers' corrections: from a comment under a post to a better text, everywhere it stands."""
