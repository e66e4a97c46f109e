"""What programs send and are answered, as models: they check what comes in and describe both for OpenAPI."""
