"""Settings: the company, people, taxes, terms, places, groups, limits, files."""
