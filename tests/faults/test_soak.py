"""Rows 1 to 11, 13 to 18, 24 and 25, all at once: a random mix against both stores, and a soak that can fail.

``tests/faults/soak --seconds 3600`` does the same for longer. A failing run says which promise is broken, and its seed.
"""

import os
import random
import subprocess
import sys

import pytest

from tests.faults.ledger import Broken, Ledger, audit
from tests.server_process import PROJECT

SECONDS = float(os.environ.get("ROUTA_SOAK_SECONDS", "180"))
"""For both stores together."""


def soak(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.faults.soaking", *arguments]
    done = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout)
    return done


@pytest.mark.timeout(300 + 2 * SECONDS)
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_nothing_is_lost_and_all_converge_whatever_happens(store: str) -> None:
    seed = os.environ.get("ROUTA_SOAK_SEED", str(random.SystemRandom().randrange(1 << 32)))
    assert soak("--seconds", str(SECONDS / 2), "--seed", seed, "--store", store).returncode == 0, f"--seed {seed}"


def test_a_server_that_acknowledges_what_it_does_not_keep_is_found_out() -> None:
    found = soak(
        "--seconds", "60", "--seed", "7", "--store", "sqlite", "--server", "tests.faults.lying_server", "--calm"
    )
    assert found.returncode == 1
    assert "--seed 7: BROKEN: an acknowledged edit is a committed edit" in found.stdout


@pytest.fixture
def ledger() -> Ledger:
    """One word that is saved, one that is not known to be, one whose deletion is saved, and one whose is not."""
    made = Ledger("default/n")
    for word in ("<saved>", "<sent>", "<deleted>", "<leaving>"):
        made.wrote(word)
        if word != "<sent>":
            made.saved(word)
    made.deletes("<leaving>")
    made.deletes("<deleted>")
    made.deleted("<deleted>")
    return made


@pytest.mark.parametrize("text", ["<saved>", "<sent> <saved>", "<leaving><saved> and more", "<saved> <others>"])
def test_what_is_not_known_may_be_so_or_not(ledger: Ledger, text: str) -> None:
    audit([ledger], "default/n", text, "now")
    audit([ledger], "default/another", "", "now")


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("<sent>", "an acknowledged edit is a committed edit"),
        ("<sav ed>", "an acknowledged edit is a committed edit"),
        ("<saved> <deleted>", "an acknowledged deletion is a committed one"),
        ("<saved> <saved>", "every edit is merged once"),
    ],
)
def test_a_broken_promise_is_named(ledger: Ledger, text: str, promise: str) -> None:
    with pytest.raises(Broken, match=promise):
        audit([ledger], "default/n", text, "now")


def test_of_a_deleted_note_nothing_comes_back(ledger: Ledger) -> None:
    ledger.unsure = True
    audit([ledger], "default/n", "", "now")
    ledger.buried = True
    audit([ledger], "default/n", "<others>", "now")
    with pytest.raises(Broken, match="a deleted note stays deleted"):
        audit([ledger], "default/n", "<others> <sent>", "now")
