"""The identity platform: discovery, tokens for apps, how they prove who they are (item 30)."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.emulators import jws
from tests.emulators.clock import Clock
from tests.emulators.microsoft.options import Options
from tests.emulators.wire import Json, Reply, Request

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange"
TENANT = "11111111-2222-3333-4444-555555555555"
ROLES = frozenset(
    {
        "Calendars.ReadBasic.All",
        "Calendars.Read",
        "Calendars.ReadWrite",
        "MailboxSettings.Read",
        "Place.Read.All",
    }
)


@dataclass
class Certificate:
    """A certificate an app was registered with; `write` makes the one PEM of key and itself."""

    name: str
    content: x509.Certificate

    @classmethod
    def make(cls, name: str) -> "Certificate":
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        key = jws.key_of(f"certificate {name}")
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
            .sign(key, SHA256())
        )
        return cls(name, made)

    @property
    def thumbprints(self) -> dict[str, str]:
        """By the names of the header fields that carry them."""
        prints = {"x5t": SHA1(), "x5t#S256": SHA256()}
        return {name: jws.b64(self.content.fingerprint(kind)) for name, kind in prints.items()}

    def verify(self, assertion: str) -> bool:
        key = self.content.public_key()
        return isinstance(key, RSAPublicKey) and jws.verify(assertion, key)

    def write(self, path: Path, password: str = "") -> Path:
        key = jws.key_of(f"certificate {self.name}")
        lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        path.write_bytes(private + self.content.public_bytes(Encoding.PEM))
        return path


@dataclass
class Federation:
    """Somebody else's word an app was told to trust: an issuer and a subject."""

    issuer: str
    subject: str

    def token(self, **changed: object) -> str:
        """Write such a token, as a workload's file holds it."""
        head = {"kid": hashlib.sha256(self.issuer.encode()).hexdigest()[:8]}
        claims = {"iss": self.issuer, "sub": self.subject, "aud": EXCHANGE, "exp": 4102444800}
        return jws.write(jws.key_of(self.issuer), head, {**claims, **changed})


@dataclass
class AppRegistration:
    """An app of a tenant: how it proves itself, what an administrator let it do.

    `mailboxes` are those an access policy or a scoped role leaves it; None: all. Permissions are
    looked up when they are needed: a token tells nothing of them (item 1).
    """

    client_id: str
    tenant: str = TENANT
    secret: str = ""
    expired_secrets: set[str] = field(default_factory=set)
    certificates: list[Certificate] = field(default_factory=list)
    federations: list[Federation] = field(default_factory=list)
    roles: set[str] = field(default_factory=lambda: set(ROLES))
    mailboxes: set[str] | None = None

    def reaches(self, mailbox: str) -> bool:
        return self.mailboxes is None or mailbox.lower() in self.mailboxes


@dataclass(frozen=True)
class Token:
    app: str
    audience: str
    expires: datetime


