"""Stock: what lies where, one item's card, and movements."""
