"""Rows 15, 16 and 18: well-formed updates that no editor writes, against guard, room, trial and reload."""

import os
import random

import pytest

from tests.faults.adversary import Adversary
from tests.faults.fuzzing import fuzz
from tests.faults.victim import Damaged, attack

CASES = 20_000


def test_no_made_up_case_ends_the_process_or_harms_a_note() -> None:
    first = int(os.environ.get("ROUTA_FUZZ_FIRST", random.SystemRandom().randrange(1 << 40)))
    print(f"ROUTA_FUZZ_FIRST={first} repeats this run")
    findings = fuzz(first, CASES)
    assert findings.wrong == {}, f"ROUTA_FUZZ_FIRST={first}"
    assert findings.damaged <= CASES // 2_000, f"ROUTA_FUZZ_FIRST={first}"
    assert findings.taken > CASES
    assert findings.sent - findings.taken > CASES


def test_a_case_comes_from_its_number_alone() -> None:
    assert Adversary(7).case() == Adversary(7).case() != Adversary(8).case()


def test_a_panic_in_the_native_core_is_a_refusal_and_told() -> None:
    with pytest.raises(Damaged):
        attack(Adversary(124_327_636_291).case())


def test_cases_that_once_did_harm_do_none() -> None:
    for number in (65, 103, 293, 617, 1187, 1241, 4208, 7936, 8114, 202289):
        attack(Adversary(number).case())
