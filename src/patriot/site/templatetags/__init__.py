"""Template tags of the shell: built assets, navigation, the islands' words."""
