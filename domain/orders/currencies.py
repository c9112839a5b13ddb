"""Currencies of ISO 4217 with their minor units. Asked wherever amounts come in or go out as text.

A table of our own: no dependency brings one. It is what SIX published on 2026-01-01, without the
codes that have no minor unit (metals, XDR, tests), and with what was withdrawn since 1999, because
orders of those years are imported too.
"""

from typing import Annotated, Final

from pydantic import AfterValidator

from domain.hints import nearest
from domain.orders.money import Currency

_BY_DIGITS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
        CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
        LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
        PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
        ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# ISO no longer states their minor units: two digits hold every amount there was.
_WITHDRAWN: Final = """
    AFA ANG ATS AZM BEF BGL BGN BYB BYR CSD CUC CYP DEM ECS EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL
    LUF LVL MGF MRO MTL MZM NLG PTE ROL RUR SDD SIT SKK SLL SRG STD TMM TPE TRL VEB VEF YUM ZMK ZWD
    ZWL ZWN ZWR
"""
_USUAL_DIGITS: Final = 2
DIGITS: Final = dict.fromkeys(_WITHDRAWN.split(), _USUAL_DIGITS) | {
    code: digits for digits, codes in _BY_DIGITS.items() for code in codes.split()
}


def known_currency(code: str) -> str:
    """Give the code back. Raises: ValueError that says what to write, if ISO 4217 has none such."""
    if code in DIGITS:
        return code
    close = nearest(code[:8].upper(), DIGITS)
    advice = f"did you mean {close}?" if close else "write its code, as EUR"
    raise ValueError(f"{code[:64]!r} is no currency of ISO 4217: {advice}")


KnownCurrency = Annotated[Currency, AfterValidator(known_currency)]  # events take any shape


def digits_of(currency: str) -> int:
    """Give the decimals of a currency. One that we do not know has two: a log may hold it."""
    return DIGITS.get(currency, _USUAL_DIGITS)
