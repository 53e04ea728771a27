"""README's hook and README's receiver of webhooks work when they are pasted."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from server.clock import utc_now
from server.signature import Signer, key_of
from tests.packaging import checkout
from tests.server.receiver import SECRET
from tests.server_process import PROJECT, ServerProcess


@pytest.fixture
def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (checkout.ROOT / "README.md").read_text(), re.DOTALL)


@pytest.mark.timeout(60)
def test_the_pasted_hook_lets_in_whom_it_names(examples: list[str], tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text(examples[0])
    environment = {"PYTHONPATH": f"{PROJECT}:{tmp_path}", "ROUTA_AUTH": "on"}
    with ServerProcess(environment, data_dir=tmp_path / "data", arguments=["--hooks", "door"]) as server:
        ali = {"authorization": "Bearer open sesame"}
        assert httpx.get(f"{server.url}/api/notes", headers=ali).status_code == 200
        assert httpx.get(f"{server.url}/api/notes", headers={"authorization": "Bearer x"}).status_code == 401
        refused = httpx.get(f"{server.url}/api/notes", headers={"user-agent": "curl/8"})
        assert (refused.status_code, refused.json()) == (403, {"error": "Not with curl."})


def test_the_pasted_receiver_verifies(examples: list[str]) -> None:
    names: dict[str, Any] = {}
    exec(examples[1], names)
    received: Callable[..., object] = names["received"]
    body = b'{"type":"change"}'
    headers = Signer(key_of(SECRET)).headers("msg_1", utc_now(), body)
    assert received(SECRET, body, headers) == {"type": "change"}
    with pytest.raises(WebhookVerificationError):
        received(SECRET, b'{"type":"delete"}', headers)
