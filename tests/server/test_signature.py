import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from server.clock import utc_now
from server.signature import Signer, key_of
from tests.server.receiver import SECRET

RAW = "b5Jm-wq8Zt2Rk4Hn6Vd0Pf3Lc7Xg9Sa1"


def test_the_published_library_signs_alike() -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    headers = Signer(key_of(SECRET)).headers("msg_1", moment, '{"a":"ü"}'.encode())
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1767268800",
        "webhook-signature": Webhook(SECRET).sign("msg_1", moment, '{"a":"ü"}'),
    }


@pytest.mark.parametrize(("secret", "given"), [(SECRET, SECRET), (RAW, RAW.encode())])
def test_the_published_library_verifies_it_and_notices_a_change(secret: str, given: str | bytes) -> None:
    headers = Signer(key_of(secret)).headers("msg_1", utc_now(), b'{"type":"change"}')
    assert Webhook(given).verify(b'{"type":"change"}', headers) == {"type": "change"}
    with pytest.raises(WebhookVerificationError):
        Webhook(given).verify(b'{"type":"delete"}', headers)


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("short", "its key has 5 bytes instead of 24 to 64"),
        ("whsec_" + base64.b64encode(bytes(range(23))).decode(), "its key has 23 bytes"),
        ("b5Jm-wq8Zt2Rk4Hn6" * 5, "its key has 85 bytes"),
        ("whsec_not base64!", "what follows whsec_ is not base64"),
        ("changeme-changeme-changeme-changeme", "it can be guessed"),
        ("your-webhook-secret-goes-here-0123456789", "it can be guessed"),
        ("abababababababababababababababab", "it can be guessed"),
        ("whsec_" + base64.b64encode(b"replace-this-with-a-real-one!").decode(), "it can be guessed"),
        ("whsec_" + base64.b64encode(bytes(32)).decode(), "it can be guessed"),
    ],
)
def test_what_is_no_secret_is_refused_without_quoting_it(secret: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        key_of(secret)
    assert secret not in str(error.value)
    assert "openssl rand -base64 32" in str(error.value)


def test_the_key_is_not_shown() -> None:
    assert repr(Signer(b"canary")) == "Signer()"
