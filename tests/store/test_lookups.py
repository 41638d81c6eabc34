"""Many names are looked up at once, and each finds what it would find alone."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.fitting import numbers_of
from bot.rules.naming import read_name
from bot.rules.sims import Sim, label_of
from bot.store import Store
from tests.store.test_sims import FULL, NOW, look, other

FLEET = [
    FULL,
    *(other(n) for n in range(30)),
    other(40, msisdn="+49 170 555-0040", custom=("Pump 7", None, None, None, None)),
    other(41, imei="35693803564380", custom=("pump 7", None, None, None, None)),
    other(42, imei="3569380356438047", custom=("２０４６", None, None, None, None)),
    replace(other(43), giccid="SIM-X43", iccid="8986040000000000439"),
    other(44, imsi="460040000000044", msisdn="460040000000045"),
    other(45, imsi="460040000000045"),
]
NAMES = [
    *(number for sim in FLEET for number in (sim.giccid, sim.iccid, sim.imsi, sim.msisdn, sim.imei) if number),
    *(number[:-1] for sim in FLEET[:8] for number in numbers_of(sim)),
    *(f"{sim.giccid[:6]} {sim.giccid[6:]}F" for sim in FLEET[:8]),
    *("Pump 7", "PUMP  7", "Berlin pump 12", "Berlin", "2046", "SIM-X43", "sim-x43", "00491705550040", "170 5550040"),
    *("35693803564380", "3569380356438", "nothing", "8949", "1", "000000", "999999999999999"),
]


async def test_names_of_all_kinds(store: Store):
    """Whatever a name is, a number in any form, a label or nothing, it finds the SIMs that are called exactly so."""
    await look(store, *FLEET)

    found = await store.lists.look_up([None, *map(read_name, NAMES)])

    assert found[0] == ()
    for typed, hits in zip(NAMES, found[1:], strict=True):
        alone = store.sims.named(read_name(typed), limit=50)
        exact = {hit.id for hit in alone if _is_called(hit.sim, hit.label, typed)}
        assert {hit.id for hit in hits} == exact, typed


def _is_called(sim: Sim, label: str, typed: str) -> bool:
    """Whether that is all of a number or of the label, and no piece."""
    named = read_name(typed)
    if named.text == read_name(label).text or sim.giccid == typed:
        return True
    if not set(named.numbers).isdisjoint(numbers_of(sim)):
        return True
    return named.device is not None and (sim.imei or "").startswith(named.device)


async def test_a_name_of_many(store: Store):
    """Of a name that many SIMs have some are found: enough to say that it is not one."""
    await look(store, *(other(n, custom=("same", None, None, None, None)) for n in range(60)))

    [hits] = await store.lists.look_up([read_name("SAME")])

    assert len(hits) == 20


async def test_names_twice(store: Store):
    """A name that stands twice finds its SIM twice, whatever stands between."""
    await look(store, *FLEET)
    names = [read_name(name) for name in (FULL.giccid, "nothing", "Pump 7", FULL.giccid)]

    found = await store.lists.look_up(names)

    assert found[0] == found[3]
    assert [hit.label for hit in found[0]] == [label_of(FULL, "custom1")]
    assert found[1] == ()
    assert len(found[2]) == 2
    assert found[0][0].seen_at == NOW
