"""One problem, one owner, one deadline: routing, tasks, closure, and what the wall shows of it."""
