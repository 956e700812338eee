"""Who they are: accounts, agencies, roles, shifts, and the one function that limits what a viewer may see."""
