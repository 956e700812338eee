"""What every room stands on: configuration, clock, ids, geometry, events, panels. No models, no I/O of its
own.
"""
