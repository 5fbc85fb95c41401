"""Secrets in AWS Secrets Manager, by ARN."""

from __future__ import annotations

from skyloom.adapters.secrets import unreadable


def read(arn: str) -> str:
    """The text of the secret. Raises ConfigError (SKY605)."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    region = arn.split(":")[3]
    try:
        answer = boto3.client("secretsmanager", region_name=region).get_secret_value(SecretId=arn)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ResourceNotFoundException":
            raise unreadable(arn, "it has no value yet, or is gone") from None
        raise unreadable(arn, code) from None
    except BotoCoreError as error:
        raise unreadable(arn, str(error)) from None
    text: str = answer.get("SecretString") or answer.get("SecretBinary", b"").decode()
    return text
