"""OGC SensorThings 1.1 over the room's tables: questions compiled to SQL, bodies checked and written."""
