"""What editors on unmodified Yjs make of every shared type is ordinary: nothing of it waits for a trial."""

from base64 import b64decode

import pytest

from crdt import statevector
from crdt.document import Document
from crdt.updates import scan
from tests.interop.node import run_node


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_text_maps_lists_and_trees_of_yjs_are_ordinary(seed: int) -> None:
    made = await run_node("shapes.mjs", steps=400, seed=seed)
    sent, whole = [b64decode(update) for update in made["sent"]], b64decode(made["whole"])
    document = Document()
    for update in sent:
        examined = document.examine(update)
        assert examined.unusual is None
        document.take(examined.update, examined.seen)
    assert len(sent) > 200
    assert document.waiting is None
    assert statevector.decode(document.state_vector()) == scan(whole, {}).ends
    assert document.examine(whole).unusual is None
    assert Document().examine(whole).unusual is None
