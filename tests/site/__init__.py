"""Helpers for the tests of the built pages."""
