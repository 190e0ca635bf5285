"""Signs the statement of a bundle, and reads such a signature: keyless, by Sigstore.

The identity is the one that the place where it runs vouches for (OpenID Connect: GitHub Actions, GitLab
CI, …). Keys are made for one signature, certified for ten minutes and thrown away by the library; cardlint
never sees one. What is signed is ``statement.json`` in a DSSE envelope (github.com/secure-systems-lab/dsse).
"""

from __future__ import annotations

from cardlint.errors import Malformed, Unreachable, UsageError

NAME = "statement.sigstore.json"
"""The signature's name in a bundle."""
_MISSING = UsageError("signatures need sigstore", remedy="pip install 'cardlint[sign]'")


def sign(statement: bytes) -> bytes:
    """Sign an in-toto statement with the identity of this place.

    Returns:
        A Sigstore bundle as JSON.

    Raises:
        UsageError: sigstore is not installed, or this place vouches for nobody.
        Unreachable: Sigstore did not answer.
    """
    try:
        from sigstore import dsse, models, oidc
        from sigstore.errors import Error
        from sigstore.sign import SigningContext
    except ImportError:
        raise _MISSING from None
    try:
        token = oidc.detect_credential()
        if token is None:
            raise UsageError(
                "there is no identity to sign with: no OpenID Connect credential is offered here",
                remedy="Sign in CI, with `permissions: id-token: write` on GitHub.",
            )
        context = SigningContext.from_trust_config(models.ClientTrustConfig.production())
        with context.signer(oidc.IdentityToken(token)) as signer:
            return str(signer.sign_dsse(dsse.Statement(statement)).to_json()).encode()
    except Error as error:  # its words are made for people
        raise Unreachable(f"Sigstore did not sign: {error}", remedy="Try again later.") from error


def signer_of(statement: bytes, signature: bytes) -> str:
    """Check a signature offline and say whose it is.

    Returns:
        The identity in the certificate.

    Raises:
        UsageError: sigstore is not installed.
        Malformed: it is no signature of this statement.
    """
    try:
        from cryptography.x509 import SubjectAlternativeName
        from sigstore.errors import Error
        from sigstore.models import Bundle
        from sigstore.verify import Verifier
        from sigstore.verify.policy import UnsafeNoOp
    except ImportError:
        raise _MISSING from None
    try:
        bundle = Bundle.from_json(signature)
        # Whoever signed it: the caller shows the name, and a person decides whether it is the right one.
        _, payload = Verifier.production(offline=True).verify_dsse(bundle, UnsafeNoOp())
        if payload != statement:
            raise Malformed("the signature is of another statement")
        names = bundle.signing_certificate.extensions.get_extension_for_class(
            SubjectAlternativeName
        )
        return ", ".join(str(name.value) for name in names.value)
    except (Error, ValueError, KeyError, TypeError) as error:
        raise Malformed(f"the signature does not hold: {error}") from error
