"""The interfaces for machines: Open311, the native API, the live stream."""
