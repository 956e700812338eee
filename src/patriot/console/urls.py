"""The console's paths."""

from django.urls import path

from patriot.console import alarm_acts, alarms, assets, devices, quarantine, views, warnings

app_name = "console"
urlpatterns = [
    path("", views.console, name="console"),
    path("queue/", views.queue, name="queue"),
    path("handover/", views.handover, name="handover"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/list/", alarms.alarm_list, name="alarm_list"),
    path("alarms/load/", alarms.alarm_load, name="alarm_load"),
    path("alarms/strip/", alarms.strip, name="alarm_strip"),
    path("alarms/acknowledge/", alarm_acts.acknowledge_all, name="acknowledge_all"),
    path("alarms/<int:alarm_id>/", alarms.alarm, name="alarm"),
    path("alarms/<int:alarm_id>/do/<slug:name>/", alarm_acts.act, name="alarm_act"),
    path("alarms/<int:alarm_id>/incident/", alarm_acts.open_incident, name="alarm_incident"),
    path("assets/", assets.listing, name="assets"),
    path("assets/<int:asset_id>/", assets.detail, name="asset"),
    path("sensing/devices/", devices.listing, name="devices"),
    path("sensing/devices/new/", devices.provision, name="device_provision"),
    path("sensing/devices/csv/", devices.many, name="devices_csv"),
    path("sensing/devices/<int:device_id>/rotate/", devices.rotate, name="device_rotate"),
    path("sensing/devices/<int:device_id>/switch/", devices.switch, name="device_switch"),
    path("sensing/quarantine/", quarantine.listing, name="quarantine"),
    path("sensing/quarantine/replay/", quarantine.replay, name="quarantine_replay"),
    path("sensing/quarantine/discard/", quarantine.discard, name="quarantine_discard"),
    path("sensing/quarantine/undo/", quarantine.undo, name="quarantine_undo"),
    path("warnings/", warnings.index, name="warnings"),
    path("warnings/new/", warnings.new, name="warning_new"),
    path("warnings/<int:warning_id>/", warnings.one, name="warning"),
    path("warnings/<int:warning_id>/approve/", warnings.approve, name="warning_approve"),
    path("warnings/<int:warning_id>/return/", warnings.send_back, name="warning_return"),
    path("warnings/<int:warning_id>/update/", warnings.update, name="warning_update"),
    path("warnings/<int:warning_id>/cancel/", warnings.cancel, name="warning_cancel"),
    path("warnings/<int:warning_id>/all-clear/", warnings.all_clear, name="warning_all_clear"),
]
