"""Types of resources that do nothing in the local Google Cloud: they are there, by an id, or they are not."""

from __future__ import annotations

from collections.abc import Mapping

from engines.gcp_account.terraform.kinds import Inert

_PLACE = "projects/{project}/locations/{location}"


def inert(project: str, region: str) -> Mapping[str, Inert]:
    """The types, each with what is there of it."""
    own = {"project": project, "location": region, "region": region}

    def of(id_: str, *fixed: str, **also: str) -> Inert:
        return Inert(id_, frozenset(fixed), also, defaults=own)

    name = "projects/{project}"
    return {
        "google_api_gateway_api": of(name + "/locations/global/apis/{api_id}", "api_id", managed_service="{api_id}.apigateway." + project + ".cloud.goog", name=name + "/locations/global/apis/{api_id}"),
        "google_cloud_scheduler_job": of(f"{_PLACE.replace('{location}', '{region}')}/jobs/{{name}}", "name", "region"),
        "google_eventarc_trigger": of(f"{_PLACE}/triggers/{{name}}", "name", "location"),
        "google_kms_key_ring": of(f"{_PLACE}/keyRings/{{name}}", "name", "location"),
        "google_logging_metric": of("{name}", "name"),
        "google_logging_project_bucket_config": of(f"{_PLACE}/buckets/{{bucket_id}}", "bucket_id", "location", name=f"{_PLACE}/buckets/{{bucket_id}}"),
        "google_logging_project_exclusion": of(name + "/exclusions/{name}", "name"),
        "google_logging_project_sink": of(name + "/sinks/{name}", "name", writer_identity="serviceAccount:service-123456789012@gcp-sa-logging.iam.gserviceaccount.com"),
        "google_monitoring_alert_policy": of(name + "/alertPolicies/{display_name}", name=name + "/alertPolicies/{display_name}"),
        "google_monitoring_dashboard": of(name + "/dashboards/{dashboard_json}"),
        "google_monitoring_notification_channel": of(name + "/notificationChannels/{display_name}", "type", name=name + "/notificationChannels/{display_name}"),
        "google_project_iam_custom_role": of(name + "/roles/{role_id}", "role_id", name=name + "/roles/{role_id}"),
        "google_project_service": of("{project}/{service}", "service"),
        "google_project_service_identity": of(name + "/services/{service}", "service", email="service-123456789012@gcp-sa.iam.gserviceaccount.com", member="serviceAccount:service-123456789012@gcp-sa.iam.gserviceaccount.com"),
        "google_secret_manager_secret_version": of("{secret}/versions/1", "secret", name="{secret}/versions/1", version="1"),
        "time_sleep": of("2026-01-01T00:00:00Z"),
    }  # fmt: skip
