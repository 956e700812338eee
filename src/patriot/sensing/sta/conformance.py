"""The requirement classes this service keeps, as the service root lists them."""

BASE = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
DATAMODEL = (
    "thing", "location", "historical-location", "datastream", "sensor", "observed-property", "observation",
    "feature-of-interest",
)  # fmt: skip
REQUIREMENTS = (
    *(f"datamodel/{name}/{part}" for name in DATAMODEL for part in ("properties", "relations")),
    "datamodel/entity-control-information/common-control-information",
    "resource-path/resource-path-to-entities",
    *(
        f"request-data/{name}"
        for name in (
            "order", "expand", "select", "status-code", "query-status-code", "orderby", "top", "skip",
            "count", "filter", "built-in-filter-operations", "built-in-query-functions", "pagination",
        )
    ),
    *(
        f"create-update-delete/{name}"
        for name in (
            "create-entity", "link-to-existing-entities", "deep-insert", "deep-insert-status-code",
            "update-entity", "update-entity-put", "update-entity-jsonpatch", "delete-entity",
            "historical-location-auto-creation", "historical-location-manual-creation",
        )
    ),
    "batch-request/batch-request",
    "data-array/data-array",
    "create-observations-via-mqtt/observations-creation",
    "receive-updates-via-mqtt/receive-updates",
)  # fmt: skip
CONFORMANCE = tuple(BASE + name for name in REQUIREMENTS)
MQTT = ("create-observations-via-mqtt/observations-creation", "receive-updates-via-mqtt/receive-updates")


def server_settings(mqtt: str) -> dict[str, object]:
    """`serverSettings` of the service root. `mqtt`: the broker's address."""
    return {
        "conformance": list(CONFORMANCE),
        **{BASE + name: {"endpoints": [mqtt]} for name in MQTT},
    }
