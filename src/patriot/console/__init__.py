"""The operators' face: live queue, map, incident, one key for each frequent act. Owns no rules."""
