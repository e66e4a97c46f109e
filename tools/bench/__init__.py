"""How fast an order becomes cash through the services, beside the same rows written by hand."""
