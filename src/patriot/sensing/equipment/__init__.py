"""What measures: devices, their credentials and payloads, quarantine, the register of assets."""
