"""What people type into forms, and how it comes back with what is wrong."""
