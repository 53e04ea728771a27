"""Rows 15, 16 and 18: well-formed updates that no editor writes, against guard, room, trial and reload.

The cases are the same each time; ``ROUTA_FUZZ_FIRST=$RANDOM$RANDOM scripts/test tests/faults/test_adversaries.py`` goes
through others.
"""

import os

from tests.faults.adversary import Adversary
from tests.faults.fuzzing import fuzz
from tests.faults.victim import attack

CASES = 20_000


def test_no_made_up_case_ends_the_process_or_harms_a_note() -> None:
    first = int(os.environ.get("ROUTA_FUZZ_FIRST", "1"))
    findings = fuzz(first, CASES)
    assert findings.wrong == {}, f"ROUTA_FUZZ_FIRST={first}"
    assert findings.damaged == 0, f"ROUTA_FUZZ_FIRST={first}"
    assert findings.taken > CASES
    assert findings.sent - findings.taken > CASES


def test_a_case_comes_from_its_number_alone() -> None:
    assert Adversary(7).case() == Adversary(7).case() != Adversary(8).case()


def test_cases_that_once_did_harm_do_none() -> None:
    for number in (65, 103, 293, 617, 1187, 1241, 4208, 7936, 8114, 202289, 124_327_636_291, 462_233_503_920):
        attack(Adversary(number).case())
