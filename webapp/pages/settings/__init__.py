"""What the pages of the settings show."""
