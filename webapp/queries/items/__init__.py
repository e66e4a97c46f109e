"""Items, their categories, and finding one."""
