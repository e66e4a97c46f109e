"""What the tests stand on: database servers, a browser, a live server."""