class IdentityError(Exception):
    """An error of the token endpoint; `number` is that of AADSTS."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.number = status, error, number

    def reply(self, at: datetime | None = None, headers: dict[str, str] | None = None) -> Reply:
        trace, correlation = str(uuid4()), str(uuid4())
        when = f"{at or datetime(2027, 1, 1, tzinfo=UTC):%Y-%m-%d %H:%M:%SZ}"
        text = (
            f"AADSTS{self.number}: {self} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {when}"
        )
        body = {
            "error": self.error,
            "error_description": text,
            "error_codes": [self.number],
            "timestamp": when,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        return Reply.of(body, self.status, **(headers or {}))


class Identity:
    """Knows apps and tenants, answers discovery, gives out tokens."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options, self.clock = options, clock
        self.authority, self.graph = "", ""
        self.apps: dict[str, AppRegistration] = {}
        self.tokens: dict[str, Token] = {}
        self.resources: set[str] = set()
        """Audiences besides Graph that tokens are given out for."""
        self.managed: dict[str, str] = {}
        """Managed identities: name ("system" or a client id) -> client id of an app."""
        self.managed_secret = secrets.token_urlsafe(12)

    @property
    def tenants(self) -> set[str]:
        return {one.tenant.lower() for one in self.apps.values()}

    def revoke_all(self) -> None:
        """Make every token that was given out worthless."""
        self.tokens.clear()

    # Discovery

    def configuration(self, tenant: str) -> Reply:
        """Answer `/{tenant}/v2.0/.well-known/openid-configuration`."""
        self._check_tenant(tenant)
        root = f"{self.authority}/{tenant}"
        return Reply.of(
            {
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                ],
                "jwks_uri": f"{root}/discovery/v2.0/keys",
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "response_types_supported": ["code", "id_token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
                "msgraph_host": self.graph.partition("://")[2],
            }
        )

    def instances(self, request: Request) -> Reply:
        """Answer `/common/discovery/instance`: which hosts are one cloud."""
        wanted = request.query.get("authorization_endpoint", [""])[0]
        host = self.authority.partition("://")[2]
        if not wanted.startswith(f"https://{host}/"):
            return Reply.of({"error": "invalid_instance", "error_codes": [50049]}, 400)
        tenant = wanted.removeprefix(f"https://{host}/").partition("/")[0]
        names = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        return Reply.of(
            {
                "tenant_discovery_endpoint": f"{self.authority}/{tenant}/v2.0/"
                ".well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [names],
            }
        )

    # Tokens

    def exchange(self, request: Request, tenant: str) -> tuple[Reply, str]:
        """Answer a POST to the token endpoint; tell the app that got a token."""
        form = {name: texts[0] for name, texts in parse_qs(request.body.decode()).items()}
        try:
            self._check_tenant(tenant)
            app = self._app(form, tenant)
            audience = self._audience(form)
        except IdentityError as error:
            return error.reply(self.clock.now()), ""
        return Reply.of(self._bearer(app.client_id, audience)), app.client_id

    def _bearer(self, client: str, audience: str) -> Json:
        text = f"eyJ0eXAiOiJKV1Qi.{secrets.token_urlsafe(24)}"
        if self.options.roles_in_token:
            claims = {"aud": audience, "appid": client, "roles": sorted(self.apps[client].roles)}
            claims["uti"] = secrets.token_urlsafe(16)
            text = jws.write(jws.key_of("identity platform"), {}, claims)
        life = self.options.token_life
        self.tokens[text] = Token(client, audience, self.clock.now() + timedelta(seconds=life))
        body: Json = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life}
        if self.options.refresh_in is not None:
            body["refresh_in"] = self.options.refresh_in
        return {**body, "access_token": text}

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in self.tenants:
            message = f"Tenant '{tenant}' not found. Check to make sure you have the correct one."
            raise IdentityError(400, "invalid_request", 90002, message)

    def _app(self, form: dict[str, str], tenant: str) -> AppRegistration:
        if form.get("grant_type") != "client_credentials":
            message = "The app requested an unsupported grant type."
            raise IdentityError(400, "unsupported_grant_type", 70003, message)
        app = self.apps.get(form.get("client_id", ""))
        if app is None or app.tenant.lower() != tenant.lower():
            message = "Application with this identifier was not found in the directory."
            raise IdentityError(400, "unauthorized_client", 700016, message)
        if "client_assertion" in form:
            if form.get("client_assertion_type") != BEARER:
                raise IdentityError(400, "invalid_request", 900144, "Wrong assertion type.")
            self._check_assertion(app, form["client_assertion"], tenant)
        elif form.get("client_secret") in app.expired_secrets:
            raise IdentityError(401, "invalid_client", 7000222, "The secret has expired.")
        elif not app.secret or form.get("client_secret") != app.secret:
            raise IdentityError(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return app

    def _check_assertion(self, app: AppRegistration, text: str, tenant: str) -> None:
        """Verify a certificate's signature, or somebody else's, and what is claimed."""
        try:
            head, claims = jws.read(text)
        except ValueError:
            raise _bad_assertion("The assertion is not a token.", 50027) from None
        now = self.clock.now().timestamp()
        lives = isinstance(claims.get("exp"), int | float) and claims["exp"] > now
        if not lives or claims.get("nbf", 0) > now + 300:
            raise _bad_assertion("Client assertion is not within its valid time range.", 700024)
        if claims.get("iss") != app.client_id:
            _check_federated(app, text, claims)
            return
        root = f"{self.authority}/{tenant}"
        if claims.get("sub") != app.client_id or claims.get("aud") not in (
            f"{root}/oauth2/v2.0/token",
            f"{root}/v2.0",
        ):
            raise _bad_assertion("Client assertion audience claim does not match.", 700023)
        for one in app.certificates:
            prints = one.thumbprints.items()
            named = [name for name, value in prints if str(head.get(name)).rstrip("=") == value]
            if named and one.verify(text):
                return
        raise _bad_assertion("Client assertion failed signature validation.", 700027)

    def _audience(self, form: dict[str, str]) -> str:
        scope = form.get("scope", "")
        resource, dot, rest = scope.rpartition("/.default")
        if not dot or rest or " " in scope:
            message = f"The provided value for scope {scope} is not valid."
            raise IdentityError(400, "invalid_scope", 1002012, message)
        if resource != self.graph and resource not in self.resources:
            message = f"The resource principal named {resource} was not found in the tenant."
            raise IdentityError(400, "invalid_resource", 500011, message)
        return resource

    def managed_token(self, request: Request) -> tuple[Reply, str]:
        """Answer as the endpoint of a managed identity (App Service, 2019-08-01)."""
        query = {name: texts[0] for name, texts in request.query.items()}
        if request.headers.get("x-identity-header") != self.managed_secret:
            return Reply.of({"statusCode": 401, "message": "Unauthorized"}, 401), ""
        client = self.managed.get(query.get("client_id", "system"))
        if client is None or query.get("resource") != self.graph:
            return Reply.of({"statusCode": 400, "message": "No such identity."}, 400), ""
        bearer = self._bearer(client, self.graph)
        until = int(self.clock.now().timestamp()) + self.options.token_life
        body = {"expires_on": str(until), "resource": self.graph, "token_type": "Bearer"}
        return Reply.of({**body, "access_token": bearer["access_token"]}), client


def _check_federated(app: AppRegistration, text: str, claims: Json) -> None:
    for one in app.federations:
        if (one.issuer, one.subject) == (claims.get("iss"), claims.get("sub")):
            if claims.get("aud") != EXCHANGE:
                raise _bad_assertion("No matching federated identity audience.", 700212)
            if not jws.verify(text, jws.key_of(one.issuer).public_key()):
                raise _bad_assertion("Client assertion failed signature validation.", 700027)
            return
    message = "No matching federated identity record found for presented assertion."
    raise _bad_assertion(message, 700213)


def _bad_assertion(message: str, number: int) -> IdentityError:
    return IdentityError(401, "invalid_client", number, message)
