"""The native API: what the faces can do, for programs. `/api/v1`, described at `/api/docs`."""
