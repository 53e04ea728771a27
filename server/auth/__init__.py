"""From a token to who somebody is, and what of it still holds."""
