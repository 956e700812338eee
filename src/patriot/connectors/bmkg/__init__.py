"""BMKG, the national weather service: nowcast warnings (CAP) and the forecast of each kelurahan."""
