"""The desk's paths."""

from django.urls import path

from patriot.desk import acts, views

app_name = "desk"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("incident/<int:incident_id>/", views.incident, name="incident"),
    path("incident/<int:incident_id>/do/<slug:name>/", acts.act, name="act"),
    path("task/<int:task_id>/do/<slug:name>/", acts.act_on_task, name="task"),
    path("crew/<int:assignment_id>/withdraw/", acts.withdraw, name="withdraw"),
    path("funds/", views.funds, name="funds"),
    path("funds/<int:commitment_id>/decide/", acts.decide, name="decide"),
    path("funds/raise/", acts.raise_fund, name="raise_fund"),
    path("figures/", views.figures, name="figures"),
]
