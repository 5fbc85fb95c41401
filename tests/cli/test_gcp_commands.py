"""What commands do on Google Cloud alone: it names runs itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.cloud_app import mistake
from clouds.gcp_small_app import small_bundle
from engines.gcp_account.account import GoogleProject

Invoke = Callable[..., Any]


def test_a_name_for_a_run_is_refused(gcp: GoogleProject, tmp_path: Path, invoke: Invoke) -> None:
    small_bundle().write(tmp_path / "gcp")
    assert invoke("deploy", "gcp", str(tmp_path / "gcp"), "-y", "-q").exit_code == 0
    mistake(invoke, "invoke", "gcp", "shop:quote", "--run", "mine", code="SKY646")
    mistake(invoke, "invoke", "gcp", "shop:refund", code="SKY651")
