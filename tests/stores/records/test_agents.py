from stores.records.agents import Agent, Agents


def test_every_column_has_its_field() -> None:
    assert set(Agent._fields) == set(Agents.table.c.keys())
