"""What every blueprint uses of HTTP: who asks, what answers look like, how refusals are told."""
