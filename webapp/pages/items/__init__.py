"""Items: lists and one."""
