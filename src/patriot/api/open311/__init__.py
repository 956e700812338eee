"""Open311 GeoReport v2: report and read service requests, in JSON and XML. https://wiki.open311.org/GeoReport_v2/"""
