"""The rules of the business as pure functions and values; imports the standard library and itself only."""
