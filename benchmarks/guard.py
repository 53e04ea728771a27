"""What the guard costs for each update, beside what the native core takes to apply it."""

import platform
import timeit

from pycrdt import Doc, Text

from crdt.document import Document

CLIENT = 3_735_928_559
WRITTEN = 20_000
"""Characters that are in the note already."""
REPEAT = 7


def updates() -> tuple[bytes, dict[str, bytes]]:
    """A note, and updates to it that each would be the next."""
    base: Doc[Text] = Doc(client_id=CLIENT)
    base.get("content", type=Text).insert(0, "x" * WRITTEN)
    state = base.get_update()

    def edited(edit: str) -> bytes:
        doc: Doc[Text] = Doc(client_id=CLIENT)
        doc.apply_update(state)
        text = doc.get("content", type=Text)
        before = doc.get_state()
        if edit == "a letter at the end":
            text += "a"
        elif edit == "a letter in the middle":
            text.insert(WRITTEN // 2, "a")
        elif edit == "a letter beyond ASCII":
            text += "é"
        elif edit == "a deletion":
            del text[5:6]
            return b"\x00" + doc.get_update(doc.get_state())[1:]
        elif edit == "a word made bold":
            text.format(10, 20, {"bold": True})
        else:
            text += "word " * 1_000
        return doc.get_update(before)

    kinds = (
        *("a letter at the end", "a letter in the middle", "a letter beyond ASCII"),
        *("a deletion", "a word made bold", "a paste of 5 kB"),
    )
    return state, {kind: edited(kind) for kind in kinds} | {"the whole note": state}


def microseconds(call: object, number: int) -> float:
    """The best of some rounds, for one call."""
    return min(timeit.repeat(call, number=number, repeat=REPEAT)) / number * 1e6  # type: ignore[arg-type]


def main() -> None:
    """Print one row a kind of update."""
    state, kinds = updates()
    document = Document(state)
    print(f"a note of {WRITTEN} characters, Python {platform.python_version()}\n")
    print("| update | bytes | guard µs | verdict |")
    print("| --- | --- | --- | --- |")
    for kind, update in kinds.items():
        cost = microseconds(lambda update=update: document.examine(update), 20_000)
        verdict = document.examine(update).unusual or "ordinary"
        print(f"| {kind} | {len(update)} | {cost:.2f} | {verdict} |", flush=True)


if __name__ == "__main__":
    main()
