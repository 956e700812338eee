"""What may be odd about a reading, and what it means for conditions: columns in, flags and crossings out."""
