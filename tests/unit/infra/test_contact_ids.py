"""One form for each phone number and e-mail address, however it is written."""

import pytest

from infra.contact_ids import normal_email, normal_phone
from infra.settings import SettingsError


@pytest.mark.parametrize(
    "written",
    [
        "+7 900 000-00-00",
        "8 (900) 000-00-00",
        " 79000000000",
        "9000000000",
        "tel:+7-900-000-00-00",
        "８９００ ０００ ００ ００",
    ],
)
def test_v2_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert normal_phone(written, "RU") == "+79000000000"


def test_a_number_without_plus_is_dialled_in_the_region() -> None:
    assert normal_phone("030 123456", "DE") == "+4930123456"
    assert normal_phone("030 123456", "RU") is None


def test_an_extension_is_another_line() -> None:
    assert normal_phone("8 900 000-00-00 ext. 12", "RU") == "+79000000000;12"


@pytest.mark.parametrize("written", [None, "", "  ", "0000000000", "112", "1", "call me", "+999 1"])
def test_what_nobody_can_have_names_nobody(written: str | None) -> None:
    assert normal_phone(written, "RU") is None


def test_a_region_that_is_no_country_is_named() -> None:
    with pytest.raises(SettingsError, match="ORDERPATH_PHONE_REGION: ZZ"):
        normal_phone("8 900 000-00-00", "ZZ")


def test_an_address_is_the_same_in_whatever_letters() -> None:
    assert normal_email(" Anna@Example.ORG ") == "anna@example.org"


@pytest.mark.parametrize("written", [None, "", " ", "@", "anna", "anna@", "@example.org"])
def test_what_is_no_address_names_nobody(written: str | None) -> None:
    assert normal_email(written) is None
