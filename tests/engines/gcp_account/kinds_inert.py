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

    def named(id_: str, *fixed: str, **also: str) -> Inert:
        return of(id_, *fixed, **{"name": id_, **also})

    own_project, agent = "projects/{project}", "service-123456789012@gcp-sa.iam.gserviceaccount.com"
    apis = f"{own_project}/locations/global/apis/{{api_id}}"
    service = f"{{api_id}}.apigateway.{project}.cloud.goog"
    return {
        "google_api_gateway_api": named(apis, "api_id", managed_service=service),
        "google_artifact_registry_repository": named(f"{_PLACE}/repositories/{{repository_id}}", "repository_id"),
        "google_eventarc_trigger": of(f"{_PLACE}/triggers/{{name}}", "name", "location"),
        "google_kms_key_ring": of(f"{_PLACE}/keyRings/{{name}}", "name", "location"),
        "google_logging_metric": of("{name}", "name"),
        "google_logging_project_bucket_config": named(f"{_PLACE}/buckets/{{bucket_id}}", "bucket_id", "location"),
        "google_logging_project_exclusion": of(f"{own_project}/exclusions/{{name}}", "name"),
        "google_logging_project_sink": of(
            f"{own_project}/sinks/{{name}}", "name", writer_identity=f"serviceAccount:{agent}"
        ),
        "google_monitoring_alert_policy": named(f"{own_project}/alertPolicies/{{display_name}}"),
        "google_monitoring_dashboard": of(f"{own_project}/dashboards/{{dashboard_json}}"),
        "google_monitoring_notification_channel": named(f"{own_project}/notificationChannels/{{display_name}}", "type"),
        "google_project_service": of("{project}/{service}", "service"),
        "google_project_service_identity": of(
            f"{own_project}/services/{{service}}", "service", email=agent, member=f"serviceAccount:{agent}"
        ),
        "google_secret_manager_secret_version": named("{secret}/versions/1", "secret", version="1"),
        "time_sleep": of("2026-01-01T00:00:00Z"),
    }
