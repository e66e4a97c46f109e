"""Files of other programs: reading them with every fault named, trying them out, and taking them in."""
