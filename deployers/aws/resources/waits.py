"""The table of what runs wait for, and the key that signs the links to approvals."""

from __future__ import annotations

from skyloom.deployers.aws.resources.layout import Layout, service_id
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.words import Resources, att, ref, resource, sub

TABLE = "Waits"
"""The logical id of the table; `skyloom.deployers.services.waiting` describes its records."""
LINK_KEY = "LinkKey"
"""The logical id of the secret that holds the key."""
ROTATE = "rotate"
ROTATION_DAYS = 90
"""As long as a link may live at most (`skyloom.deployers.services.links`)."""


def waits(layout: Layout) -> Resources:
    """What approvals and events need; nothing where no flow waits."""
    found: Resources = {}
    if layout.waits:
        found |= _table(layout)
    if layout.asks:
        found |= _link_key(layout)
    return found


def _table(layout: Layout) -> Resources:
    keys = {"subject": "HASH", "id": "RANGE"}
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": att(KEY)},
        "DeletionProtectionEnabled": layout.settings.keep_data,
    }
    return {TABLE: resource("AWS::DynamoDB::Table", properties, "waits")}


def _link_key(layout: Layout) -> Resources:
    secret = {
        "Description": f"Signs the links to the approvals of {layout.prefix}",
        "GenerateSecretString": {"PasswordLength": 64, "ExcludePunctuation": True},
        "KmsKeyId": att(KEY),
    }
    rotation = {
        "SecretId": ref(LINK_KEY),
        "RotationLambdaARN": att(service_id(ROTATE)),
        "RotationRules": {"AutomaticallyAfterDays": ROTATION_DAYS},
        "RotateImmediatelyOnUpdate": False,
    }
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": ref(service_id(ROTATE)),
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": sub("${AWS::AccountId}"),
        "SourceArn": ref(LINK_KEY),
    }
    return {
        LINK_KEY: resource("AWS::SecretsManager::Secret", secret, "link key"),
        f"{LINK_KEY}Rotation": resource(
            "AWS::SecretsManager::RotationSchedule", rotation, "link key", after=[f"{LINK_KEY}Permission"]
        ),
        f"{LINK_KEY}Permission": resource("AWS::Lambda::Permission", permission, "link key"),
    }
