from server.access import ANYBODY, Access, Grant, Identity


def somebody(*grants: Grant) -> Identity:
    return Identity("ann", grants)


def test_the_largest_grant_counts() -> None:
    ann = somebody(Grant("w", Access.READ), Grant("w", Access.WRITE, "n"), Grant("x", Access.ADMIN, "n"))
    assert ann.access_to("w") is Access.READ
    assert ann.access_to("w", "n") is Access.WRITE
    assert ann.access_to("w", "m") is Access.READ
    assert ann.access_to("x") is Access.NONE
    assert ann.access_to("x", "m") is Access.NONE
    assert ann.access_to("x", "n") is Access.ADMIN


def test_a_grant_for_everywhere_covers_every_workspace() -> None:
    assert ANYBODY.access_to("any", "note") is Access.ADMIN
    assert ANYBODY.workspaces is None
    assert somebody(Grant("*", Access.READ, "spec")).access_to("any", "spec") is Access.READ


def test_what_may_be_read_is_known_by_name() -> None:
    ann = somebody(
        Grant("w", Access.READ), Grant("x", Access.WRITE, "n"), Grant("x", Access.NONE, "m"), Grant("y", Access.NONE)
    )
    assert ann.workspaces == frozenset({"w"})
    assert ann.notes_in("x") == {"n"}
    assert ann.notes_in("w") == frozenset()
