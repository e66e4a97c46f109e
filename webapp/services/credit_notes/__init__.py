"""Credit notes: drafted from an invoice, posted, settling what is open."""
