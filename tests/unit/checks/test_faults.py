"""What the checks find of faults put into good translations, by kind: a floor under what they once found."""

from collections import defaultdict

from tests.unit.checks.faults import faults, good_pairs, is_found

FLOORS = {
    "negation": 0.6,
    "direction": 0.25,
    "sentence": 0.8,
    "clause": 0.7,
    "particle doubled": 0.9,
    "particles clash": 0.7,
    "word doubled": 0.85,
    "two objects": 0.5,
    "speaker": 0.8,
    "register": 0.5,
    "acronym": 0.7,
    "number": 0.8,
}
EACH = 20


def test_no_less_is_found_than_before() -> None:
    found: dict[str, list[bool]] = defaultdict(list)
    for fault in faults(good_pairs(), most=EACH):
        found[fault.kind].append(is_found(fault))
    shares = {kind: sum(found[kind]) / len(found[kind]) for kind in FLOORS}
    assert {kind: share for kind, share in shares.items() if share < FLOORS[kind]} == {}
