"""The wall: the whole city, live, on a big screen."""
