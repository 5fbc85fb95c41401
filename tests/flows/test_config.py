"""skyloom.toml: where it is found, what it says, and how its mistakes are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyloom.adapters.llm.offline import OfflineModel
from skyloom.adapters.llm.openai_compatible import OpenAICompatibleModel
from skyloom.errors import ConfigError, Diagnostic
from skyloom.flows.config import (
    Config,
    ResolvedModel,
    find_file,
    is_alias,
    known_aliases,
    language_model,
    load_config,
    resolve_model,
    variable_of,
)

EXAMPLE = """\
[models.local]
fast = "offline"
smart = "ollama:llama3.2:3b"

[models.aws]
fast = "offline"

[environments.prod.models.local]
smart = "openai:gpt-5"

[environments.lab.providers.ollama]
base_url = "http://10.0.0.7:11434/v1"

[providers.ollama]
kind = "openai"
base_url = "http://127.0.0.1:11434/v1"
api_key_env = "OLLAMA_KEY"
"""


@pytest.fixture
def flow_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "flow.py"


def load(flow_file: Path, text: str | None = None, environment: str | None = None, **variables: str) -> Config:
    if text is not None:
        flow_file.with_name("skyloom.toml").write_text(text, encoding="utf-8")
    return load_config(flow_file, environment, variables)


def problems(flow_file: Path, text: str, environment: str | None = None) -> list[Diagnostic]:
    with pytest.raises(ConfigError) as caught:
        load(flow_file, text, environment)
    return list(caught.value.diagnostics)


# --- finding ----------------------------------------------------------------------------------------------------


def test_the_nearest_file_upward_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "skyloom.toml").write_text("")
    assert find_file(inner / "flow.py") == tmp_path / "skyloom.toml"
    (tmp_path / "a" / "skyloom.toml").write_text("")
    assert find_file(inner / "flow.py") == tmp_path / "a" / "skyloom.toml"


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a" / "skyloom.toml").mkdir(parents=True)
    (tmp_path / "skyloom.toml").write_text("")
    assert find_file(tmp_path / "a" / "flow.py") == tmp_path / "skyloom.toml"


def test_without_a_file_the_usual_aliases_are_offline(flow_file: Path) -> None:
    config = load(flow_file)
    assert (config.file, config.environment) == (None, "dev")
    for alias in ("fast", "smart"):
        assert resolve_model(config, alias) == ResolvedModel(alias=alias, provider="offline", kind="offline", model="")


@pytest.mark.parametrize("text", [None, "", "[models.aws]\nother = 'bedrock:x'\n"])
@pytest.mark.parametrize(
    ("alias", "hint"),
    [
        ("fsat", "did you mean `fast`? (known are fast, smart)"),
        ("gpt-5", 'known are fast, smart; add `gpt-5 = "provider:model"` to [models.local] of skyloom.toml'),
    ],
)
def test_no_other_alias_is_offline_by_itself(flow_file: Path, text: str | None, alias: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_model(load(flow_file, text), alias)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("SKY634", hint)
    assert resolve_model(load(flow_file, text, **{variable_of(alias): "offline"}), alias).provider == "offline"


def test_the_known_aliases_are_those_of_all_tables(flow_file: Path) -> None:
    assert known_aliases(flow_file) == {"fast", "smart"}
    load(flow_file, "[models.local]\none = 'offline'\n[environments.prod.models.aws]\ntwo = 'bedrock:x'\n")
    assert known_aliases(flow_file) == {"fast", "smart", "one", "two"}
    assert is_alias("three", known_aliases(flow_file), {"SKYLOOM_MODEL_THREE": "offline"})
    assert not is_alias("three", known_aliases(flow_file), {})


# --- choosing ---------------------------------------------------------------------------------------------------


def test_an_alias_with_a_provider_of_the_file(flow_file: Path) -> None:
    assert resolve_model(load(flow_file, EXAMPLE), "smart") == ResolvedModel(
        alias="smart",
        provider="ollama",
        kind="openai",
        model="llama3.2:3b",
        options={"base_url": "http://127.0.0.1:11434/v1", "api_key_env": "OLLAMA_KEY"},
    )


def test_an_environment_replaces_single_aliases(flow_file: Path) -> None:
    config = load(flow_file, EXAMPLE, "prod")
    assert config.environment == "prod"
    assert resolve_model(config, "smart").model == "gpt-5"
    assert resolve_model(config, "fast").provider == "offline"


def test_an_environment_replaces_single_options_of_a_provider(flow_file: Path) -> None:
    resolved = resolve_model(load(flow_file, EXAMPLE, "lab"), "smart")
    assert resolved.options == {"base_url": "http://10.0.0.7:11434/v1", "api_key_env": "OLLAMA_KEY"}


@pytest.mark.parametrize(
    ("given", "variables", "chosen"),
    [(None, {}, "dev"), (None, {"SKYLOOM_ENV": "prod"}, "prod"), ("lab", {"SKYLOOM_ENV": "prod"}, "lab")],
)
def test_who_names_the_environment(flow_file: Path, given: str | None, variables: dict[str, str], chosen: str) -> None:
    assert load(flow_file, EXAMPLE, given, **variables).environment == chosen


def test_fast_and_smart_need_no_entry(flow_file: Path) -> None:
    config = load(flow_file, '[models.local]\nsmart = "openai:gpt-5"\n')
    assert resolve_model(config, "fast").provider == "offline"
    assert resolve_model(config, "smart").provider == "openai"


def test_an_alias_that_is_not_configured(flow_file: Path) -> None:
    config = load(flow_file, '[models.local]\nsummary = "offline"\n')
    with pytest.raises(ConfigError) as caught:
        resolve_model(config, "sumary")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.render() == (
        "skyloom.toml:1:2: SKY634 no model `sumary` for the target `local` (environment `dev`)\n"
        "    1 | [models.local]\n"
        "      |  ^^^^^^^^^^^^\n"
        "hint: did you mean `summary`? (known are fast, smart, summary)"
    )


def test_a_target_without_models(flow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skyloom.flows.config.DEFAULT_MODELS", {"local": {"fast": "offline"}})
    with pytest.raises(ConfigError) as caught:
        resolve_model(load(flow_file, EXAMPLE), "fast", "azure")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == (
        "SKY634",
        'add `fast = "provider:model"` to [models.azure] of skyloom.toml',
    )


def test_a_variable_comes_before_the_file(flow_file: Path) -> None:
    config = load(flow_file, EXAMPLE, None, SKYLOOM_MODEL_FAST="ollama:phi4", SKYLOOM_MODEL_VERY_LONG="offline")
    assert resolve_model(config, "fast").model == "phi4"
    assert resolve_model(config, "very-long").provider == "offline"
    assert resolve_model(config, "fast", "aws").provider == "offline"


def test_a_variable_moves_a_provider(flow_file: Path) -> None:
    config = load(flow_file, EXAMPLE, None, SKYLOOM_OLLAMA_BASE_URL="http://127.0.0.1:9/v1")
    assert resolve_model(config, "smart").options["base_url"] == "http://127.0.0.1:9/v1"


def test_a_variable_that_is_no_model(flow_file: Path) -> None:
    config = load(flow_file, EXAMPLE, None, SKYLOOM_MODEL_FAST="olama:phi4")
    with pytest.raises(ConfigError) as caught:
        resolve_model(config, "fast")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "$SKYLOOM_MODEL_FAST: no provider `olama`"
    assert diagnostic.hint == "did you mean `ollama`?"


# --- adapters ---------------------------------------------------------------------------------------------------


def test_the_offline_adapter(flow_file: Path) -> None:
    assert isinstance(language_model(resolve_model(load(flow_file), "fast")), OfflineModel)


def test_the_openai_adapter(flow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_KEY", raising=False)
    model = language_model(resolve_model(load(flow_file, EXAMPLE), "smart"))
    assert isinstance(model, OpenAICompatibleModel)
    assert (model.base_url, model.provider) == ("http://127.0.0.1:11434/v1", "ollama")


# --- mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ('[model.local]\nfast = "offline"', "1:2: SKY631 unknown key `model`|did you mean `models`?"),
        ('[models.locl]\nfast = "offline"', "1:2: SKY631 no target `locl`|did you mean `local`?"),
        ('[models.local]\nfast = 3', '2:1: SKY632 `fast` must be a string, not a number|write "offline" or '
         '"provider:model"'),
        ('[models.local]\nfast = ""', '2:1: SKY632 `` names no model|write "offline" or "provider:model"'),
        ('[models.local]\nfast = "openai"', '2:1: SKY632 `openai` does not say which model|write "openai:MODEL"'),
        ('[models.local]\nfast = "openia:gpt-5"', "2:1: SKY635 no provider `openia`|did you mean `openai`?"),
        ('[models.local]\nfast = "offline:big"',
         '2:1: SKY632 the provider `offline` has no models to choose from|write "offline"'),
        ('[models]\nfast = "offline"',
         "2:1: SKY632 `fast` must be a table, not a string|write [models.local] above it"),
        ("models = 1", "1:1: SKY632 `models` must be a table, not a number|None"),
        ('[providers.x]\nkind = "opneai"', "2:1: SKY635 no kind of provider `opneai`|did you mean `openai`?"),
        ('[providers.x]\nbase_url = "http://h/v1"',
         '1:2: SKY635 the provider `x` has no kind|add kind = "openai"'),
        ('[providers.x]\nkind = "openai"\nbase_ulr = "http://h/v1"',
         "3:1: SKY631 a provider of kind `openai` has no option `base_ulr`|did you mean `base_url`?"),
        ('[providers.x]\nkind = "openai"\nbase_url = "localhost:80"',
         "3:1: SKY632 `localhost:80` is no http or https address|such as http://localhost:11434/v1"),
        ('[providers.x]\nkind = "openai"\napi_key_env = true',
         "3:1: SKY632 `api_key_env` must be a string, not a boolean|None"),
        ('[providers.foundry]\nresource = "/subscriptions/s"',
         "2:1: SKY632 `resource` says nothing about where to ask|add `endpoint`, or leave both out"),
        ('[providers.foundry]\nendpoint = "models"',
         "2:1: SKY632 `models` is no http or https address|such as http://localhost:11434/v1"),
        ('[environments.prod.model.local]\nfast = "offline"',
         "1:2: SKY631 unknown key `model`|did you mean `models`?"),
        ('[environments.prod.models.local]\nfast = "x:y"',
         "2:1: SKY635 no provider `x`|add [providers.x], or use one of: bedrock, foundry, offline, openai, vertex"),
        ('models.local.fast = "x:y"',
         "1:1: SKY635 no provider `x`|add [providers.x], or use one of: bedrock, foundry, offline, openai, vertex"),
        ('[models]\nlocal = {fast = "x:y"}',
         "2:1: SKY635 no provider `x`|add [providers.x], or use one of: bedrock, foundry, offline, openai, vertex"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place_and_a_hint(flow_file: Path, text: str, rendered: str) -> None:
    (found,) = problems(flow_file, text)
    assert found.span is not None
    assert f"{found.span.line}:{found.span.column}: {found.code} {found.message}|{found.hint}" == rendered
    assert (found.file, found.source) == ("skyloom.toml", text.splitlines()[found.span.line - 1])


def test_every_mistake_is_told_at_once(flow_file: Path) -> None:
    found = problems(flow_file, '[models.local]\nfast = 3\nsmart = "x:y"\n[other]\n')
    assert sorted(problem.code for problem in found) == ["SKY631", "SKY632", "SKY635"]


def test_mistakes_of_other_environments_are_told_too(flow_file: Path) -> None:
    (found,) = problems(flow_file, "[environments.prod.models.local]\nfast = 3\n", "dev")
    assert found.code == "SKY632"


def test_an_unknown_environment(flow_file: Path) -> None:
    (found,) = problems(flow_file, EXAMPLE, "prdo")
    assert (found.code, found.message, found.hint) == (
        "SKY633",
        "no environment `prdo`",
        "did you mean `prod`?",
    )


def test_an_environment_without_a_file(flow_file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(flow_file, None, "prod")
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("SKY633", "no environment `prod`: there is no skyloom.toml")


def test_an_environment_that_an_app_does_not_name(flow_file: Path) -> None:
    for known, hint in ((["prod"], "did you mean `prod`?"), ([], "name it in the app: App(..., environments={")):
        with pytest.raises(ConfigError) as caught:
            load_config(flow_file, "prdo", {}, known=known)
        (found,) = caught.value.diagnostics
        assert found.code == "SKY633"
        assert found.hint is not None and found.hint.startswith(hint)


def test_a_file_that_is_not_toml(flow_file: Path) -> None:
    (found,) = problems(flow_file, "[models.local]\nfast = offline\n")
    assert found.code == "SKY630"
    assert found.message.startswith("this is not TOML: ")
    assert found.span is not None
    assert (found.span.line, found.source) == (2, "fast = offline")


@pytest.mark.parametrize("text", ["[models", "a = [1,", 'a = "', "= 1", "\x00", "a = '''\n"])
def test_broken_toml_never_ends_in_a_traceback(flow_file: Path, text: str) -> None:
    (found,) = problems(flow_file, text)
    assert found.code == "SKY630"
    assert found.render()


def test_a_file_that_is_not_utf_8(flow_file: Path) -> None:
    flow_file.with_name("skyloom.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(ConfigError) as caught:
        load(flow_file)
    assert caught.value.diagnostics[0].code == "SKY630"


def test_a_byte_order_mark_is_no_mistake(flow_file: Path) -> None:
    config = load(flow_file, "\ufeff" + EXAMPLE)
    assert resolve_model(config, "smart").provider == "ollama"


@pytest.mark.parametrize("example", ["ticket_triage", "document_pipeline"])
def test_the_examples_files_are_right(example: str) -> None:
    folder = Path(__file__).parents[2] / "examples" / example
    assert resolve_model(load_config(folder, "dev", {}), "fast").provider == "offline"
    resolved = resolve_model(load_config(folder, "ollama", {}), "fast")
    assert (resolved.provider, resolved.model) == ("ollama", "llama3.2")
