"""What the fleet announces. Positions are telemetry and never stand in the ledger."""

from dataclasses import dataclass

from patriot.kernel.events import announces


@announces("fleet.device_registered")
@dataclass(frozen=True)
class DeviceRegistered:
    """A tracker or phone was tied to a vehicle."""

    device: int
    vehicle: int | None
    callsign: str
