"""The intake process: telemetry in, acknowledged after commit."""
