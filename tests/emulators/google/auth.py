"""Tokens: signed requests for them, delegation, and what a bearer may do (items 1-5)."""

import base64
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.emulators import jws
from tests.emulators.clock import Clock
from tests.emulators.google.errors import ApiError
from tests.emulators.google.schema import SCOPE, Method
from tests.emulators.wire import Json, Reply, Request
from tests.emulators.world import World

if TYPE_CHECKING:
    from tests.emulators.google.server import GoogleEmulator

AUDIENCE = "https://oauth2.googleapis.com/token"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = 3599
UNAUTHORIZED = (
    "Client is unauthorized to retrieve access tokens using this method, "
    "or client not authorized for any of the scopes requested."
)
SHORT_LIVED = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


@dataclass
class ServiceAccount:
    """`delegated` are the short names of scopes an administrator registered for its client id.

    None of them: it has no domain-wide delegation. `domains` are those of its administrator
    (none named: every one). `creators` may sign in its name (IAM).
    """

    email: str
    project: str = "slotfinder-test"
    delegated: set[str] = field(default_factory=set)
    creators: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)

    @property
    def key_id(self) -> str:
        return f"key-of-{self.email.partition('@')[0]}"

    def jwt(self, claims: Json) -> str:
        return jws.write(jws.key_of(self.email), {"kid": self.key_id}, claims)

    def key_file(self, token_uri: str) -> Json:
        """Give the JSON an administrator downloads, with another token endpoint."""
        pem = jws.key_of(self.email).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": self.key_id,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "103000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
        }


def service_account_file(
    path: Path, server: "GoogleEmulator", account: ServiceAccount | None = None
) -> Path:
    """Write the key file of a service account whose `token_uri` is the emulator's."""
    content = (account or server.account).key_file(server.token_uri)
    path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Token:
    """What a bearer token stands for; `scopes` are short names (`calendar.freebusy`)."""

    account: str
    subject: str
    scopes: frozenset[str]
    expires: datetime

    @property
    def who(self) -> str:
        """The identity that acts: `primary` is its calendar (item 4)."""
        return self.subject or self.account


class TokenError(Exception):
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error = status, error

    def reply(self) -> Reply:
        return Reply.of({"error": self.error, "error_description": str(self)}, self.status)


