"""Reads: what a page or report shows; never locks, never writes."""
