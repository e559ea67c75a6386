"""The service: pages, API and feeds."""
