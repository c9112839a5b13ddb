"""Whose tokens the settings let in. Called by services.bootstrap."""

from infra.settings import Settings
from infra.tokens import ProvidedTokens, Provider


def read_tokens(settings: Settings) -> ProvidedTokens | None:
    """Give what reads the tokens of the chosen provider; None: no tokens are taken."""
    if not settings.oidc_issuer:
        return None
    return ProvidedTokens(
        Provider(
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            keys_at=settings.oidc_keys_url,
            subject=settings.oidc_subject,
            roles=settings.oidc_roles,
            groups=settings.oidc_groups,
            role_names=settings.oidc_role_names,
        )
    )
