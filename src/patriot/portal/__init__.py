"""The citizens' face: report, follow, see what came of it. Every page works without JavaScript."""
