"""Things, datastreams, readings and what they mean."""
