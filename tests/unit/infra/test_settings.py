"""Settings: defaults, and the sentence that a wrong one gets."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from infra.outlets import open_gates
from infra.settings import PREFIX, Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_variable_everything_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERPATH_DATA_DIR")

    settings = load_settings()

    assert (settings.database_url, settings.kafka) == ("", "")
    assert (settings.kafka_protocol, settings.kafka_ca_file) == ("plaintext", None)
    assert settings.kafka_prefix == "orderpath"
    assert (settings.batch_commands, settings.batch_events) == (256, 2_000)
    assert settings.cache_streams == 20_000
    assert settings.phone_region == "RU"
    assert (settings.public_topics, settings.public_personal) == (True, False)
    assert settings.data_dir.name == "orderpath"
    assert settings.data_dir.is_absolute()


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPATH_BATCH_COMMANDS", "")
    monkeypatch.setenv("ORDERPATH_DATA_DIR", "")

    settings = load_settings()

    assert settings.batch_commands == 256
    assert settings.data_dir.name == "orderpath"


def test_a_dotenv_file_is_read_and_the_environment_stands_above_it(
    monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    (empty_folder / ".env").write_text(
        "ORDERPATH_BATCH_EVENTS=7\nORDERPATH_LOG_LEVEL=debug\nPOSTGRES_PASSWORD=not-ours\n"
    )
    monkeypatch.setenv("ORDERPATH_LOG_LEVEL", "WARNING")

    settings = load_settings()

    assert (settings.batch_events, settings.log_level) == (7, "warning")


def test_a_dotenv_that_is_a_folder_is_named(empty_folder: Path) -> None:
    (empty_folder / ".env").mkdir()

    with pytest.raises(SettingsError, match=r"\.env is a folder: rename it"):
        load_settings()


def test_the_example_file_names_every_setting_and_gives_the_defaults(empty_folder: Path) -> None:
    defaults = load_settings()
    example = Path(__file__).parents[3] / ".env.example"

    (empty_folder / ".env").write_text(example.read_text())

    assert load_settings() == defaults
    named = {name for name in dotenv_values(example) if name.startswith(PREFIX)}
    assert named == {PREFIX + field.upper() for field in Settings.model_fields}


def test_a_data_folder_may_start_with_a_tilde_or_be_relative(
    monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    monkeypatch.setenv("ORDERPATH_DATA_DIR", "here")
    assert load_settings().data_dir == empty_folder / "here"

    monkeypatch.setenv("ORDERPATH_DATA_DIR", "~/there")
    assert load_settings().data_dir == Path.home() / "there"


def test_a_home_that_nobody_knows_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPATH_DATA_DIR", "~nobody-of-this-name/orders")

    with pytest.raises(SettingsError, match=r"ORDERPATH_DATA_DIR: .*~nobody-of-this-name"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ORDERPATH_BATCH_COMMANDS", "0", "from 1 to 1024"),
        ("ORDERPATH_BATCH_COMMANDS", "1025", "from 1 to 1024"),
        ("ORDERPATH_BATCH_COMMANDS", "many", "from 1 to 1024"),
        ("ORDERPATH_BATCH_EVENTS", "10001", "from 1 to 10000"),
        ("ORDERPATH_CACHE_STREAMS", "-1", "from 0 to 1000000"),
        ("ORDERPATH_PATIENCE_SECONDS", "601", "from 0 to 600"),
        ("ORDERPATH_PATIENCE_SECONDS", "nan", "from 0 to 600"),
        ("ORDERPATH_DATABASE_URL", "mysql://root@db/shop", "postgresql://user@host:port/database"),
        ("ORDERPATH_KAFKA", "broker", "host:port"),
        ("ORDERPATH_KAFKA_PREFIX", "Shop", "a-z, 0-9, ., _ and -"),
        ("ORDERPATH_KAFKA_PREFIX", ".shop", "a letter or a digit first"),
        ("ORDERPATH_KAFKA_PREFIX", "s" * 61, "up to 60"),
        ("ORDERPATH_KAFKA_PROTOCOL", "tls", "plaintext, ssl, sasl_plaintext, sasl_ssl"),
        ("ORDERPATH_KAFKA_MECHANISM", "GSSAPI", "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ("ORDERPATH_KAFKA_CA_FILE", "missing.pem", "certificates in PEM form"),
        ("ORDERPATH_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("ORDERPATH_LOG_FORMAT", "xml", "auto, console, json"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        load_settings()

    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert allowed in message
    assert (value in message) is (name != "ORDERPATH_DATABASE_URL")


def test_a_protocol_with_login_needs_a_user_and_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPATH_KAFKA_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("ORDERPATH_KAFKA_USER", "shop")

    with pytest.raises(SettingsError, match=r"sasl_ssl logs in: set .*_USER and .*_PASSWORD"):
        load_settings()

    monkeypatch.setenv("ORDERPATH_KAFKA_PASSWORD", "secret")
    settings = load_settings()
    assert settings.kafka_password.get_secret_value() == "secret"
    assert "secret" not in repr(settings)


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPATH_BATCH_COMMANDS", "0")
    monkeypatch.setenv("ORDERPATH_LOG_LEVEL", "loud")
    monkeypatch.setenv("ORDERPATH_BATCH_EVENT", "5")

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert len(str(caught.value).splitlines()) == 3


def test_an_unknown_variable_is_named_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORDERPATH_DATABSE_URL", "postgresql://db/orders")

    with pytest.raises(SettingsError, match=r"DATABSE_URL .* did you mean ORDERPATH_DATABASE_URL"):
        load_settings()


def test_an_unknown_name_in_the_dotenv_file_is_named_too(empty_folder: Path) -> None:
    (empty_folder / ".env").write_text("ORDERPATH_COLOUR=blue\n")

    with pytest.raises(SettingsError, match=r"ORDERPATH_COLOUR is no setting .* known are"):
        load_settings()


def test_a_dotenv_file_that_is_no_text_is_named(empty_folder: Path) -> None:
    (empty_folder / ".env").write_bytes(b"ORDERPATH_LOG_LEVEL=\xff\n")

    with pytest.raises(SettingsError, match=r"^\.env cannot be read as UTF-8 text"):
        load_settings()


def test_outlets_are_read_and_their_secrets_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "whsec_" + "c2VjcmV0" * 4
    monkeypatch.setenv("ORDERPATH_SMTP_URL", "smtps://shop:sesame@mail.example")
    monkeypatch.setenv("ORDERPATH_MAIL_FROM", "Shop <orders@shop.example>")
    monkeypatch.setenv(
        "ORDERPATH_WEBHOOKS", f'{{"erp": {{"url": "https://erp.example", "secret": "{secret}"}}}}'
    )
    monkeypatch.setenv("ORDERPATH_CONTACTS", '{"user:ann": ["ann@shop.example"]}')

    settings = load_settings()

    assert settings.webhooks["erp"].secret.get_secret_value() == secret
    assert settings.contacts == {"user:ann": ("ann@shop.example",)}
    assert (secret in repr(settings), "sesame" in repr(settings)) == (False, False)


def test_the_settings_name_the_outlets_that_they_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().outlets == ()
    monkeypatch.setenv("ORDERPATH_SMTP_URL", "smtps://mail.example")
    monkeypatch.setenv("ORDERPATH_MAIL_FROM", "orders@shop.example")
    monkeypatch.setenv("ORDERPATH_SMS_URL", "https://sms.example")
    monkeypatch.setenv("ORDERPATH_SMS_BODY", "{}")
    endpoint = f'{{"url": "https://erp.example", "secret": "whsec_{"c2VzYW1l" * 4}"}}'
    monkeypatch.setenv("ORDERPATH_WEBHOOKS", f'{{"erp": {endpoint}}}')

    settings = load_settings()

    assert [one.name for one in settings.outlets] == ["mail", "sms", "erp"]
    assert tuple(open_gates(settings)) == settings.outlets


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SMTP_URL", "https://shop:sesame@mail.example", "no address of a mail server"),
        ("SMTP_URL", "smtps://shop:sesame/1@mail.example", "/ as %2F"),
        ("SMTP_URL", "smtps://shop:sesame@mail.example:99999", "no address of a mail server"),
        ("SMTP_URL", "smtps://shop:sesame@mail..example", "no address of a mail server"),
        ("SMTP_URL", "smtp+plain://shop:sesame@mail.example", "would show a password"),
        ("SMTP_URL", "smtps://shop:sesame%C3%BC@mail.example", "ASCII only"),
        ("SMTP_URL", "smtps://shöp:sesame@mail.example", "ASCII only"),
        ("MAIL_FROM", "Shop, Inc. <orders@shop.example>", "is not one address"),
        ("WEBHOOKS", "{sesame", "is no JSON"),
        ("WEBHOOKS", '{"erp": {"url": "https://e.example", "secret": "sesame"}}', "too short"),
        ("WEBHOOKS", '{"mail": {"url": "https://e.example", "secret": "' + "sesame00" * 4 + '"}}',
         "an outlet of its own"),
        ("WEBHOOKS", '{"erp": {"url": "https://e.example:sesame", "secret": "'
         + "sesame00" * 4 + '"}}', "is no address"),
        ("SMS_URL", "https://shop:sesame@sms.example:x", "is no address"),
        ("SMS_URL", "https://shop:sesame@sms.example:99999", "is no address"),
        ("SMS_URL", "https://shop:sesame@:8080", "is no address"),
        ("SMS_URL", "https://shop:sesame@sms..example", "is no address"),
        ("SMS_URL", "https://shop:sesame@xn--", "is no address"),
        ("SMS_BODY", '{"key": "sesame"', "is no JSON"),
        ("SMS_HEADER", "Bearer sesame", "is no header"),
        ("SMS_HEADER", "Authorization: sesame ключ", "is no header"),
        ("CONTACTS", '{"usr:sesame": ["ann@shop.example"]}', "begins with user: or group:"),
        ("CONTACTS", '{"user:": ["sesame@shop.example"]}', "begins with user: or group:"),
        ("ZONE", "Europe/Nowhere", "is no time zone"),
        ("LANGUAGE", "English", "two small letters"),
    ],
)  # fmt: skip
def test_a_wrong_outlet_is_named_and_no_secret_is_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"ORDERPATH_{name}", value)

    with pytest.raises(SettingsError) as failed:
        load_settings()

    assert f"ORDERPATH_{name}" in str(failed.value)
    assert words in str(failed.value)
    assert "sesame" not in str(failed.value)


def test_an_outlet_that_is_half_set_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPATH_SMTP_URL", "smtps://mail.example")
    monkeypatch.setenv("ORDERPATH_SMS_URL", "https://sms.example")

    with pytest.raises(SettingsError, match=r"(?s)say from whom.*say what goes there"):
        load_settings()
