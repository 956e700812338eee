"""Vehicles, their tracking devices and where they are."""