class Authority:
    """The token endpoint and the IAM signing methods."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock
        self.accounts: dict[str, ServiceAccount] = {}
        self.tokens: dict[str, Token] = {}

    def add(self, account: ServiceAccount) -> ServiceAccount:
        self.accounts[account.email] = account
        return account

    def revoke_all(self) -> None:
        """Make every token that was given out worthless."""
        self.tokens.clear()

    def exchange(self, request: Request) -> tuple[Reply, Token | None]:
        """Answer a POST to the token endpoint (item 1)."""
        form = {name: texts[0] for name, texts in parse_qs(request.body.decode()).items()}
        try:
            token = self._grant(self._claims(form))
        except TokenError as error:
            return error.reply(), None
        return Reply.of(self._bearer(token)), token

    def _bearer(self, token: Token) -> Json:
        text = f"ya29.{secrets.token_urlsafe(24)}"
        self.tokens[text] = token
        return {"access_token": text, "expires_in": LIFE, "token_type": "Bearer"}

    def _claims(self, form: dict[str, str]) -> Json:
        if form.get("grant_type") != BEARER:
            raise TokenError(400, "unsupported_grant_type", "Invalid grant_type.")
        text = form.get("assertion", "")
        try:
            header, content = jws.read(text)
            account = self.accounts.get(content["iss"])
        except (ValueError, KeyError):
            raise TokenError(400, "invalid_grant", "Bad Request") from None
        if account is None:
            raise TokenError(400, "invalid_grant", "Invalid grant: account not found")
        signed = jws.verify(text, jws.key_of(account.email).public_key())
        if header.get("alg") != "RS256" or not signed:
            raise TokenError(400, "invalid_grant", "Invalid JWT Signature.")
        return content

    def _grant(self, claims: Json) -> Token:
        account = self.accounts[claims["iss"]]
        if claims.get("aud") != AUDIENCE:
            raise TokenError(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        now = self.clock.now().timestamp()
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise TokenError(400, "invalid_grant", SHORT_LIVED)
        if expires - issued > 3600 or expires <= now or issued > now + 5:
            raise TokenError(400, "invalid_grant", SHORT_LIVED)
        scopes = str(claims.get("scope", "")).split()
        if not scopes or any(not one.startswith(SCOPE) for one in scopes):
            raise TokenError(
                400, "invalid_scope", "Invalid OAuth scope or ID token audience provided."
            )
        short = frozenset(one.removeprefix(SCOPE) for one in scopes)
        subject = str(claims.get("sub") or "").lower()
        if subject and subject != account.email:
            self._check_delegation(account, subject, short)
        return Token(
            account.email,
            "" if subject == account.email else subject,
            short,
            self.clock.now() + timedelta(seconds=LIFE),
        )

    def _check_delegation(
        self, account: ServiceAccount, subject: str, scopes: Collection[str]
    ) -> None:
        if not account.delegated or not set(scopes) <= account.delegated:
            raise TokenError(401, "unauthorized_client", UNAUTHORIZED)
        box = self.world.mailbox(subject)
        known = box is not None and box.provider == "google" and not box.room
        if box is None or not known or box.state == "suspended":
            raise TokenError(400, "invalid_grant", "Invalid email or User ID")
        if account.domains and box.domain not in account.domains:
            raise TokenError(401, "unauthorized_client", UNAUTHORIZED)

    def bearer(self, request: Request) -> Token:
        """Find what the Authorization header stands for (item 2)."""
        where = {"locationType": "header", "location": "Authorization"}
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if not text:
            raise ApiError(401, "required", "Login Required", **where)
        token = self.tokens.get(text)
        if kind != "Bearer" or token is None or token.expires <= self.clock.now():
            raise credentials_refused()
        return token

    def sign(self, request: Request, account: str, what: str) -> Reply:
        """Sign in an account's name, for those with the Token Creator role (keyless use)."""
        token = self.bearer(request)
        target = self.accounts.get(account)
        if "cloud-platform" not in token.scopes and "iam" not in token.scopes:
            raise scopes_refused("iamcredentials.googleapis.com", what)
        if target is None or token.who not in target.creators:
            message = (
                f"Permission 'iam.serviceAccounts.{what}' denied on resource (or it may not exist)."
            )
            raise ApiError(403, "forbidden", message, status="PERMISSION_DENIED")
        content = json.loads(request.body)
        if what == "signJwt":
            claims = json.loads(content["payload"])
            return Reply.of({"keyId": target.key_id, "signedJwt": target.jwt(claims)})
        signature = jws.sign(jws.key_of(account), base64.b64decode(content["payload"]))
        return Reply.of(
            {"keyId": target.key_id, "signedBlob": base64.b64encode(signature).decode()}
        )


def credentials_refused() -> ApiError:
    return ApiError(
        401,
        "authError",
        "Invalid Credentials",
        outer="Request had invalid authentication credentials. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
        location="Authorization",
        locationType="header",
        status="UNAUTHENTICATED",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
    )


def scopes_refused(service: str, method: str) -> ApiError:
    return ApiError(
        403,
        "insufficientPermissions",
        "Insufficient Permission",
        outer="Request had insufficient authentication scopes.",
        status="PERMISSION_DENIED",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
                "metadata": {"service": service, "method": method},
            }
        ],
    )


def check_scopes(token: Token, method: Method) -> None:
    """Refuse a token none of whose scopes the method accepts (item 3)."""
    if not token.scopes & method.scopes:
        *path, verb = method.id.split(".")
        api, resource = path[0], ".".join(one[:1].upper() + one[1:] for one in path[1:])
        service = "calendar-json" if api == "calendar" else "admin"
        name = f"{api}.v3.{resource}.{verb[:1].upper()}{verb[1:]}"
        raise scopes_refused(f"{service}.googleapis.com", name)


def check_subject(world: World, token: Token) -> None:
    """Refuse an identity without a calendar (item 5)."""
    box = world.mailbox(token.subject) if token.subject else None
    if box is not None and not box.has_calendar:
        message = "The user must be signed up for Google Calendar."
        raise ApiError(403, "notACalendarUser", message, "calendar")
