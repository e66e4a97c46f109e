"""Items and their categories, one by one and by the thousand."""
