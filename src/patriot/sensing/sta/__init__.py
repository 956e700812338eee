"""OGC SensorThings 1.1 over the room's tables: what is asked, compiled to SQL; what is sent, checked and written."""
