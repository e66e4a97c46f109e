"""What only pages and the API show: words, tones, addresses, next steps, lists as their address asks for them."""
