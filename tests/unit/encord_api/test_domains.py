"""A key signs for Encord's own addresses, a plain https host name, and nothing else."""

import pytest

from services.encord_api.domains import (
    ALLOWED_DOMAINS,
    DomainProblem,
    DomainReason,
    check_domain,
)


@pytest.mark.parametrize("domain", ALLOWED_DOMAINS.values())
def test_encords_own_are_known(domain: str) -> None:
    for spelling in (domain, domain + "/", f"  {domain.upper()}\n"):
        assert check_domain(spelling) == domain


def test_an_own_domain_is_taken_in_one_form() -> None:
    assert check_domain("https://API.Encord.Example.ORG:443/") == "https://api.encord.example.org"
    assert check_domain("https://encord.example.org:8443") == "https://encord.example.org:8443"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", DomainReason.EMPTY),
        ("   ", DomainReason.EMPTY),
        ("api.encord.com", DomainReason.NOT_HTTPS),
        ("http://api.encord.com", DomainReason.NOT_HTTPS),
        ("ftp://api.encord.com", DomainReason.NOT_HTTPS),
        ("https://", DomainReason.MALFORMED),
        ("https://api.encord.com/v2", DomainReason.MALFORMED),
        ("https://api.encord.com?x=1", DomainReason.MALFORMED),
        ("https://api.encord.com#x", DomainReason.MALFORMED),
        ("https://api.encord.com@evil.example.org", DomainReason.MALFORMED),
        ("https://evil\\@api.encord.com", DomainReason.MALFORMED),
        ("https://api.encord.com:0", DomainReason.MALFORMED),
        ("https://api.encord.com:65536", DomainReason.MALFORMED),
        ("https://api.encord.com:", DomainReason.MALFORMED),
        ("https://api..encord.com", DomainReason.MALFORMED),
        ("https://-api.encord.com", DomainReason.MALFORMED),
        ("https://api.encord.com\nHost: evil", DomainReason.MALFORMED),
        ("https://api.enc\u043erd.com", DomainReason.MALFORMED),
        ("https://localhost", DomainReason.MALFORMED),
        ("https://127.0.0.1", DomainReason.MALFORMED),
        ("https://2130706433", DomainReason.MALFORMED),
        ("https://169.254.169.254", DomainReason.MALFORMED),
        ("https://[::1]", DomainReason.MALFORMED),
        ("https://" + "a." * 130 + "org", DomainReason.MALFORMED),
        ("https://metadata.google.internal", DomainReason.LOCAL),
        ("https://printer.local", DomainReason.LOCAL),
        ("http://127.0.0.1:8600", DomainReason.NOT_HTTPS),
    ],
)
def test_everything_else_is_refused_with_a_reason(text: str, reason: DomainReason) -> None:
    with pytest.raises(DomainProblem) as caught:
        check_domain(text)
    assert caught.value.reason is reason
    assert str(caught.value) == reason.value


def test_loopback_is_for_the_sandbox_only() -> None:
    for url in ("http://127.0.0.1:8600", "http://localhost:8600", "http://[::1]:8600"):
        assert check_domain(url + "/", allow_loopback=True) == url
    for url in ("http://127.0.0.1.example.org", "http://127.0.0.2:80", "http://127.0.0.1:99999"):
        with pytest.raises(DomainProblem):
            check_domain(url, allow_loopback=True)
