"""The leadership's face: what waits on whom, what breaks next, and one click to move it. Owns no rules."""
